//! A transaction that throws its connection away where nobody knows how it ended.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, PgPool, Postgres, SqlSafeStr as _, pool::PoolConnection};
// The root of sqlx does not export it.
use sqlx_core::transaction::TransactionManager;

/// The driver's way to begin and end transactions.
type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// An open transaction on a connection of the pool. Dropped, it is rolled back.
///
/// The driver's own type hands a connection on whatever happened. A BEGIN whose settings failed leaves
/// it within an aborted transaction, and its next user, who may be the host, would fail until it is
/// closed. A COMMIT that failed leaves nobody knowing. Such a connection is closed instead.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    connection: PoolConnection<Postgres>,
    /// Whether it must still be rolled back.
    open: bool,
}

impl OpenTransaction {
    /// Begins one by this text.
    pub(super) async fn begin(pool: &PgPool, begin: &'static str) -> Result<Self, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        match Manager::begin(&mut connection, Some(begin.into_sql_str())).await {
            Ok(()) => Ok(Self {
                connection,
                open: true,
            }),
            Err(error) => {
                connection.close_on_drop();
                Err(error)
            }
        }
    }

    /// Makes everything visible at once.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        let done = Manager::commit(&mut self.connection).await;
        self.end(done)
    }

    /// Takes everything back, and waits for it.
    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        let done = Manager::rollback(&mut self.connection).await;
        self.end(done)
    }

    fn end(&mut self, done: Result<(), sqlx::Error>) -> Result<(), sqlx::Error> {
        self.open = false;
        if done.is_err() {
            self.connection.close_on_drop();
        }
        done
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        if self.open {
            // Queued, and sent before the pool tests the connection.
            Manager::start_rollback(&mut self.connection);
        }
    }
}

impl Deref for OpenTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for OpenTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
