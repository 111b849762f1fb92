//! What stands in front of every closed route: who is it, may it, and how often.
//!
//! Each route has one, with the route's own [`Access`]. Open routes pass through without a look at
//! the request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Access, Authenticator, Throttle};
use crate::response::{Kind, Problem};

/// Checks the callers of one route.
#[derive(Debug, Clone)]
pub(crate) struct AuthMiddleware {
    /// Finds out who asks.
    authenticator: Arc<Authenticator>,
    /// Bounds how often each principal asks.
    throttle: Arc<Throttle>,
    /// Which roles may use the route.
    access: Access,
}

impl AuthMiddleware {
    /// Admits those callers that `authenticator` knows, `access` admits and `throttle` has not
    /// refused.
    pub(crate) const fn new(
        authenticator: Arc<Authenticator>,
        throttle: Arc<Throttle>,
        access: Access,
    ) -> Self {
        Self {
            authenticator,
            throttle,
            access,
        }
    }

    /// Lets a request pass to its route with its [`Caller`](super::Caller), or answers in its place.
    /// Nothing of the request but its method and headers has been looked at before.
    pub(crate) async fn check(
        State(this): State<Self>,
        mut request: Request,
        next: Next,
    ) -> Response {
        if this.access == Access::Open {
            return next.run(request).await;
        }
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let authenticated =
            this.authenticator
                .authenticate(&method, &headers, request.extensions());
        let caller = match authenticated.await {
            Ok(caller) => caller,
            Err(problem) => return problem.into_response(),
        };
        let verdict = this.throttle.check(&caller, &method);
        let mut response = if let Some(problem) = verdict.refusal() {
            problem.into_response()
        } else if this.access.admits(caller.principal.role) {
            request.extensions_mut().insert(caller);
            next.run(request).await
        } else {
            Problem::new(Kind::Forbidden, "this role may not ask for this").into_response()
        };
        verdict.write(response.headers_mut());
        response
    }
}
