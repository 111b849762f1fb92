//! The ledger of imports: which log was brought in how far.
//!
//! An importer flushes under an instance of its own. Before each flush it notes how much of the log the
//! flush will hold, by [`put_import`](crate::control::ControlStore::put_import). After a crash [`fence`](crate::control::ControlStore::fence) says which flush
//! was the last one that is in the database, and the note says where that flush ended: the import goes on
//! there, and no line counts twice or never.
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use api_metrics_store::{
//!     control::{ControlStore, imports::ImportRecord},
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
//! let mut import = ImportRecord::new(uuid::Uuid::new_v4(), "hash of the first line");
//! import.progress = r#"{"flush":1,"offset":4096}"#.to_owned();
//! store.put_import(&import).await?;
//! assert_eq!(store.imports("hash of the first line").await?.len(), 1);
//! assert_eq!(store.fence(import.id).await?, 0);
//! # Ok(())
//! # }
//! ```

pub(super) mod store;
pub(super) mod undo;

use uuid::Uuid;

pub use self::undo::{ImportUndo, ImportedRequests};
use crate::time::UnixSeconds;

/// What the ledger knows about one import of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportRecord {
    /// The instance under which the import flushes.
    pub id: Uuid,
    /// What the log is looked up by, such as a hash of its first line; at most 128 bytes.
    pub head: String,
    /// The service that the log is of.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// The log's name, for people.
    pub name: String,
    /// How far the import came, in the importer's own words; at most 16 KiB.
    pub progress: String,
    /// When it was last put, in Unix seconds of the database's clock. Set by the store.
    pub updated_at: UnixSeconds,
}

impl ImportRecord {
    /// An import that has not begun. `id` must be new: a random one.
    #[must_use]
    pub fn new(id: Uuid, head: impl Into<String>) -> Self {
        Self {
            id,
            head: head.into(),
            ..Self::default()
        }
    }
}
