//! How api-metrics itself is doing: its status, health probes, and Prometheus.
//!
//! The status is for people, the probes for orchestrators, the text for Prometheus. All three
//! answer while the store does not.

mod hints;
mod probes;
mod prometheus;
pub(crate) mod status;

use utoipa_axum::routes;

use crate::{
    auth::Access::{Open, Operate},
    router::RouteTable,
};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, routes!(status::status))
        .documented(Operate, routes!(prometheus::metrics))
        .documented(Open, routes!(probes::live))
        .documented(Open, routes!(probes::ready))
}
