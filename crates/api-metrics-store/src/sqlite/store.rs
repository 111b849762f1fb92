//! From a path to a pool that opens the file on first use.
//!
//! | setting | value | why |
//! |---|---|---|
//! | `journal_mode` | WAL | readers and the writer don't block each other |
//! | `synchronous` | FULL or NORMAL | see `Synchronous` |
//! | `busy_timeout` | 10 s | writers queue instead of failing |
//! | `auto_vacuum` | INCREMENTAL, when the file is made | removed rows give their pages back in small steps |
//! | `foreign_keys` | on | SQLite leaves them off by default |

use std::{sync::Arc, time::Duration};

use sqlx::{
    Connection as _, SqlitePool,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::file::DatabaseFile;
use crate::{
    engine::store::SqlStore,
    options::{StoreOptions, Synchronous},
    store::{StoreError, delegate_store},
    url::malformed,
};

/// Rows that a statement finds before somebody takes them. A thread that waits for room is woken for each row.
const BUFFERED_ROWS: usize = 256;

/// What the transactions need to be opened.
#[derive(Debug)]
pub(crate) struct Sqlite {
    /// The store's own pool of connections to the file.
    pub(super) pool: SqlitePool,
    /// How to make the file.
    pub(super) create: SqliteConnectOptions,
    /// The file that they are open on.
    pub(super) file: Arc<DatabaseFile>,
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
        // Only `prepare` creates the file: nothing that merely reads leaves an empty one behind. Nor do
        // other connections set `auto_vacuum`, since that waits for the write lock and needs a disk that
        // takes it.
        let connect = connect
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match options.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            .foreign_keys(true)
            .row_buffer_size(BUFFERED_ROWS)
            .busy_timeout(Duration::from_secs(10));
        let create = connect
            .clone()
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental);
        let file = Arc::new(DatabaseFile::new(connect.get_filename()));
        let connect = connect.create_if_missing(file.is_in_memory());
        let current = Arc::clone(&file);
        let pool = SqlitePoolOptions::new()
            .max_connections(options.pool_size())
            .acquire_timeout(options.acquire_timeout)
            .before_acquire(move |_, of| {
                let is_current = current.is_current(of.age);
                Box::pin(std::future::ready(Ok(is_current)))
            })
            // After a full disk or a failed write SQLite may have ended a transaction by itself, or not
            // have ended it at all. The ping waits for a rollback that is under way; where the
            // connection still counts as within a transaction then, nobody knows its state.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_lazy_with(connect);
        Ok(Self(SqlStore::new(
            Sqlite {
                pool,
                create,
                file,
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
