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
#[cfg(test)]
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

use crate::{auth::Access::Read, openapi::route, router::RouteTable};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, route!(GET "/api-metrics" => series::series))
        .documented(Read, route!(POST "/api-metrics/query" => query::query))
        .documented(Read, route!(GET "/api-metrics/summary" => summary::summary))
        .documented(
            Read,
            route!(GET "/api-metrics/endpoints" => endpoints::endpoints),
        )
        .documented(
            Read,
            route!(GET "/api-metrics/dependencies" => dependencies::dependencies),
        )
        .documented(Read, route!(GET "/api-metrics/keys" => keys::keys))
        .documented(Read, route!(GET "/api-metrics/heatmap" => heatmap::heatmap))
        .documented(
            Read,
            route!(GET "/api-metrics/top-consumers" => top_consumers::top_consumers),
        )
        .documented(
            Read,
            route!(GET "/api-metrics/endpoint-consumers" => endpoint_consumers::endpoint_consumers),
        )
        .documented(Read, route!(GET "/api-metrics/daily" => daily::daily))
        .documented(
            Read,
            route!(GET "/api-metrics/realtime" => realtime::realtime),
        )
        .documented(Read, route!(GET "/api-metrics/export" => export::export))
        .documented(Read, route!(GET "/api-metrics/stream" => realtime::stream))
}
