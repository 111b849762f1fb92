//! From a path to a pool that opens the file on first use.
//!
//! | setting | value | why |
//! |---|---|---|
//! | `journal_mode` | WAL | readers and the writer don't block each other |
//! | `synchronous` | FULL or NORMAL | see `Synchronous` |
//! | `busy_timeout` | 10 s | writers queue instead of failing |
//! | `auto_vacuum` | INCREMENTAL | removed rows give their pages back in small steps |
//! | `foreign_keys` | on | SQLite leaves them off by default |

use std::time::Duration;

use sqlx::{
    SqlitePool,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use crate::{
    engine::store::SqlStore,
    options::{StoreOptions, Synchronous},
    store::{StoreError, delegate_store},
    url::malformed,
};

/// What the transactions need to be opened.
#[derive(Debug)]
pub(crate) struct Sqlite {
    /// The store's own pool of connections to the file.
    pub(super) pool: SqlitePool,
    /// What was set when the store was made.
    pub(super) options: StoreOptions,
}

/// A store in one SQLite file.
///
/// Two processes may use one file at a time, as during a restart, on a local file system: SQLite's
/// locks are not reliable over a network. For several instances use Postgres.
#[derive(Debug)]
pub struct SqliteStore(pub(super) SqlStore<Sqlite>);

impl SqliteStore {
    /// A store in the file at `path`, which is created on first use. `path` may also be a `sqlite:`
    /// URL, such as `sqlite:metrics.db`.
    ///
    /// # Errors
    /// [`StoreError::Url`] if `path` is a URL that SQLite does not understand.
    pub fn open(path: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = if path.starts_with("sqlite:") {
            path.parse::<SqliteConnectOptions>()
                .map_err(|error| malformed(path, error))?
        } else if path.contains("://") {
            return Err(malformed(path, "a SQLite URL starts with sqlite:"));
        } else {
            SqliteConnectOptions::new().filename(path)
        };
        let connect = connect
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match options.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(options.pool_size())
            .acquire_timeout(options.acquire_timeout)
            .connect_lazy_with(connect);
        Ok(Self(SqlStore::new(
            Sqlite {
                pool,
                options: options.clone(),
            },
            options,
        )))
    }

    /// The pool that it uses. The host may read through it; a write of the host's makes flushes wait.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.0.backend().pool
    }
}

delegate_store!(SqliteStore);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use api_metrics_layer::{MetricSink, RequestRecord};

    use super::*;
    use crate::{
        recorder::Recorder,
        store::{Instance, Store, Writer},
    };

    #[tokio::test(flavor = "current_thread")]
    async fn a_fold_counts_flush_batches_not_instances() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.db");
        let store = SqliteStore::open(path.to_str().unwrap(), StoreOptions::default()).unwrap();
        store.prepare().await.unwrap();
        let recorder = Arc::new(Recorder::default());
        let instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
        let writer = Writer::new(instance, Arc::clone(&recorder));
        for _ in 0..3 {
            recorder.record(&RequestRecord::new(
                "GET",
                "/",
                std::time::SystemTime::now(),
            ));
            store.flush(&writer).await.unwrap();
        }
        assert_eq!(store.fold().await.unwrap().batches, 3);
        assert_eq!(store.fold().await.unwrap().batches, 0);
    }
}
