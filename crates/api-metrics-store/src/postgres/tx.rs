//! Transactions: isolation, timeouts, the clock, the leader's lock.
//!
//! Everything is set with SET LOCAL and ends with the transaction, so that the pool can be the host's
//! and the connection can come through a pooler in transaction mode.
//!
//! | limit | write | lead | read | past it |
//! |---|---|---|---|---|
//! | statement | 30 s | 60 s | 30 s | SQLSTATE 57014, `StoreError::Timeout` |
//! | lock | 10 s | 5 s | 5 s | SQLSTATE 55P03, `StoreError::Timeout` |
//! | idle in transaction | 10 s | 30 s | 10 s | the server closes the connection, `StoreError::Unavailable` |
//!
//! The last one bounds how long a process that was stopped in the middle can hold a fence or the lead.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    cancel::Cancel,
    flush::chunk,
    read::{quarantined, unfolded},
    store::Postgres,
    transaction::OpenTransaction,
    unnamed,
};
use crate::{
    engine::{
        backend::{Backend, BoxTx, Floors, Meta, Mode, ReadHeader, Result, Tx},
        copied::{
            self, Copied,
            seam::BucketDatabase,
            state::{self, Copy},
        },
        damage::Damage,
        flush::EARLIEST,
        shares::ShareLimits,
    },
    query::{Scope, TimeRange},
    sketch::SketchKind,
    store::{Maintained, StandbyStatus, StoreError},
    time::{Clock, Granularity, UnixSeconds},
};
/// One transaction on one connection of the pool. Dropped, it is rolled back; a read that is dropped
/// also asks the server to stop its statement.
#[derive(Debug)]
pub(crate) struct PgTx {
    pub(crate) sql: OpenTransaction,
    /// Instead of the database's clock, for tests and imports.
    clock: Option<Arc<dyn Clock>>,
    /// The kind of sketch, as the transaction's first look at `Meta` told.
    kind: Option<SketchKind>,
    /// Stops the server's work on a read that was dropped.
    cancel: Cancel,
    /// What a careful transaction has met.
    pub(super) damage: Option<Damage>,
    /// Where the buckets are, if not here.
    pub(super) buckets: Option<Arc<dyn BucketDatabase>>,
    /// What this snapshot says of them, once somebody has asked.
    copy: Option<Arc<Copy>>,
}

impl PgTx {
    /// The generation that this snapshot has read buckets of another database in.
    pub(super) fn read_generation(&self) -> Option<i64> {
        self.copy.as_ref().map(|copy| copy.state.generation)
    }

    /// What this snapshot says of buckets in another database. The transaction is idle while that one is asked.
    pub(super) async fn copy(&mut self) -> Result<Arc<Copy>> {
        if let Some(copy) = &self.copy {
            return Ok(Arc::clone(copy));
        }
        sqlx::raw_sql("SET LOCAL idle_in_transaction_session_timeout = '60s'")
            .execute(&mut *self.sql)
            .await?;
        let copy = Arc::new(state::load(self).await?);
        self.copy = Some(Arc::clone(&copy));
        Ok(copy)
    }

    /// The kind of the database's sketches. One round trip where nobody has asked for `Meta` in this
    /// transaction yet.
    pub(super) async fn sketch_kind(&mut self) -> Result<SketchKind> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => Ok(self.meta().await?.sketch_kind),
        }
    }
}

/// Begins a flush or another short write. The isolation level is named because a host's default may
/// differ. The timeouts bound how long a stopped process can hold what others need.
/// `api_metrics.access` is what row-level security asks for; it ends with the transaction.
const BEGIN_WRITE: &str = "\
    BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL lock_timeout = '10s'; \
    SET LOCAL api_metrics.access = 'all'";
/// Begins a fold, rollup or retention. Compiling a statement takes longer than most of ours, so JIT is
/// off; what is sorted or grouped is some MiB at most.
pub(super) const BEGIN_LEAD: &str = "\
    BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'; \
    SET LOCAL statement_timeout = '60s'; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL jit = off; \
    SET LOCAL work_mem = '32MB'; \
    SET LOCAL api_metrics.access = 'all'";
/// Begins a read. As for a leader, and without parallel workers, which others may need and which take
/// longer to start than most statements take. What is read again and again is in memory, which
/// `random_page_cost` says.
const BEGIN_READ: &str = "\
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL jit = off; \
    SET LOCAL work_mem = '32MB'; \
    SET LOCAL random_page_cost = 1.1; \
    SET LOCAL max_parallel_workers_per_gather = 0";
