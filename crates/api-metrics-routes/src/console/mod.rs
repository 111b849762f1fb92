//! The console: a consumer of the API sees its own usage, in bare shapes with zeros for nothing.
//!
//! Shapes differ from the admin's on purpose: they are those that a consumer's page expects. Rates
//! and averages without a request are 0, and response times are whole milliseconds.

#[cfg(feature = "control")]
mod billing;
mod endpoints;
mod period;
#[cfg(feature = "control")]
mod quota;
mod requests;
mod summary;

use std::sync::Arc;

use axum::Router;

use crate::{
    auth::{Access::Read, Throttle},
    openapi::{Api, route},
    router::{App, RouteTable, Routes},
};

/// The routes for consumers. Every principal sees its own keys; a tenant's manager and developer
/// see the tenant's, an admin sees all.
///
/// ```
/// # async fn example(admin: api_metrics_routes::Admin) {
/// let app: axum::Router = axum::Router::new()
///     .nest_service("/api/v2/console/metrics", admin.console().router());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Console {
    /// The routes.
    routes: Routes,
}

impl Console {
    /// Builds the router; `throttle` bounds how often a principal asks.
    pub(crate) fn new(app: &App, throttle: Throttle) -> Self {
        let table = RouteTable::new(app.clone(), Api::Console, Arc::new(throttle))
            .documented(Read, route!(GET "/summary" => summary::get_summary))
            .documented(Read, route!(GET "/endpoints" => endpoints::get_endpoints))
            .documented(Read, route!(GET "/stream" => summary::get_stream));
        #[cfg(feature = "control")]
        let table = if app.client.has_control() {
            table
                .documented(Read, route!(GET "/quota" => quota::get_quota))
                .documented(Read, route!(GET "/billing" => billing::get_billing))
        } else {
            table
        };
        let table = if app.client.has_requests() {
            table
                .documented(Read, route!(GET "/requests" => requests::get_requests))
                .documented(Read, route!(GET "/requests/{id}" => requests::get_request))
        } else {
            table
        };
        Self {
            routes: table.build(),
        }
    }

    /// The routes, to be mounted by [`Router::nest_service`]: `summary`, `endpoints`, `stream`,
    /// `openapi.json`, with the control plane `quota` and `billing`, and with a request log `requests`.
    pub fn router(&self) -> Router {
        self.routes.router.clone()
    }

    /// The routes with who may use them, for tests.
    #[cfg(test)]
    pub(crate) const fn routes(&self) -> &Routes {
        &self.routes
    }
}
