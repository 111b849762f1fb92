//! Self-hosted API observability for Rust services: one layer, a store in your own database, an
//! admin router.
//!
#![cfg_attr(feature = "sqlite", doc = "```no_run")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use api_metrics::ApiMetrics;
//! use axum::{Router, extract::Path, routing::get};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let metrics = ApiMetrics::builder().embedded("metrics.db").start().await?; // or .postgres(url)
//!     let app = Router::new()
//!         .route("/users/{id}", get(async |Path(id): Path<u64>| format!("user {id}")))
//!         .layer(metrics.layer())
//!         .nest_service("/admin", metrics.admin());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app)
//!         .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
//!         .await?;
//!     metrics.shutdown().await?; // flushes, or says how many records it could not deliver
//!     Ok(())
//! }
//! ```
//!
//! - `.layer` stands before `.nest_service`, so that the dashboard does not count itself.
//! - [`shutdown_on`](ApiMetrics::shutdown_on) ends this crate's own event streams when the signal
//!   comes; without it a graceful `axum::serve` would wait for an open dashboard for ever.
//! - [`shutdown`](ApiMetrics::shutdown) hands over what was recorded since the last flush, or says
//!   how many records it could not deliver.
//!
//! # What it does to the host
//!
//! Nothing that can be noticed: recording takes no lock that is held for longer than a swap, and
//! never waits for the database. A database that can't be reached is no error:
//! [`start`](Builder::start) waits for it for five seconds, then the service runs, records, and
//! delivers when the database comes. Background tasks that panic are reported by
//! [`health`](ApiMetrics::health) and started again.
//!
//! # Settings
//!
//! Everything can be set on the [`Builder`]; most of it also by environment variables, for whatever
//! the code leaves open: see the table in the crate's README.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
mod builder;
mod error;
mod handle;
mod health;
#[cfg(feature = "control")]
mod job;
#[cfg(feature = "reqwest-middleware")]
mod reqwest;
mod signal;
mod task;

#[cfg(feature = "clickhouse")]
pub use api_metrics_clickhouse as clickhouse;
pub use api_metrics_layer as layer;
pub use api_metrics_routes as routes;
pub use api_metrics_store as store;

#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use api_metrics_layer::CaptureEvents;
pub use api_metrics_layer::{
    ApiKey, ApiMetricsLayer, ClientLayer, Endpoint, ErrorDetail, MetricSink, Outcome, Protocol,
    RequestRecord, UserId, capture_panics,
};
pub use api_metrics_routes::{Health, Principal, Replay, Role, TaskHealth};
pub use api_metrics_store::{
    request_log::{Keep, RequestLog},
    sketch::SketchKind,
    store::{Retention, StoreOptions},
};

pub use background::{Maintained, Maintenance};
pub use builder::Builder;
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub use builder::{NamedNotifier, notifiers_of};
pub use error::{StartError, Unflushed};
pub use handle::{ApiMetrics, RecorderSink};
#[cfg(feature = "cron")]
#[cfg_attr(docsrs, doc(cfg(feature = "cron")))]
pub use job::InvalidCron;
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub use job::{Job, JobReturn, ScheduledJob};
#[cfg(feature = "reqwest-middleware")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest-middleware")))]
pub use reqwest::ReqwestCalls;
pub use signal::shutdown_signal;

/// The README's program is compiled like any other example.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
