//! `/api-requests`: the log of requests. Single requests, the groups of their errors, an export, and their
//! erasure.
//!
//! The routes are there only where the admin was built with a store that keeps a log. Tenants and consumers see
//! the requests of their own keys, without what is for admins, and no events.
//!
//! | file | what it does |
//! |---|---|
//! | `selection` | the filters that all of them take |
//! | `list` | pages of requests, and one request |
//! | `countries` | where requests come from, exactly |
//! | `curl` | a request as a command |
//! | `snapshot` | what a request carried |
//! | `replay` | a request once more, and what differs |
//! | `groups` | errors that are one |
//! | `export` | a range as a file, page by page |
//! | `search` | by words, by likeness, or by both |
//! | `stream` | the log as it arrives |
//! | `status` | how much was kept and dropped |
//! | `erase` | forgets a key, a user or an address |
//! | `view` | a request as a caller may see it |
//!
//! Answers are not cached: each is a page of narrow rows found by an index, and a log that is read is mostly read
//! to its end, where every answer is another.

mod countries;
mod curl;
mod erase;
#[cfg(test)]
pub(crate) mod examples;
mod export;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod search;
mod selection;
mod snapshot;
mod status;
mod stream;
pub(crate) mod view;

use crate::{
    auth::Access::{Operate, Read},
    openapi::route,
    router::RouteTable,
};

/// Declares the routes of this module. Reading is for every principal, within its scope; what erases is for admins,
/// because a user or an address belongs to no tenant.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, route!(GET "/api-requests" => list::list))
        .documented(Operate, route!(DELETE "/api-requests" => erase::erase))
        .documented(Read, route!(GET "/api-requests/groups" => groups::groups))
        .documented(Read, route!(GET "/api-requests/export" => export::export))
        .documented(Read, route!(GET "/api-requests/search" => search::search))
        .documented(
            Operate,
            route!(GET "/api-requests/status" => status::status),
        )
        .documented(
            Operate,
            route!(GET "/api-requests/countries" => countries::countries),
        )
        .documented(Read, route!(GET "/api-requests/stream" => stream::stream))
        .documented(Read, route!(GET "/api-requests/{id}" => list::one))
        .documented(Read, route!(GET "/api-requests/{id}/curl" => curl::curl))
        .documented(
            Operate,
            route!(GET "/api-requests/{id}/snapshot" => snapshot::snapshot),
        )
        .documented(
            Operate,
            route!(POST "/api-requests/{id}/replay" => replay::replay),
        )
}
