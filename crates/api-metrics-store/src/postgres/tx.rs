//! Transactions: isolation, timeouts, the clock, the leader's lock.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::store::Postgres;
use crate::{
    protocol::{
        backend::{Backend, Meta, Mode, Result, Tx},
        flush::EARLIEST,
    },
    sketch::SketchKind,
    store::{Maintained, StoreError},
    time::{Clock, Granularity, UnixSeconds},
};
use std::sync::Arc;

/// One transaction on one connection of the pool.
#[derive(Debug)]
pub(crate) struct PgTx {
    pub(super) sql: sqlx::Transaction<'static, sqlx::Postgres>,
    clock: Option<Arc<dyn Clock>>,
}

/// The isolation level is named because a host's default may differ. The timeouts bound how long a
/// stopped process can hold what others need.
const BEGIN_WRITE: &str = "\
    BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL lock_timeout = '10s'";
const BEGIN_LEAD: &str = "\
    BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'; \
    SET LOCAL statement_timeout = '60s'; \
    SET LOCAL lock_timeout = '5s'";
const BEGIN_READ: &str = "\
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL lock_timeout = '5s'";
/// The lock comes before the first SELECT: a snapshot taken earlier would silently miss the rows of
/// a partition that is dropped in between. It is no part of the opening: sqlx does not know of a
/// transaction whose opening failed, and would hand its connection on with the transaction aborted.
const LOCK_READ: &str = "\
    LOCK TABLE ONLY api_metrics.metrics_1m, ONLY api_metrics.metrics_5m, \
        ONLY api_metrics.metrics_1h, ONLY api_metrics.metrics_1d IN ACCESS SHARE MODE";

impl Backend for Postgres {
    type Tx = PgTx;

    async fn begin(&self, mode: Mode) -> Result<PgTx> {
        let begin = match mode {
            Mode::Write => BEGIN_WRITE,
            Mode::Lead => BEGIN_LEAD,
            Mode::Read => BEGIN_READ,
        };
        let mut sql = self.pool.begin_with(begin).await?;
        if matches!(mode, Mode::Read) {
            sqlx::raw_sql(LOCK_READ).execute(&mut *sql).await?;
        }
        Ok(PgTx {
            sql,
            clock: self.options.clock.clone(),
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
        super::partitions::drop_below(&self.pool, granularity, floor).await
    }
}

impl Tx for PgTx {
    async fn now_us(&mut self) -> Result<i64> {
        if let Some(clock) = &self.clock {
            let wall: DateTime<Utc> = clock.wall().into();
            return Ok(wall.timestamp_micros());
        }
        let row = sqlx::query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetch_one(&mut *self.sql)
            .await?;
        Ok(row.try_get(0)?)
    }

    async fn meta(&mut self) -> Result<Meta> {
        let row = sqlx::query("SELECT leader_min, writer_min, sketch_kind FROM api_metrics.meta")
            .fetch_one(&mut *self.sql)
            .await?;
        let code: i16 = row.try_get("sketch_kind")?;
        Ok(Meta {
            leader_min: row.try_get("leader_min")?,
            writer_min: row.try_get("writer_min")?,
            sketch_kind: sketch_kind(code)?,
        })
    }

    async fn commit(self) -> Result<()> {
        Ok(self.sql.commit().await?)
    }
}

pub(super) fn sketch_kind(code: i16) -> Result<SketchKind> {
    u8::try_from(code)
        .ok()
        .and_then(SketchKind::from_code)
        .ok_or_else(|| {
            StoreError::Corrupt(format!(
                "the database keeps sketches of the unknown kind {code}"
            ))
        })
}

/// The time as the database takes it; beyond the years 1 to 9999 it is cut.
pub(super) fn at(seconds: UnixSeconds) -> DateTime<Utc> {
    const LATEST: UnixSeconds = 253_402_300_799;
    DateTime::from_timestamp(seconds.clamp(EARLIEST, LATEST), 0).unwrap_or_default()
}

/// Numbers of flushes are counted up from 1 and can't reach the sign bit.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

pub(super) fn table(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Minute => "metrics_1m",
        Granularity::FiveMinutes => "metrics_5m",
        Granularity::Hour => "metrics_1h",
        Granularity::Day => "metrics_1d",
    }
}
