//! Stops a read that nobody waits for any more.
//!
//! A client that disconnects drops its future, and sqlx then lets the statement run to its end before
//! the connection returns to the pool. A few impatient clients could so take every connection for half
//! a minute. The server is asked to cancel the statement instead, from another connection.
//!
//! A cancel is a request: it may come too late, or fail. Nothing depends on it but the time at which a
//! connection is free again.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::unnamed;

/// Held by a read. Dropped before the read was finished, because a client left or the time was up, it
/// asks the server to stop what is still running. Disarmed by the commit.
#[derive(Debug)]
pub(super) struct Cancel(Option<Running>);

/// What identifies a running transaction on the server.
#[derive(Debug)]
struct Running {
    /// Where to find another connection.
    pool: PgPool,
    /// The process id of the server's backend.
    backend: i32,
    /// When the transaction began, in microseconds. A later one of the same backend is somebody else's
    /// and must not be stopped.
    began: DateTime<Utc>,
}

impl Cancel {
    /// For something that ends by itself: writes and leaders, which are bounded by their own time
    /// limits.
    pub(super) const fn never() -> Self {
        Self(None)
    }

    /// For the transaction that began at `began` on `backend`.
    pub(super) fn of(pool: &PgPool, backend: i32, began: DateTime<Utc>) -> Self {
        Self(Some(Running {
            pool: pool.clone(),
            backend,
            began,
        }))
    }

    /// The read has come to its end: nothing is left to stop.
    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        let Some(running) = self.0.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = running.stop().await {
                tracing::debug!(%error, "a query that nobody waits for was left to its end");
            }
        });
    }
}

impl Running {
    /// Asks the server by a free connection of the pool, or by a new one where all are taken: waiting
    /// for one could be waiting for the query itself.
    async fn stop(&self) -> Result<(), sqlx::Error> {
        // Where all connections are taken, waiting for one would be waiting for the query itself.
        if let Some(mut connection) = self.pool.try_acquire() {
            return self.stop_by(&mut connection).await;
        }
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        self.stop_by(&mut connection).await?;
        connection.close().await
    }

    /// One statement: cancels the backend if it is still in the same transaction and at work. Needs no
    /// more rights than the role of the pool has over its own backends.
    async fn stop_by(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let query = unnamed::query(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
             WHERE pid = $1 AND xact_start = $2 AND state = 'active'",
        )
        .bind(self.backend)
        .bind(self.began);
        query.fetch_optional(connection).await.map(|_| ())
    }
}
