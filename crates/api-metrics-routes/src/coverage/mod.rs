//! Coverage of the API: what its OpenAPI document offers, beside what is called.

mod compare;
#[cfg(test)]
mod examples;
mod route;

use crate::{auth::Access::Operate, openapi::route, router::RouteTable};

/// Declares the route of this module. Only where the host has handed over a document.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table.documented(
        Operate,
        route!(GET "/api-metrics/coverage" => route::coverage),
    )
}
