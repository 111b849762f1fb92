//! How api-metrics itself is doing: its status, health probes, and Prometheus.
//!
//! The status is for people, the probes for orchestrators, the text for Prometheus. All three
//! answer while the store does not.

#[cfg(test)]
mod examples;
mod hints;
mod probes;
mod prometheus;
pub(crate) mod status;

use crate::{
    auth::Access::{Open, Operate},
    openapi::route,
    router::RouteTable,
};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, route!(GET "/api-status" => status::status))
        .documented(Operate, route!(GET "/metrics" => prometheus::metrics))
        .documented(Open, route!(GET "/health/live" => probes::live))
        .documented(Open, route!(GET "/health/ready" => probes::ready))
}
