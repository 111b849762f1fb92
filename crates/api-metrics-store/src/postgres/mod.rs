//! The store in a Postgres database, 14 or newer, in the schema `api_metrics`.
//!
//! | file | what |
//! |---|---|
//! | `store`, `connect` | the public type and its pool |
//! | `tx`, `transaction`, `unnamed`, `cancel` | transactions |
//! | `migrate`, `partitions` | the schema |
//! | `locks` | which transactions may add to buckets at a time |
//! | `flush`, `lead`, `read`, `status` | the statements of each step |
//! | `sum`, `careful` | the statements that sum buckets for a read |
//! | `move_buckets` | buckets into another database |
//! | `standby` | whether reads go to a standby |
//! | `rows` | between buckets and columns |
//! | `sql` | statements of other modules |
//!
//! All statements name the schema, so that a host's `search_path` does not matter.
//!
//! ```no_run
//! use api_metrics_store::{
//!     postgres::PostgresStore,
//!     store::{Store, StoreOptions},
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // A pool of its own; `PostgresStore::from_pool` takes the host's.
//! let url = "postgres://shop@db.internal/shop";
//! let store = PostgresStore::connect_lazy(url, StoreOptions::default())?;
//! store.prepare().await?;
//! assert!(store.status().await?.instances.is_empty());
//! # Ok(())
//! # }
//! ```

mod cancel;
mod careful;
mod connect;
mod flush;
mod lead;
mod locks;
mod migrate;
mod move_buckets;
mod partitions;
mod read;
mod rows;
mod sql;
mod standby;
mod status;
mod store;
mod sum;
mod transaction;
mod tx;
mod unnamed;

/// The pool in [`PostgresStore`]'s signatures.
pub use sqlx::PgPool;
pub use store::PostgresStore;
