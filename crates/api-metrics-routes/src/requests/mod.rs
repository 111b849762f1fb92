//! `/api-requests`: the log of requests. Single requests, the groups of their errors, an export, and their
//! erasure.
//!
//! The routes are there only where the admin was built with a store that keeps a log. Tenants and consumers see
//! the requests of their own keys, and no hashes of addresses.

mod asked;
mod erase;
mod examples;
mod export;
mod groups;
mod list;
mod view;

use utoipa_axum::routes;

use crate::{
    auth::Access::{Operate, Read},
    router::RouteTable,
};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, routes!(list::list))
        .documented(Operate, routes!(erase::erase))
        .documented(Read, routes!(groups::groups))
        .documented(Read, routes!(export::export))
        .documented(Read, routes!(list::one))
}
