//! The API itself: a folder per concern would be too much, a file is right.

mod events;
mod flaky;
mod orders;
mod reports;
mod teams;
mod users;

pub(crate) use users::USERS;

use std::sync::Arc;

use axum::{Router, middleware, routing::get};
use tokio_util::sync::CancellationToken;

use crate::auth;

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
    Router::new().nest("/api", api).with_state(state)
}
