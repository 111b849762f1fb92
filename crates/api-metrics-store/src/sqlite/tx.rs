//! Transactions and the clock.
//!
//! `BEGIN IMMEDIATE` takes the file's write lock at once: a transaction that began as a reader and then
//! writes could fail with SQLITE_BUSY in the middle, whatever the busy timeout. Readers begin deferred,
//! and see the file as of their first SELECT.
//!
//! There is no limit to a statement here. A process that is stopped in the middle holds the lock until
//! it goes on or ends; the operating system frees it then.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row};

use super::{file::DatabaseFile, store::Sqlite};
use crate::{
    engine::{
        backend::{Backend, BoxTx, Floors, Meta, Mode, Result, Tx},
        damage::Damage,
    },
    sketch::SketchKind,
    store::{Maintained, StoreError},
    time::{Clock, Granularity, UnixSeconds},
};

/// One transaction on one connection of the pool. Dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct SqliteTx {
    /// The transaction.
    pub(crate) sql: sqlx::Transaction<'static, sqlx::Sqlite>,
    /// The file that a transaction which writes must find in its place when it has committed.
    written: Option<Arc<DatabaseFile>>,
    /// Instead of the process's clock, for tests and imports.
    clock: Option<Arc<dyn Clock>>,
    /// The kind of sketch, as the transaction's first look at `Meta` told.
    kind: Option<SketchKind>,
    /// What a careful transaction has met.
    pub(super) damage: Option<Damage>,
}

impl SqliteTx {
    /// The kind of the file's sketches.
    pub(super) async fn sketch_kind(&mut self) -> Result<SketchKind> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => Ok(self.meta().await?.sketch_kind),
        }
    }
}

/// Rows removed in one step below a floor. Bounds how long flushes wait for it.
const ROWS_A_STEP: i64 = 5_000;
/// Gives up to 2,000 free pages back to the file system in one step.
const GIVE_BACK: &str = "PRAGMA incremental_vacuum(2000)";

#[async_trait]
impl Backend for Sqlite {
    async fn begin(&self, mode: Mode) -> Result<BoxTx> {
        Ok(Box::new(self.begun(mode).await?))
    }

    async fn prepare(&self) -> Result<()> {
        let migrated = super::migrate::migrate(self).await;
        migrated.map_err(|error| self.file.diagnosed(error))?;
        self.file.prepared().await;
        Ok(())
    }

    /// Moves what the write-ahead log holds into the file, so that the file alone is whole, and empties
    /// the log. Other processes that use the file may keep it from that; then the log stays, and SQLite
    /// reads it at the next start.
    async fn settle(&self) -> Result<()> {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.pool)
            .await?;
        if busy != 0 {
            tracing::info!(
                path = self.file.shown(),
                "another process uses the SQLite file: its write-ahead log stays beside it"
            );
        }
        if self.file.was_moved().await {
            return Err(self.file.moved());
        }
        Ok(())
    }

    /// One DELETE in a transaction of its own, and pages given back where it removed any. `more` where
    /// it removed as many rows as it may.
    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<Maintained> {
        let removed = sqlx::query(AssertSqlSafe(super::rows::remove_below(granularity)))
            .bind(floor)
            .bind(ROWS_A_STEP)
            .bind(granularity.as_str())
            .execute(&self.pool)
            .await?
            .rows_affected();
        if removed > 0 {
            sqlx::query(GIVE_BACK).execute(&self.pool).await?;
        }
        Ok(Maintained {
            led: true,
            steps: u64::from(removed > 0),
            more: removed.cast_signed() == ROWS_A_STEP,
        })
    }
}

