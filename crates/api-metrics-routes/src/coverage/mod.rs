//! Coverage of the API: what its OpenAPI document offers, beside what is called.

mod compare;
mod document;
mod examples;
mod route;
mod template;

use utoipa_axum::routes;

pub use self::document::{OpenApiDocument, OpenApiError};
use crate::{auth::Access::Operate, router::RouteTable};

/// Declares the route of this module. Only where the host has handed over a document.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table.documented(Operate, routes!(route::coverage))
}
