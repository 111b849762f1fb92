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

use crate::{auth::Access::Operate, openapi::route, router::RouteTable};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, route!(GET "/ingest-tokens" => tokens::list))
        .documented(Operate, route!(POST "/ingest-tokens" => tokens::create))
        .documented(
            Operate,
            route!(DELETE "/ingest-tokens/{id}" => tokens::revoke),
        )
        .documented(
            Operate,
            route!(GET "/ingest-dead-letters" => dead_letters::list),
        )
        .documented(
            Operate,
            route!(DELETE "/ingest-dead-letters/{id}" => dead_letters::delete),
        )
        .documented(
            Operate,
            route!(POST "/ingest-dead-letters/{id}/retry" => dead_letters::retry),
        )
}
