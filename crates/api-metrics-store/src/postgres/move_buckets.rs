//! Buckets out of this database, into the one that is named for them.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row as _};
use tracing::info;

use super::{
    rows::{found, select_after},
    store::{Postgres, PostgresStore},
    tx::at,
    unnamed,
};
use crate::{
    engine::{
        backend::{Backend, Mode, Result, Tx},
        copied::{Copied, taken_over},
    },
    query::Scope,
    sketch::{SketchKind, SketchMerger},
    store::StoreError,
    time::Granularity,
};

/// Rows that are read at once.
const PAGE: i64 = 5_000;
/// Before the first row.
const FIRST: (i64, i64) = (crate::engine::flush::EARLIEST, i64::MIN);

impl PostgresStore {
    /// Moves all buckets into the database of [`keep_buckets_in`](Self::keep_buckets_in), and answers how many rows that
    /// were; `None` where it has been done before. The schema must be there and up to date.
    ///
    /// Services go on meanwhile: what they record waits in the inbox, and is read there. Nothing is folded, so that the
    /// inbox grows until this has ended. Processes that don't name the other database fail to read from then on, until they
    /// are started anew with it; they lose nothing. The rows stay in Postgres, unread.
    ///
    /// Single requests of the log are not moved. Those of before are not shown afterwards; retention and erasure still find
    /// them.
    ///
    /// Where it fails or is killed it must be run once more, and begins again: nothing is folded until it has ended.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where no other database is named, where that one has buckets of another store, and where
    /// this one has t-digests. [`StoreError::Unavailable`] while another process leads, or where either database can't be
    /// reached. [`StoreError::Corrupt`] where a row can't be read.
    #[doc(hidden)]
    pub async fn move_buckets(&self) -> Result<Option<u64>> {
        let backend = self.0.backend();
        let Some(copied) = backend.copied() else {
            return Err(StoreError::Conflict(
                "no database is named that the buckets could move to".into(),
            ));
        };
        copied.prepare().await?;
        let mut tx = backend.begin(Mode::Lead).await?;
        match taken_over::begin(&mut *tx, copied).await {
            Ok(true) => tx.commit().await?,
            Ok(false) => return tx.commit().await.map(|()| None),
            Err(error) => {
                tx.rollback().await;
                return Err(error);
            }
        }
        let mut moved = 0;
        for granularity in Granularity::ALL {
            moved += copy(backend, copied, granularity).await?;
            info!(
                rows = moved,
                table = granularity.as_str(),
                "buckets were copied"
            );
        }
        let mut tx = backend.begin(Mode::Lead).await?;
        taken_over::end(&mut *tx).await?;
        tx.commit().await?;
        Ok(Some(moved))
    }
}

/// Copies a table; answers how many rows it has.
async fn copy(backend: &Postgres, copied: &Copied, granularity: Granularity) -> Result<u64> {
    let sql = select_after(granularity);
    let mut merger = SketchMerger::default();
    let (mut last, mut moved) = (FIRST, 0);
    loop {
        let mut tx = Box::new(backend.begin_read_on(&backend.pool, &Scope::All).await?);
        let found = unnamed::query(AssertSqlSafe(sql.as_str()))
            .bind(at(last.0))
            .bind(last.1)
            .bind(PAGE)
            .fetch_all(&mut *tx.sql)
            .await?
            .iter()
            .map(|row| {
                let period: DateTime<Utc> = row.try_get(16)?;
                found(
                    row,
                    granularity,
                    period.timestamp(),
                    SketchKind::Histogram,
                    &mut None,
                )
            })
            .collect::<Result<Vec<_>>>()?;
        tx.commit().await?;
        let Some(row) = found.last() else {
            return Ok(moved);
        };
        last = (row.period_start, row.series_id);
        moved += found.len() as u64;
        let rows = found
            .into_iter()
            .map(|row| taken_over::row(row, &mut merger));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        copied.database.put(granularity, rows).await?;
    }
}