/// Locks the metrics tables before the first SELECT: a snapshot taken earlier would silently miss the
/// rows of a partition that is dropped in between. ACCESS SHARE conflicts with dropping alone.
///
/// It is no part of the BEGIN text: sqlx does not know of a transaction whose BEGIN text failed, and
/// would hand its connection on with the transaction aborted.
const LOCK_READ: &str = "\
    LOCK TABLE ONLY api_metrics.metrics_1m, ONLY api_metrics.metrics_5m, \
        ONLY api_metrics.metrics_1h, ONLY api_metrics.metrics_1d IN ACCESS SHARE MODE";

#[async_trait]
impl Backend for Postgres {
    async fn begin(&self, mode: Mode) -> Result<BoxTx> {
        match mode {
            Mode::Write => Ok(Box::new(self.begun(&self.pool, BEGIN_WRITE).await?)),
            Mode::Lead => Ok(Box::new(self.begun(&self.pool, BEGIN_LEAD).await?)),
            Mode::Read => self.begin_read(&Scope::All).await,
        }
    }

    /// Opens a snapshot in two round trips: BEGIN with its settings, then the lock together with the
    /// scope for row-level security. The tenant travels as hexadecimal digits and keys as decimal ones,
    /// so that neither can be anything else in a statement without parameters.
    async fn begin_read(&self, scope: &Scope) -> Result<BoxTx> {
        Ok(Box::new(self.begin_read_on(&self.pool, scope).await?))
    }

    async fn begin_standby(&self, scope: &Scope) -> Option<BoxTx> {
        // Of the buckets elsewhere a standby's snapshot would be one of before.
        let standby = self.standby.as_ref().filter(|_| self.copied.is_none())?;
        if !standby.may_be_read(&self.pool).await {
            return None;
        }
        match self.begin_read_on(&standby.pool, scope).await {
            Ok(tx) => Some(Box::new(tx)),
            Err(error) => {
                standby.failed(error.to_string());
                None
            }
        }
    }

    fn standby_failed(&self, error: Option<&StoreError>) {
        match (&self.standby, error) {
            (Some(standby), Some(error)) => standby.failed(error.to_string()),
            (Some(standby), None) => standby.was_stale(),
            (None, _) => {}
        }
    }

    async fn standby(&self) -> Option<StandbyStatus> {
        match &self.standby {
            Some(standby) => Some(standby.status(&self.pool).await),
            None => None,
        }
    }

    async fn prepare(&self) -> Result<()> {
        super::migrate::migrate(&self.pool, &self.options).await?;
        copied::prepare(self, self.copied.as_ref(), &self.options).await
    }

    fn shares(&self) -> Option<ShareLimits> {
        self.share_limits()
    }

    async fn begin_share(&self) -> Option<BoxTx> {
        let tx = self.spare_transaction().await?;
        Some(Box::new(tx))
    }

    fn copied(&self) -> Option<&Copied> {
        self.copied.as_ref()
    }

    async fn generation(&self) -> Result<i64> {
        let statement = "SELECT generation FROM api_metrics.copy_state";
        Ok(unnamed::query_scalar(statement)
            .fetch_one(&self.pool)
            .await?)
    }

    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<Maintained> {
        match &self.copied {
            Some(copied) => copied.remove_below(granularity, floor).await,
            None => super::partitions::drop_below(&self.pool, granularity, floor).await,
        }
    }
}

impl Postgres {
    /// Opens a snapshot on the server behind `pool`, see [`Backend::begin_read`].
    pub(super) async fn begin_read_on(&self, pool: &sqlx::PgPool, scope: &Scope) -> Result<PgTx> {
        let (access, tenant, keys) = match scope {
            Scope::All => ("all", "", String::new()),
            Scope::Tenant(tenant) => ("", tenant.as_str(), String::new()),
            Scope::Keys(ids) => {
                let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
                ("", "", format!("{{{}}}", ids.join(",")))
            }
        };
        // Lock and settings go in one message, which takes no parameters. Digits can't break out of a literal.
        let tenant: String = tenant.bytes().map(|byte| format!("{byte:02x}")).collect();
        let lock = format!(
            "{LOCK_READ}; \
             SELECT pg_backend_pid() AS backend, \
                    (extract(epoch FROM now()) * 1000000)::bigint AS began_us, \
                    set_config('api_metrics.access', '{access}', true), \
                    set_config('api_metrics.tenant', convert_from(decode('{tenant}', 'hex'), 'UTF8'), true), \
                    set_config('api_metrics.keys', '{keys}', true)"
        );
        let mut tx = self.begun(pool, BEGIN_READ).await?;
        let row = sqlx::raw_sql(AssertSqlSafe(lock))
            .fetch_one(&mut *tx.sql)
            .await?;
        let began = DateTime::from_timestamp_micros(row.try_get("began_us")?);
        let backend = row.try_get("backend")?;
        tx.cancel = began.map_or(Cancel::never(), |began| Cancel::of(pool, backend, began));
        Ok(tx)
    }

