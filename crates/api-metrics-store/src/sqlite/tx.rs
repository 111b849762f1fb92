//! Transactions and the clock.

use std::{sync::Arc, time::SystemTime};

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row};

use super::store::Sqlite;
use crate::{
    engine::backend::{Backend, Floors, Meta, Mode, Result, Tx},
    sketch::SketchKind,
    store::{Maintained, StoreError},
    time::{Clock, Granularity, UnixSeconds},
};

/// One transaction on one connection of the pool.
#[derive(Debug)]
pub(crate) struct SqliteTx {
    pub(crate) sql: sqlx::Transaction<'static, sqlx::Sqlite>,
    clock: Option<Arc<dyn Clock>>,
    /// As the transaction's first look at [`Meta`] told.
    kind: Option<SketchKind>,
}

impl SqliteTx {
    /// The kind of the database's sketches.
    pub(super) async fn sketch_kind(&mut self) -> Result<SketchKind> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => Ok(self.meta().await?.sketch_kind),
        }
    }
}

/// Rows removed in one step below a floor.
const ROWS_A_STEP: i64 = 5_000;
/// Pages given back to the file system in one step.
const GIVE_BACK: &str = "PRAGMA incremental_vacuum(2000)";

impl Backend for Sqlite {
    type Tx = SqliteTx;

    async fn begin(&self, mode: Mode) -> Result<SqliteTx> {
        let begin = match mode {
            Mode::Write | Mode::Lead => "BEGIN IMMEDIATE",
            Mode::Read => "BEGIN DEFERRED",
        };
        Ok(SqliteTx {
            sql: self.pool.begin_with(begin).await?,
            clock: self.options.clock.clone(),
            kind: None,
        })
    }

    async fn prepare(&self) -> Result<()> {
        super::migrate::migrate(&self.pool, &self.options).await
    }

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

impl Tx for SqliteTx {
    async fn meta(&mut self) -> Result<Meta> {
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
        // The database runs in this process: its clock is the process's.
        let wall = self
            .clock
            .as_ref()
            .map_or_else(SystemTime::now, |clock| clock.wall());
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

    async fn commit(self) -> Result<()> {
        Ok(self.sql.commit().await?)
    }
}

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

/// A list as a parameter: SQLite has no arrays, but reads JSON.
pub(super) fn json_numbers(numbers: impl IntoIterator<Item = i64>) -> String {
    let numbers: Vec<_> = numbers.into_iter().map(|n| n.to_string()).collect();
    format!("[{}]", numbers.join(","))
}
