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

use axum::{Router, routing::get};
use http::Method;
use utoipa_axum::routes;

use crate::{
    auth::{
        Access::{Open, Read},
        Throttle,
    },
    openapi,
    router::{App, RouteTable},
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
    router: Router,
    /// Every route with who may use it.
    #[cfg(test)]
    declared: std::sync::Arc<[crate::router::Declared]>,
}

impl Console {
    /// Builds the router; `throttle` bounds how often a principal asks.
    pub(crate) fn new(app: &App, throttle: Throttle) -> Self {
        let document = openapi::Document::default();
        let slot = document.clone();
        let table = RouteTable::new(
            app.clone(),
            "console",
            Arc::new(throttle),
            openapi::console(),
        )
        .documented(Read, routes!(summary::get_summary))
        .documented(Read, routes!(endpoints::get_endpoints))
        .documented(Read, routes!(summary::get_stream));
        #[cfg(feature = "control")]
        let table = if app.client.has_control() {
            table
                .documented(Read, routes!(quota::get_quota))
                .documented(Read, routes!(billing::get_billing))
        } else {
            table
        };
        let table = if app.client.has_requests() {
            table
                .documented(Read, routes!(requests::get_requests))
                .documented(Read, routes!(requests::get_request))
        } else {
            table
        };
        let (router, written, _declared) = table
            .hidden(
                Open,
                &[Method::GET],
                "/openapi.json",
                get(move |headers| async move { slot.response(&headers) }),
            )
            .build();
        document.set(&written);
        Self {
            router,
            #[cfg(test)]
            declared: _declared.into(),
        }
    }

    /// The routes, to be mounted by [`Router::nest_service`]: `summary`, `endpoints`, `stream`,
    /// `openapi.json`, with the control plane `quota` and `billing`, and with a request log `requests`.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Every route with who may use it, for tests.
    #[cfg(test)]
    pub(crate) fn declared(&self) -> &[crate::router::Declared] {
        &self.declared
    }
}
