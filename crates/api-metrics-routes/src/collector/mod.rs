//! The collector: commands, agents, sessions and named numbers of users, reported and read in shapes of their own.
//!
//! Members are in snake_case, here and only here, but for one of three answers that other programs know. What is
//! reported is counted by [ingest](crate::Ingest): in the same buckets, request log, quotas and bills. What is read
//! comes from the same queries as all other routes, within the caller's scope.
//!
//! | file | what it answers |
//! |---|---|
//! | `write`, `sessions` | `POST /commands`, `/agents`, `/batch`, `/sessions/start`, `PUT /sessions/{id}` |
//! | `aggregated`, `export` | `GET /aggregated`, `/export/json`, `/export/csv` |
//! | `overview` | `GET /dashboard`, `/real-time/{window}` |
//! | `events` | `GET /commands`, `/agents` |
//! | `query` | `POST /query` |
//! | `process` | `GET /health`, `/stats`, `/performance` |
//! | `aliases` | `GET /realtime`, `/hourly`, `/status`, with exactly the members that others expect |
//! | `params` | what is asked |
//! | `windows`, `figures` | windows of time, and their numbers |
//!
//! # Who may do what
//!
//! The principal's tenant is the organisation. Admins, managers and developers report and read for it, viewers read
//! what is of their own keys, user and team. An admin without a tenant reads everything, and reports for users of no
//! organisation.
//! Reports and reads are limited by organisation, with the same limits as writers' tokens have; each answer says in its
//! `RateLimit` what is left.

mod aggregated;
mod aliases;
mod events;
mod export;
mod figures;
mod overview;
mod params;
mod process;
mod query;
mod sessions;
mod windows;
mod write;

use std::sync::Arc;

use crate::{
    auth::{
        Access::{Operate, Read, Report},
        Throttle,
    },
    ingest::{Ingest, MAX_BYTES},
    openapi::{Api, route},
    router::{App, RouteTable, Routes},
};

/// All routes of the collector, and who may use each.
pub(crate) fn build(app: &App, ingest: &Ingest) -> Routes {
    let limits = ingest.limits();
    let limited = |limit: &Arc<_>| Throttle::Organisations(Arc::clone(limit));
    let reads = Arc::new(limited(&limits.reads));
    let table = RouteTable::new(app.clone(), Api::Collector, reads)
        .documented(Read, route!(GET "/aggregated" => aggregated::aggregated))
        .documented(Read, route!(GET "/dashboard" => overview::dashboard))
        .documented(
            Read,
            route!(GET "/real-time/{window}" => overview::real_time),
        )
        .documented(Read, route!(POST "/query" => query::query))
        .documented(Read, route!(GET "/export/json" => export::export_json))
        .documented(Read, route!(GET "/export/csv" => export::export_csv))
        .documented(Read, route!(GET "/health" => process::health))
        .documented(Read, route!(GET "/stats" => process::stats))
        .documented(Operate, route!(GET "/performance" => process::performance))
        .documented(Read, route!(GET "/realtime" => aliases::realtime))
        .documented(Read, route!(GET "/hourly" => aliases::hourly))
        .documented(Read, route!(GET "/status" => aliases::status));
    let table = if app.client.has_requests() {
        table
            .documented(Read, route!(GET "/commands" => events::commands))
            .documented(Read, route!(GET "/agents" => events::agents))
    } else {
        table
    };
    table
        .limited_by(limited(&limits.single))
        .documented(
            Report,
            route!(POST "/commands" => write::post_command).with_body_limit(MAX_BYTES),
        )
        .documented(
            Report,
            route!(POST "/agents" => write::post_agent).with_body_limit(MAX_BYTES),
        )
        .documented(
            Report,
            route!(POST "/sessions/start" => sessions::start).with_body_limit(MAX_BYTES),
        )
        .documented(
            Report,
            route!(PUT "/sessions/{id}" => sessions::end).with_body_limit(MAX_BYTES),
        )
        .limited_by(limited(&limits.batches))
        .documented(
            Report,
            route!(POST "/batch" => write::post_batch).with_body_limit(MAX_BYTES),
        )
        .build()
}
