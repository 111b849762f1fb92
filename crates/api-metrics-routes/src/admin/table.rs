//! Which routes the admin has, and its OpenAPI document.
//!
//! Each module declares its own routes with who may use them; the order here is the order of the
//! document. `tests.rs` repeats the whole table, so that nobody adds a route without deciding on
//! its access.

use std::sync::Arc;

#[cfg(feature = "control")]
use crate::control;
#[cfg(feature = "mcp")]
use crate::mcp;
use crate::{
    auth::Throttle,
    coverage, metrics,
    openapi::Api,
    ops, requests,
    router::{App, RouteTable, Routes},
    ui,
};

/// All routes of the admin. The routes of the control plane are there only where the store has one.
pub(super) fn build(app: &App, throttle: Arc<Throttle>, with_page: bool) -> Routes {
    let table = RouteTable::new(app.clone(), Api::Admin, throttle);
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
    ui::routes(table, with_page).build()
}
