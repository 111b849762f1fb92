//! Coverage of the API: what its OpenAPI document offers, beside what is called.

mod compare;
mod examples;
mod route;

use utoipa_axum::routes;

use crate::{auth::Access::Operate, router::RouteTable};

/// Declares the route of this module. Only where the host has handed over a document.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table.documented(Operate, routes!(route::coverage))
}
