//! The layer through real servers over sockets: one request, one record, every field.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

mod auto_traits;
mod bounds;
mod calls;
mod clocks;
mod ended_bodies;
mod endings;
mod extractors;
mod grpc;
mod http;
mod in_process;
mod keys;
mod long_lived;
mod neighbours;
mod nested;
mod queues;
mod refused;
mod request_log;
mod request_log_lines;
mod request_log_places;
mod routers;
mod snapshots;
mod stacks;
mod units;