    /// Begins a transaction with this text, which is one of the three constants.
    pub(super) async fn begun(&self, pool: &sqlx::PgPool, begin: &'static str) -> Result<PgTx> {
        Ok(PgTx {
            sql: uncancelled(pool, begin).await?,
            clock: self.options.clock.clone(),
            kind: None,
            cancel: Cancel::never(),
            damage: None,
            buckets: self
                .copied
                .as_ref()
                .map(|copied| Arc::clone(&copied.database)),
            copy: None,
        })
    }
}

/// Begins a transaction to its end, also where the caller is dropped meanwhile. sqlx forgets a BEGIN
/// whose answer nobody awaited. The next user of that connection, who may be the host, would then be in
/// a transaction without knowing it.
///
/// # Errors
/// `StoreError::Timeout` when no connection of the pool is free in time, `StoreError::Unavailable` when
/// the runtime shuts down.
pub(super) async fn uncancelled(
    pool: &sqlx::PgPool,
    begin: &'static str,
) -> Result<OpenTransaction> {
    let pool = pool.clone();
    // The task drops a transaction that nobody takes, which rolls it back.
    let begun = tokio::spawn(async move { OpenTransaction::begin(&pool, begin).await });
    Ok(begun
        .await
        .map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))??)
}

/// What `meta_of` reads: one row. The clock is `clock_timestamp()`, not the start of the transaction,
/// which may have waited for a lock. Floors come as an array from minutes to days.
const META: &str = "\
    m.leader_min, m.writer_min, m.sketch_kind, \
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us, \
    (SELECT array_agg(l.floor ORDER BY array_position('{1m,5m,1h,1d}', l.granularity)) \
     FROM api_metrics.retention_floor AS l) AS floors";

#[async_trait]
impl Tx for PgTx {
    async fn meta(&mut self) -> Result<Meta> {
        let asked_at = self.wall();
        let row = unnamed::query(AssertSqlSafe(format!(
            "SELECT {META} FROM api_metrics.meta AS m"
        )))
        .fetch_one(&mut *self.sql)
        .await?;
        self.meta_of(&row, asked_at)
    }