impl Sqlite {
    /// Begins a transaction.
    ///
    /// The pool's busy timeout of 10 s bounds the wait for the write lock; past it the error is
    /// SQLITE_BUSY, `StoreError::Unavailable`.
    ///
    /// Where the file was deleted or replaced, the one that is there now is prepared first: a flush then
    /// finds its fence behind, and sends again what is still held.
    pub(super) async fn begun(&self, mode: Mode) -> Result<SqliteTx> {
        let writes = mode != Mode::Read;
        if writes && self.file.was_moved().await {
            let told = self.file.moved();
            self.file.renew();
            tracing::debug!(error = %told, "the file is prepared anew");
            self.prepare().await?;
        }
        let begin = if writes {
            "BEGIN IMMEDIATE"
        } else {
            "BEGIN DEFERRED"
        };
        let begun = self.pool.begin_with(begin).await;
        let mut sql = begun.map_err(|error| {
            let error = self.file.diagnosed(error.into());
            // Nobody has made the file yet.
            if self.file.is_prepared() || !matches!(error, StoreError::Unavailable(_)) {
                return error;
            }
            match error.code().as_deref() {
                Some("14") => StoreError::Unprepared(error.into()),
                _ => error,
            }
        })?;
        if !self.file.is_prepared() {
            if super::migrate::applied(&mut sql).await?.is_empty() {
                let path = self.file.shown();
                return Err(StoreError::Unprepared(
                    format!("{path} has no schema").into(),
                ));
            }
            self.file.prepared().await;
        }
        Ok(SqliteTx {
            sql,
            written: writes.then(|| Arc::clone(&self.file)),
            clock: self.options.clock.clone(),
            kind: None,
            damage: None,
        })
    }
}

#[async_trait]
impl Tx for SqliteTx {
    /// One row. The clock is the process's, because the database runs in it.
    async fn meta(&mut self) -> Result<Meta> {
        // The database runs in this process: its clock is the process's. Read before the statement that takes the
        // snapshot: a later time would claim what was committed in between.
        let wall = self
            .clock
            .as_ref()
            .map_or_else(SystemTime::now, |clock| clock.wall());
        let row = sqlx::query(
            "SELECT leader_min, writer_min, sketch_kind, \
                    (SELECT floor FROM api_metrics_retention_floor WHERE granularity = '1m') AS floor_1m, \
                    (SELECT floor FROM api_metrics_retention_floor WHERE granularity = '5m') AS floor_5m, \
                    (SELECT floor FROM api_metrics_retention_floor WHERE granularity = '1h') AS floor_1h, \
                    (SELECT floor FROM api_metrics_retention_floor WHERE granularity = '1d') AS floor_1d \
             FROM api_metrics_meta",
        )
        .fetch_one(&mut *self.sql)
        .await?;
        let sketch_kind = sketch_kind(row.try_get("sketch_kind")?)?;
        self.kind = Some(sketch_kind);
        Ok(Meta {
            now_us: DateTime::<Utc>::from(wall).timestamp_micros(),
            floors: Floors([
                row.try_get("floor_1m")?,
                row.try_get("floor_5m")?,
                row.try_get("floor_1h")?,
                row.try_get("floor_1d")?,
            ]),
            leader_min: row.try_get("leader_min")?,
            writer_min: row.try_get("writer_min")?,
            sketch_kind,
        })
    }

    fn be_careful(&mut self) {
        self.damage = Some(Damage::default());
    }

    fn damage(&mut self) -> Option<&mut Damage> {
        self.damage.as_mut()
    }

    /// A commit into a file that is no longer in its place is none: the error leaves the outcome
    /// unknown, and the next flush asks the file that is there.
    async fn commit(self: Box<Self>) -> Result<()> {
        let Self { sql, written, .. } = *self;
        sql.commit().await?;
        match written {
            Some(file) if file.was_moved().await => Err(StoreError::Unavailable(
                format!("the file {} was deleted or replaced", file.shown()).into(),
            )),
            _ => Ok(()),
        }
    }

    async fn rollback(self: Box<Self>) {
        // The next transaction of the pool's connection waits for what is queued where this fails.
        drop(self.sql.rollback().await);
    }
}

/// The kind of sketch that is stored under this code.
///
/// # Errors
/// `StoreError::Corrupt` for an unknown code.
pub(super) fn sketch_kind(code: i64) -> Result<SketchKind> {
    u8::try_from(code)
        .ok()
        .and_then(SketchKind::from_code)
        .ok_or_else(|| {
            StoreError::Corrupt(format!(
                "the database keeps sketches of the unknown kind {code}"
            ))
        })
}

/// A list as a parameter, such as `[1,2,3]`: SQLite has no arrays, but reads JSON.
pub(super) fn json_numbers(numbers: impl IntoIterator<Item = i64>) -> String {
    let numbers: Vec<_> = numbers.into_iter().map(|n| n.to_string()).collect();
    format!("[{}]", numbers.join(","))
}
