//! Requests that other services report: durable when they are acknowledged, and counted once.
//!
//! A service that is not written in Rust, a proxy or a job posts batches of its requests. Each batch is
//! one answer: it is committed before it is acknowledged, and where it has an idempotency key, it is
//! counted once, whatever becomes of acknowledgements, connections and processes.
//!
//! | promise | how |
//! |---|---|
//! | What is acknowledged is there | the answer comes after COMMIT |
//! | Once | the key of a batch and its requests are written by one transaction; a second one finds the key, and gets the first answer |
//! | Also where COMMIT was not heard of | the fence of the flush protocol says whether it happened, under the row's lock |
//! | Each item by itself | what is wrong with one refuses that one, by name, and keeps it as a dead letter |
//! | Nobody names another tenant's keys | checked in the same transaction |
//!
//! What is counted is offered to an [`IngestLog`], where there is one: single requests, chosen by a policy.
//!
//! An [`IngestQueue`] joins batches that arrive at about the same time into one transaction (group
//! commit): while one commits, the next ones gather.
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use std::{sync::Arc, time::SystemTime};
//! use api_metrics_store::{
//!     ingest::{IngestBatch, IngestItem, IngestQueue, IngestStore, NewIngestToken},
//!     sqlite::SqliteStore,
//!     store::{Store, StoreOptions},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("metrics.db");
//! # let path = path.to_str().ok_or("UTF-8")?;
//! let store = Arc::new(SqliteStore::open(path, StoreOptions::default())?);
//! store.prepare().await?;
//! let (token, secret) = store
//!     .create_ingest_token(&NewIngestToken::new("ci", "shop", "production"), "admin")
//!     .await?;
//! assert_eq!(store.ingest_token(&secret).await?.map(|known| known.id), Some(token.id));
//!
//! let queue = IngestQueue::new(store, "web-1");
//! let mut batch = IngestBatch::new(Some("batch-17"), b"the body");
//! batch.push(0, IngestItem::new("GET", "/users/{id}", SystemTime::now()), "{}");
//! let answer = queue.submit(&token, batch.clone()).await?;
//! assert_eq!((answer.accepted, answer.repeated), (1, false));
//! // Sent again, because the answer was lost.
//! let answer = queue.submit(&token, batch).await?;
//! assert_eq!((answer.accepted, answer.repeated), (1, true));
//! # Ok(())
//! # }
//! ```

mod batch;
mod collector;
mod collector_sql;
mod commit;
mod log;
mod point;
mod queue;
mod sql;
mod store;
mod streams;
mod token;

pub use self::{
    batch::{IngestAnswer, IngestBatch, IngestItem, RefusedItem},
    collector::CollectorSession,
    log::IngestLog,
    point::{Bins, Measure, MetricPoint},
    queue::{IngestError, IngestQueue},
    store::{DeadLetter, IngestStore},
    token::{IngestToken, NewIngestToken},
};
