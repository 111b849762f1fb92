//! What admins do about ingest: tokens of writers, and items that were refused.
//!
//! For admins alone: a service's numbers are no tenant's own, and a refused item may hold anything that
//! somebody has sent.
//!
//! | file | what it does |
//! |---|---|
//! | `tokens` | `/ingest-tokens`: who may report, and for which service |
//! | `dead_letters` | `/ingest-dead-letters`: looked at, tried again, deleted |

mod dead_letters;
mod tokens;

use utoipa_axum::routes;

use crate::{auth::Access::Operate, router::RouteTable};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, routes!(tokens::list, tokens::create))
        .documented(Operate, routes!(tokens::revoke))
        .documented(Operate, routes!(dead_letters::list))
        .documented(Operate, routes!(dead_letters::delete))
        .documented(Operate, routes!(dead_letters::retry))
}
