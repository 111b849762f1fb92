//! The store in one SQLite file.
//!
//! The same tables and the same protocol as on Postgres. `BEGIN IMMEDIATE` stands for both the fence's
//! lock and the leader's, so that two processes, as during a restart, are safe on one file.
//!
//! | | Postgres | SQLite |
//! |---|---|---|
//! | writers at a time | one an instance, and a leader | one |
//! | readers | never blocked | never blocked (write-ahead log) |
//! | clock | the server's | the process's |
//! | scope | statements and row-level security | statements |
//! | removal | partitions are dropped | rows are deleted, 5,000 at a time |
//! | tag of aggregate series | yes | none: they are read each time |
//! | times | `timestamptz` | Unix seconds in an integer |
//!
//! A call waits up to 10 s for the file's write lock.
//!
//! ```
//! use api_metrics_store::{
//!     sqlite::SqliteStore,
//!     store::{Store, StoreOptions},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("metrics.db");
//! # let path = path.to_str().ok_or("UTF-8")?;
//! // The file is made where there is none; its folder has to be there.
//! let store = SqliteStore::open(path, StoreOptions::default())?;
//! store.prepare().await?;
//! assert!(store.status().await?.instances.is_empty());
//! # Ok(())
//! # }
//! ```

mod file;
mod flush;
mod lead;
mod migrate;
mod read;
mod rows;
mod sql;
mod status;
mod store;
mod sum;
mod tx;

/// The pool in [`SqliteStore`]'s signatures.
pub use sqlx::SqlitePool;
pub use store::SqliteStore;
