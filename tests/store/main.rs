//! The contract of a store, proven on real databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

mod clickhouse;
mod collector;
mod conformance;
mod damage;
mod events;
mod floors;
mod headers;
mod imports;
mod ingest;
mod jobs;
mod lifecycle;
mod many;
mod moved;
mod request_log;
mod row_security;
mod scopes;
mod series;
mod side_by_side;
mod snapshots;
mod sql;
mod units;
mod unresolved;
mod versions;

pub(crate) use api_metrics_tests::harness;
