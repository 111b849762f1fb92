//! The API itself: a folder per concern would be too much, a file is right.

mod events;
mod flaky;
mod orders;
mod reports;
mod teams;
mod users;

pub(crate) use users::USERS;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio_util::sync::CancellationToken;

use crate::auth;

/// What a handler gets to finish after the service was told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct AppState {
    orders: Arc<orders::Orders>,
    /// Ends streams that would otherwise outlive the service.
    stopping: CancellationToken,
}

/// All routes, behind the demo's own authentication.
pub(crate) fn router(stopping: CancellationToken) -> Router {
    let state = AppState {
        orders: Arc::default(),
        stopping,
    };
    let api = Router::new()
        .route("/users/{id}", get(users::one))
        .route("/orders", get(orders::list).post(orders::create))
        .route("/reports/{year}", get(reports::of_year))
        .route("/flaky", get(flaky::flaky))
        .route("/events", get(events::events))
        .nest("/teams/{team}", teams::router())
        // Only for routes that exist: an unknown path is 404 for everyone.
        .route_layer(middleware::from_fn(auth::identify));
    let stopping = state.stopping.clone();
    Router::new()
        .nest("/api", api)
        .with_state(state)
        .layer(middleware::from_fn(move |request, next| {
            in_time(stopping.clone(), request, next)
        }))
}

/// Answers 503 for a handler that is not done shortly after the service was told to stop, say
/// because its client sent half a body: a request that never ends would never be counted.
async fn in_time(stopping: CancellationToken, request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = async { stopping.cancelled().await; tokio::time::sleep(GRACE).await } => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
