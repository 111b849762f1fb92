//! What the service has served: totals, rows over time, lists, heatmaps, exports and live numbers.
//!
//! All handlers have the same form: parameters are validated by their struct, the answer is looked
//! up in the cache, and computed from one snapshot of the store where it is not there. Every answer
//! says which range it covers and when its snapshot was taken.

mod consumer;
mod daily;
mod dependencies;
pub(crate) mod endpoint_consumers;
pub(crate) mod endpoints;
mod examples;
mod export;
mod heatmap;
mod keys;
mod query;
mod realtime;
mod series;
mod snapshot;
pub(crate) mod summary;
pub(crate) mod top_consumers;

use utoipa_axum::routes;

use crate::{auth::Access::Read, router::RouteTable};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, routes!(series::series))
        .documented(Read, routes!(query::query))
        .documented(Read, routes!(summary::summary))
        .documented(Read, routes!(endpoints::endpoints))
        .documented(Read, routes!(dependencies::dependencies))
        .documented(Read, routes!(keys::keys))
        .documented(Read, routes!(heatmap::heatmap))
        .documented(Read, routes!(top_consumers::top_consumers))
        .documented(Read, routes!(endpoint_consumers::endpoint_consumers))
        .documented(Read, routes!(daily::daily))
        .documented(Read, routes!(realtime::realtime))
        .documented(Read, routes!(export::export))
        .documented(Read, routes!(realtime::stream))
}
