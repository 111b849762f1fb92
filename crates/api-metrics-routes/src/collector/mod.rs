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

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use http::Method;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    auth::{
        Access::{Open, Operate, Read, Report},
        Throttle,
    },
    ingest::{Ingest, MAX_BYTES},
    openapi,
    router::{App, Declared, RouteTable},
};

/// All routes of the collector, and who may use each.
pub(crate) fn build(app: &App, ingest: &Ingest) -> (Router, Vec<Declared>) {
    let limits = ingest.limits();
    let limited = |limit: &Arc<_>| Throttle::Organisations(Arc::clone(limit));
    let reads = Arc::new(limited(&limits.reads));
    let table = RouteTable::new(app.clone(), "collector", reads, openapi::collector())
        .documented(Read, routes!(aggregated::aggregated))
        .documented(Read, routes!(overview::dashboard))
        .documented(Read, routes!(overview::real_time))
        .documented(Read, routes!(query::query))
        .documented(Read, routes!(export::export_json))
        .documented(Read, routes!(export::export_csv))
        .documented(Read, routes!(process::health))
        .documented(Read, routes!(process::stats))
        .documented(Operate, routes!(process::performance))
        .documented(Read, routes!(aliases::realtime))
        .documented(Read, routes!(aliases::hourly))
        .documented(Read, routes!(aliases::status));
    let table = if app.client.has_requests() {
        table
            .documented(Read, routes!(events::commands))
            .documented(Read, routes!(events::agents))
    } else {
        table
    };
    let document = openapi::Document::default();
    let slot = document.clone();
    let (router, written, declared) = table
        .limited_by(limited(&limits.single))
        .documented(Report, large(routes!(write::post_command)))
        .documented(Report, large(routes!(write::post_agent)))
        .documented(Report, large(routes!(sessions::start)))
        .documented(Report, large(routes!(sessions::end)))
        .limited_by(limited(&limits.batches))
        .documented(Report, large(routes!(write::post_batch)))
        .hidden(
            Open,
            &[Method::GET],
            "/openapi.json",
            get(move |headers| async move { slot.response(&headers) }),
        )
        .build();
    document.set(&written);
    (router, declared)
}

/// Reports may be larger than what other routes read.
fn large((schemas, paths, handlers): UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    let handlers = handlers.layer(DefaultBodyLimit::max(MAX_BYTES));
    (schemas, paths, handlers)
}
