//! Stops a read that nobody waits for any more.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use super::unnamed::WithoutName;

/// Held by a read. Dropped before the read was finished, because a client left or the time was up, it
/// asks the server to stop what is still running: sqlx would let the statement run to its end first.
#[derive(Debug)]
pub(super) struct Cancel(Option<Running>);

#[derive(Debug)]
struct Running {
    pool: PgPool,
    backend: i32,
    /// When the transaction began. A later one of the same backend is somebody else's.
    began: DateTime<Utc>,
}

impl Cancel {
    /// Of something that ends by itself.
    pub(super) const fn never() -> Self {
        Self(None)
    }

    pub(super) fn of(pool: &PgPool, backend: i32, began: DateTime<Utc>) -> Self {
        Self(Some(Running {
            pool: pool.clone(),
            backend,
            began,
        }))
    }

    /// The read has come to its end.
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
    async fn stop(&self) -> Result<(), sqlx::Error> {
        // Where all connections are taken, waiting for one would be waiting for the query itself.
        if let Some(mut connection) = self.pool.try_acquire() {
            return self.stop_by(&mut connection).await;
        }
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        self.stop_by(&mut connection).await?;
        connection.close().await
    }

    async fn stop_by(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
             WHERE pid = $1 AND xact_start = $2 AND state = 'active'",
        )
        .bind(self.backend)
        .bind(self.began);
        connection
            .fetch_optional(WithoutName(query))
            .await
            .map(|_| ())
    }
}
