//! The control plane: what is configured and decided on top of the metrics.
//!
//! | module | what it keeps |
//! |---|---|
//! | [`keys`] | API keys with their names, owners and limits |
//! | [`alerts`] | rules over the metrics, their states and events |
//! | [`limits`] | how close keys come to their rate limits |
//! | [`health`] | what each process says of itself, and ready-made rules over it |
//! | [`headroom`] | limits and quotas side by side, and who hits theirs first |
//! | [`quotas`] | how much of its allowance a key has used in its period |
//! | [`billing`] | price plans, costs, invoices |
//! | [`digest`] | when the week is summed up in a notice |
//! | [`audit`] | who has changed or deleted what |
//! | [`notify`] | notices and their delivery |
//! | [`releases`] | versions of services, each held against the one before |
//! | [`objectives`] | service level objectives, their budgets and burn rates |
//! | [`imports`] | the ledger of imported logs |
//! | [`jobs`] | work in the background, and its last runs |
#![cfg_attr(
    feature = "otlp-push",
    doc = "| [`push`] | the buckets, sent to a receiver of OpenTelemetry's protocol |"
)]
//!
//! Everything stands in the same database as the buckets and is reached through a [`ControlStore`]. A
//! [`ControlWorker`] in every process does the recurring work. Without the feature `control` none of this
//! is compiled.
//!
//!
//! # How the parts meet
//!
//! ```text
//! buckets --read--> alerts, limits, quotas --notices--> outbox --dispatcher--> notifiers
//!    |                     ^                                                  log, webhook, Slack, your own
//!    +--read--> billing    |
//!                        keys: limits, quotas, plans, tenants
//! ```
//!
//! Alerts, limits, quotas and billing read buckets through the same [`Store::read`](crate::store::Store::read) as every view, so
//! that a notice and an invoice show the numbers that the dashboard shows. What they decide is written
//! by one process at a time, the leader; what they write is unique by an id made of what happened, so
//! that a second leader can't write it twice.
//!
//! Times are whole seconds since the Unix epoch, of the database's clock. Texts are bounded in bytes.
//! Lists are bounded: 500 rules and 500 plan versions a tenant, 10,000 keys a tenant that are created
//! one by one.
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use api_metrics_store::{
//!     control::{ControlStore, ControlWorker, keys::KeyChange},
//!     query::Scope,
//!     sqlite::SqliteStore,
//!     store::{Store, StoreOptions},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("metrics.db");
//! # let path = path.to_str().ok_or("UTF-8")?;
//! let store = SqliteStore::open(path, StoreOptions::default())?;
//! store.prepare().await?;
//! let mut change = KeyChange::default();
//! change.rate_limit_per_minute = Some(Some(600));
//! store.create_key("customer-17", &change, None).await?;
//! assert_eq!(store.keys(&Scope::All, 0, 10).await?.len(), 1);
//!
//! // Every few seconds, in every process:
//! let worker = ControlWorker::default();
//! let (evaluated, delivered) = worker.tick(&store, None).await?;
//! assert_eq!((evaluated.fired, delivered.delivered), (0, 0));
//! # Ok(())
//! # }
//! ```

pub mod alerts;
pub mod audit;
pub mod billing;
pub mod digest;
pub mod headroom;
pub mod health;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod notify;
pub mod objectives;
#[cfg(feature = "otlp-push")]
#[cfg_attr(docsrs, doc(cfg(feature = "otlp-push")))]
pub mod push;
pub mod quotas;
pub mod releases;
mod worker;

mod sql;
mod store;
mod text;

pub use self::{
    store::ControlStore,
    worker::{ControlSettings, ControlWorker},
};
