//! Exact API metrics in the user's own database.
//!
//! A [`Recorder`](recorder::Recorder) sums requests in memory, a [`Store`](store::Store) takes over
//! what it holds, exactly once, and answers [`Query`](query::Query)s over any range, filter and
//! grouping. The facade `api-metrics` does all of this in the background; by hand it is:
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use std::sync::Arc;
//! use api_metrics_layer::{MetricSink, RequestRecord};
//! use api_metrics_store::{
//!     query::{Query, TimeRange},
//!     recorder::Recorder,
//!     sqlite::SqliteStore,
//!     store::{Instance, Store, StoreOptions, Writer},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("metrics.db");
//! # let path = path.to_str().ok_or("UTF-8")?;
//! let store = SqliteStore::open(path, StoreOptions::default())?;
//! store.prepare().await?;
//!
//! let recorder = Arc::new(Recorder::default());
//! let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
//! instance.version = "1.0.0".to_owned();
//! instance.host = "web-1".to_owned();
//! instance.started_at = 1_700_000_000;
//! let writer = Writer::new(instance, recorder.clone());
//!
//! // What a layer does for every request.
//! recorder.record(&RequestRecord::new("GET", "/users/{id}", std::time::SystemTime::now()));
//! store.flush(&writer).await?;
//! store.fold().await?;
//!
//! let answer = store.read(&Query::over(TimeRange::new(0, 4_102_444_800)), None).await?;
//! assert_eq!(answer.total().map(|bucket| bucket.request_count), Some(1));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a database only the recorder and the contract are of use; the protocol then serves nobody.
#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports, unused_macros)
)]

pub mod bucket;
pub mod calendar;
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub mod control;
pub mod ingest;
mod options;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub mod postgres;
pub mod query;
pub mod recorder;
pub mod request_log;
pub mod series;
pub mod sketch;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub mod sqlite;
pub mod store;
pub mod text;
pub mod time;

mod engine;
/// Not part of the public API: what another crate implements that keeps buckets in a database of its own.
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub mod bucket_database {
    pub use crate::engine::copied::seam::*;
}
/// Not part of the public API: what another crate implements that keeps single requests in a database of its own.
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub mod request_database {
    pub use crate::engine::copied::request_seam::*;
}
/// Not part of the public API.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod migrations;
mod url;
mod varint;