    /// One statement. Its first row holds everything that comes once; the others, if any, are flush
    /// batches. The outer join gives that row also where there is no flush batch.
    async fn read_header(
        &mut self,
        range: TimeRange,
        inner: TimeRange,
        instance: Uuid,
    ) -> Result<ReadHeader> {
        // Flush batches may be many rows. Everything else comes once, with the first of them or alone.
        let unfolded = unfolded("$4", "$5");
        let quarantined = quarantined("$1", "$2");
        let text = format!(
            "SELECT * FROM (SELECT 1 AS first, {META}, d.granularities, d.periods, c.starts, c.ends, \
               (SELECT seq FROM api_metrics.instance WHERE id = $3) AS fence, \
               (SELECT tag FROM api_metrics.aggregate_series_tag) AS aggregate_series_tag, \
               q.starts AS quarantined_from, q.ends AS quarantined_to \
             FROM api_metrics.meta AS m \
             CROSS JOIN (SELECT coalesce(array_agg(granularity), '{{}}') AS granularities, \
                                coalesce(array_agg(period_start), '{{}}') AS periods \
                         FROM api_metrics.dirty WHERE period_start >= $1 AND period_start < $2) AS d \
             CROSS JOIN (SELECT coalesce(array_agg(period_from), '{{}}') AS starts, \
                                coalesce(array_agg(period_to), '{{}}') AS ends \
                         FROM api_metrics.coarse WHERE period_from < $2 AND period_to > $1) AS c \
             CROSS JOIN (SELECT coalesce(array_agg(period_from), '{{}}') AS starts, \
                                coalesce(array_agg(period_to), '{{}}') AS ends \
                         FROM ({quarantined}) AS q (period_from, period_to)) AS q) AS o \
             FULL JOIN (SELECT row_number() OVER () AS place, b.* FROM ({unfolded}) AS b) AS b ON b.place = o.first"
        );
        let asked_at = self.wall();
        let rows = unnamed::query(AssertSqlSafe(text))
            .bind(at(range.from))
            .bind(at(range.to))
            .bind(instance)
            .bind(at(inner.from))
            .bind(at(inner.to))
            .fetch_all(&mut *self.sql)
            .await?;
        let mut header = None;
        let mut unfolded = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<Option<i32>, _>("first")?.is_some() {
                header = Some(row);
            }
            if row.try_get::<Option<i64>, _>("place")?.is_some() {
                unfolded.push(chunk(row)?);
            }
        }
        let row = header.ok_or(sqlx::Error::RowNotFound)?;
        let times = |column| -> Result<Vec<UnixSeconds>> {
            let times: Vec<DateTime<Utc>> = row.try_get(column)?;
            Ok(times.iter().map(DateTime::timestamp).collect())
        };
        let granularities: Vec<String> = row.try_get("granularities")?;
        let granularities = granularities
            .iter()
            .map(|name| Granularity::from_name(name));
        let fence: Option<i64> = row.try_get("fence")?;
        Ok(ReadHeader {
            meta: self.meta_of(row, asked_at)?,
            dirty: granularities
                .zip(times("periods")?)
                .filter_map(|(granularity, period)| Some((granularity?, period)))
                .collect(),
            coarse: times("starts")?.into_iter().zip(times("ends")?).collect(),
            quarantined: times("quarantined_from")?
                .into_iter()
                .zip(times("quarantined_to")?)
                .collect(),
            fence: fence.map_or(0, unsigned),
            aggregate_series_tag: row.try_get("aggregate_series_tag")?,
            unfolded,
        })
    }

    fn be_careful(&mut self) {
        self.damage = Some(Damage::default());
    }

    fn damage(&mut self) -> Option<&mut Damage> {
        self.damage.as_mut()
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.sql.commit().await?;
        self.cancel.disarm();
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) {
        if self.sql.rollback().await.is_ok() {
            self.cancel.disarm();
        }
    }
}

impl PgTx {
    /// What the clock says that stands in for the database's. It must be read before the statement that takes the
    /// snapshot is sent: a later time would claim what was committed in between.
    fn wall(&self) -> Option<SystemTime> {
        self.clock.as_ref().map(|clock| clock.wall())
    }

    /// `Meta` from a row with the columns of `META`, which was asked for at that time of [`wall`](Self::wall).
    /// Remembers the kind of sketch.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where there are not four floors, or the kind of sketch is unknown.
    fn meta_of(&mut self, row: &PgRow, asked_at: Option<SystemTime>) -> Result<Meta> {
        let floors: Vec<DateTime<Utc>> = row.try_get("floors")?;
        let floors: Vec<_> = floors.iter().map(DateTime::timestamp).collect();
        let floors = floors.try_into().map_err(|_| {
            StoreError::Corrupt("the floors of the granularities are incomplete".into())
        })?;
        let sketch_kind = sketch_kind(row.try_get("sketch_kind")?)?;
        self.kind = Some(sketch_kind);
        Ok(Meta {
            now_us: match asked_at {
                Some(asked_at) => DateTime::<Utc>::from(asked_at).timestamp_micros(),
                None => row.try_get("now_us")?,
            },
            floors: Floors(floors),
            leader_min: row.try_get("leader_min")?,
            writer_min: row.try_get("writer_min")?,
            sketch_kind,
        })
    }
}

/// The kind of sketch that is stored under this code.
///
/// # Errors
/// `StoreError::Corrupt` for an unknown code.
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

/// The time as the database takes it. Times outside the years 1 to 9999 are clamped to them.
pub(super) fn at(seconds: UnixSeconds) -> DateTime<Utc> {
    const LATEST: UnixSeconds = 253_402_300_799;
    DateTime::from_timestamp(seconds.clamp(EARLIEST, LATEST), 0).unwrap_or_default()
}

/// A count or flush number as a bigint. Flush numbers count up from 1 and can't reach the sign bit;
/// larger counts become the largest bigint.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A bigint as a count or flush number; negative ones, which nobody writes, become 0.
pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// The table of a granularity, without its schema.
pub(super) fn table(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Minute => "metrics_1m",
        Granularity::FiveMinutes => "metrics_5m",
        Granularity::Hour => "metrics_1h",
        Granularity::Day => "metrics_1d",
    }
}
