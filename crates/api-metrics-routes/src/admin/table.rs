//! Which routes the admin has, and its OpenAPI document.
//!
//! Each module declares its own routes with who may use them; the order here is the order of the
//! document. `tests.rs` repeats the whole table, so that nobody adds a route without deciding on
//! its access.

use std::sync::Arc;

use axum::{Router, routing::get};
use http::Method;

#[cfg(feature = "control")]
use crate::control;
#[cfg(feature = "mcp")]
use crate::mcp;
use crate::{
    auth::{Access::Open, Throttle},
    coverage, metrics, openapi, ops, requests,
    router::{App, Declared, RouteTable},
    ui,
};

/// All routes of the admin. The routes of the control plane are there only where the store has one.
pub(super) fn build(
    app: &App,
    throttle: Arc<Throttle>,
    with_page: bool,
) -> (Router, Vec<Declared>) {
    let table = RouteTable::new(app.clone(), "admin", throttle, openapi::admin());
    let table = metrics::routes(table);
    let table = if app.documents.is_empty() {
        table
    } else {
        coverage::routes(table)
    };
    #[cfg(feature = "control")]
    let table = if app.client.has_control() {
        control::routes(table)
    } else {
        table
    };
    let table = if app.client.has_requests() {
        requests::routes(table)
    } else {
        table
    };
    #[cfg(feature = "ingest")]
    let table = if app.ingest.is_some() {
        control::ingest::routes(table)
    } else {
        table
    };
    #[cfg(feature = "mcp")]
    let table = mcp::routes(table, app);
    let table = ops::routes(table);
    let table = ui::routes(table, with_page);
    let document = openapi::Document::default();
    let slot = document.clone();
    let (router, written, declared) = table
        .hidden(
            Open,
            &[Method::GET],
            "/openapi.json",
            get(move |headers| async move { slot.response(&headers) }),
        )
        .build();
    document.set(&written);
    (router, declared)
}
