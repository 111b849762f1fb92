//! Self-hosted API observability for Rust services: one layer, a store in your own database, an
//! admin router.
//!
//! ```no_run
//! use api_metrics::ApiMetrics;
//! use axum::{Router, extract::Path, routing::get};
//!
//! async fn user(Path(id): Path<u64>) -> String {
//!     format!("user {id}")
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
#![cfg_attr(
    feature = "sqlite",
    doc = "    let metrics = ApiMetrics::builder().embedded(\"metrics.db\").start().await?;"
)]
#![cfg_attr(
    not(feature = "sqlite"),
    doc = "    let metrics = ApiMetrics::builder().database(\"postgres://localhost/app\").start().await?;"
)]
//!     let app = Router::new()
//!         .route("/users/{id}", get(user))
//!         .layer(metrics.layer())
//!         .nest_service("/admin", metrics.admin());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     let signal = async { drop(tokio::signal::ctrl_c().await) };
//!     axum::serve(listener, app)
//!         .with_graceful_shutdown(metrics.shutdown_on(signal))
//!         .await?;
//!     metrics.shutdown().await?;
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
//! What the code doesn't set is taken from the environment, and what neither sets has a default:
//!
//! | [`Builder`] | variable | default |
//! |---|---|---|
//! | `database(url)`, `embedded(path)`, `postgres(url)` | `API_METRICS_DATABASE_URL` | the SQLite file `metrics.db`, with the feature `sqlite` |
//! | `service` | `API_METRICS_SERVICE`, `OTEL_SERVICE_NAME` | the program's name |
//! | `environment` | `API_METRICS_ENVIRONMENT` | `default` |
//! | `version` | `API_METRICS_VERSION` | empty |
//! | `admin_token` | `API_METRICS_ADMIN_TOKEN` | made once for a database, printed to stderr |
//! | `no_auth` | `API_METRICS_NO_AUTH=true` | sign-in is needed |
//! | `flush_interval` | `API_METRICS_FLUSH_INTERVAL`, in seconds | 10 s |
//! | `max_series` | `API_METRICS_MAX_SERIES` | 10,000 |
//! | `max_keys` | `API_METRICS_MAX_KEYS` | 10,000 |
//! | `sketch_kind` | `API_METRICS_SKETCH`, `histogram` or `tdigest` | `histogram` |
//! | `off` | `API_METRICS_OFF=true` | on |
#![forbid(unsafe_code)]

mod background;
mod builder;
mod error;
mod handle;
mod health;

pub use api_metrics_layer as layer;
pub use api_metrics_routes as routes;
pub use api_metrics_store as store;

pub use api_metrics_layer::{
    ApiKey, ApiMetricsLayer, MetricSink, Outcome, Protocol, RequestRecord,
};
pub use api_metrics_routes::{Health, TaskHealth};
pub use api_metrics_store::sketch::SketchKind;

pub use background::{Maintained, Maintenance};
pub use builder::Builder;
pub use error::{StartError, Unflushed};
pub use handle::{ApiMetrics, Capture};
