//! What the protocol needs of a database.
//!
//! The other files of this folder hold the steps and their order. An implementation of these traits
//! only carries out statements: it never decides which records count, in which order things happen, or
//! whether a step is due. Both databases therefore share one proof, which `docs/protocol.md` gives.
//!
//! | trait | who calls it | transaction |
//! |---|---|---|
//! | `Backend` | `engine::store` and every step | opens one |
//! | `FlushTx` | `flush` | `Mode::Write` |
//! | `LeadTx` | `fold`, `rollup`, `retention` | `Mode::Lead` |
//! | `ReadTx` | `read`, status, key lookups | `Mode::Read` |
//! | `Tx` | all of them | any |
//!
//! # Invariants that an implementation must keep
//!
//! - A transaction that is dropped without a commit leaves nothing behind, and holds no lock once its
//!   rollback has ended.
//! - Statements of one transaction see what earlier statements of it wrote.
//! - A `Mode::Read` transaction sees one state of the database from its first statement to its last.
//! - No lock, setting or prepared statement outlives its transaction, so that the pool may be shared
//!   with the host and may go through a pooler in transaction mode.
//!
//! # Errors
//!
//! Every method here fails with `StoreError::Unavailable` when the database cannot be reached or
//! refuses for now (shutdown, failover, SQLite's busy), with `StoreError::Timeout` past the limit of a
//! statement, a lock or the wait for a connection, and with `StoreError::Database` for a refusal that
//! another try won't mend, such as a missing right. The methods name only what they return beyond that.
//! After any error the transaction must be dropped: on Postgres it is aborted, and no further statement
//! of it can succeed.

mod transaction;

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use api_metrics_layer::ApiKey;
use async_trait::async_trait;
use uuid::Uuid;

pub(crate) use self::transaction::{BoxTx, ENDED_SESSION, FlushTx, LeadTx, ReadTx, Tx};
use super::{condition::Condition, copied::Copied, shares::ShareLimits};
use crate::{
    bucket::Bucket,
    query::{Detail, Filter, Scope},
    series::{SeriesKey, SeriesKind},
    sketch::SketchKind,
    store::{Instance, Maintained, StandbyStatus, StoreError},
    time::{Granularity, UnixSeconds},
};

/// The result of everything in this folder but a flush, which tells apart errors before and after its
/// COMMIT.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// What a transaction is opened for. It decides isolation, time limits and, on SQLite, the lock.
///
/// | mode | Postgres isolation | statement / lock / idle limit | SQLite |
/// |---|---|---|---|
/// | `Write` | READ COMMITTED | 30 s / 10 s / 10 s | `BEGIN IMMEDIATE` |
/// | `Lead` | READ COMMITTED | 60 s / 5 s / 30 s | `BEGIN IMMEDIATE` |
/// | `Read` | REPEATABLE READ, read only | 30 s / 5 s / 10 s | `BEGIN DEFERRED` |
///
/// SQLite waits up to 10 s for its file's write lock, whatever the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A flush or another short write. On Postgres any number of processes may hold one at a time; two
    /// flushes of one instance wait for each other at the fence.
    Write,
    /// Fold, rollup, retention. `LeadTx::try_lead` lets one of them through at a time, or the shares of one fold.
    Lead,
    /// One snapshot of everything, read only, safe against partitions being dropped meanwhile. It
    /// blocks no writer and no leader, apart from the dropping of a partition, which gives way to it.
    Read,
}

/// A database that the protocol runs on.
///
/// It is shared by all tasks of a process: every method may be called concurrently.
#[async_trait]
pub(crate) trait Backend: Send + Sync + Debug + 'static {
    /// Opens a transaction of this mode. Nothing is locked yet, apart from SQLite's write lock for
    /// `Mode::Write` and `Mode::Lead`, and Postgres's ACCESS SHARE lock on the metrics tables for
    /// `Mode::Read`.
    ///
    /// Safe to cancel: a transaction whose caller is gone is rolled back.
    ///
    /// # Errors
    /// `StoreError::Timeout` when no connection of the pool is free in time, or on Postgres the lock of
    /// a read is not. `StoreError::Unavailable` when SQLite's write lock is not free within 10 s.
    async fn begin(&self, mode: Mode) -> Result<BoxTx>;
    /// Opens a snapshot in which the database itself hides what `scope` may not see, where it can. This
    /// is a second wall behind the statements' own conditions: a statement that forgets its condition
    /// still shows nothing of another tenant. Postgres does it by row-level security; SQLite can't, and
    /// opens a plain snapshot.
    async fn begin_read(&self, scope: &Scope) -> Result<BoxTx> {
        let _ = scope;
        self.begin(Mode::Read).await
    }
    /// Opens a snapshot on a standby that is not too far behind. `None`, also where the standby fails: read where everything
    /// is written.
    async fn begin_standby(&self, scope: &Scope) -> Option<BoxTx> {
        let _ = scope;
        None
    }
    /// A snapshot on the standby could not be read, or with `None` lacks what the caller does not hold any more.
    fn standby_failed(&self, error: Option<&StoreError>) {
        let _ = error;
    }
    /// How the standby is doing; `None` where there is none.
    async fn standby(&self) -> Option<StandbyStatus> {
        None
    }
    /// How a fold may be divided among transactions; `None` where one folds everything.
    fn shares(&self) -> Option<ShareLimits> {
        None
    }
    /// Opens a further transaction for a fold, as `Mode::Lead` does. `None` where there is no connection that
    /// others don't need, and where it can't be opened.
    async fn begin_share(&self) -> Option<BoxTx> {
        None
    }
    /// Where the buckets are, if not in this database.
    fn copied(&self) -> Option<&Copied> {
        None
    }
    /// How often a clean period has become dirty, as of now and not of any snapshot. Asked only where buckets are copied.
    async fn generation(&self) -> Result<i64> {
        Ok(0)
    }
    /// Connects, migrates and agrees on the kind of sketch. Processes that start together are let in
    /// one after another, by the leader's lock on Postgres and the file's write lock on SQLite. Calling
    /// it again changes nothing.
    /// # Errors
    /// `StoreError::TooNew` when a newer release has migrated the database, `StoreError::SketchKind`
    /// when it keeps another kind of sketch than the one configured.
    async fn prepare(&self) -> Result<()>;
    /// Leaves the database as another program should find it. Called once nothing is left to write.
    async fn settle(&self) -> Result<()> {
        Ok(())
    }
    /// Removes a bounded amount of what lies below a floor, outside any transaction of the protocol.
    /// The floor has moved already, so no reader looks at these rows any more. The implementation reads
    /// the stored floor once more before it deletes, since the database may have gone back in the
    /// meantime.
    ///
    /// Bounds: 8 partitions a call on Postgres, 5,000 rows a call on SQLite. `Maintained::more` says
    /// that something is left. Losing against a reader or another leader is no error.
    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<Maintained>;
}

/// Everything that names a series. Two series are one if all seven members are equal; the database has
/// a unique index over them. The order of the members is the order in which writers lock new series,
/// see `FlushTx::intern_series`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SeriesLabels {
    /// The recording service, such as `shop`.
    pub service: Arc<str>,
    /// The deployment environment, such as `production`.
    pub environment: Arc<str>,
    /// The protocol's name, such as `http` or `grpc`.
    pub protocol: Arc<str>,
    /// The HTTP method, such as `GET`.
    pub method: Arc<str>,
    /// The route template, such as `/orders/{id}`; empty in aggregate series over all endpoints.
    pub endpoint: Arc<str>,
    /// The number of the API key. 0 stands for no key, and for all keys in aggregate series over them.
    pub api_key_id: i64,
    /// Base, or which aggregate series it is.
    pub kind: SeriesKind,
}

/// Whose series a process records: the labels that all its series have in common, shared rather than
/// copied.
pub(crate) struct Owner {
    service: Arc<str>,
    environment: Arc<str>,
}

impl Owner {
    /// The owner of an instance's series.
    pub(crate) fn of(instance: &Instance) -> Self {
        Self {
            service: instance.service.as_str().into(),
            environment: instance.environment.as_str().into(),
        }
    }

    /// The labels of a base series of this process. `api_key_id` is the number of `series.api_key`,
    /// which only the caller knows: 0 where there is none.
    pub(crate) fn labels(&self, series: &SeriesKey, api_key_id: i64) -> SeriesLabels {
        SeriesLabels {
            service: Arc::clone(&self.service),
            environment: Arc::clone(&self.environment),
            protocol: series.protocol.as_str().into(),
            method: series.method.into(),
            endpoint: Arc::clone(&series.endpoint),
            api_key_id,
            kind: SeriesKind::Base,
        }
    }
}

impl SeriesLabels {
    /// The labels of the aggregate series of `kind` that this base series counts in. What the kind sums
    /// over is blanked: the key becomes 0, the endpoint the empty text.
    ///
    /// | kind | `endpoint` | `api_key_id` |
    /// |---|---|---|
    /// | `ByEndpoint` | kept | 0 |
    /// | `ByKey` | empty | kept |
    /// | `Total` | empty | 0 |
    pub(crate) fn aggregates(&self, kind: SeriesKind) -> Self {
        let mut labels = self.clone();
        labels.kind = kind;
        if matches!(kind, SeriesKind::ByEndpoint | SeriesKind::Total) {
            labels.api_key_id = 0;
        }
        if matches!(kind, SeriesKind::ByKey | SeriesKind::Total) {
            labels.endpoint = "".into();
        }
        labels
    }
}

/// An interned series: its number and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct SeriesRow {
    /// The number under which buckets are stored. The database gives it once, counting up, and never
    /// changes it. A restored database may give the same number to another series.
    pub id: i64,
    /// What the number stands for.
    pub labels: SeriesLabels,
}

/// One row of a metrics table, as it is written.
#[derive(Debug, Clone)]
pub(crate) struct BucketRow {
    /// The start of the period in Unix seconds, a multiple of the granularity's length.
    pub period_start: UnixSeconds,
    /// The number of its series.
    pub series_id: i64,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The encoded sketch.
    pub sketch: Vec<u8>,
    /// The sketch's p50, p95 and p99 in milliseconds, for those who read the tables by SQL.
    pub quantiles_ms: [Option<f64>; 3],
}

/// One row of a metrics table, as it was found. The quantiles are left out: they follow from the
/// sketch, and are made anew when the row is written.
#[derive(Debug)]
pub(crate) struct FoundRow {
    /// The start of the period in Unix seconds.
    pub period_start: UnixSeconds,
    /// The number of its series.
    pub series_id: i64,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The encoded sketch.
    pub sketch: Vec<u8>,
}

/// Rows of one series and step, summed as far as the database could.
#[derive(Debug)]
pub(crate) struct SeriesSum {
    /// The number of the series that is summed.
    pub series_id: i64,
    /// The index of the step, 0 for the first.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    pub step: usize,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The rows' sketches, one encoding after another. Encodings add by concatenation, so the database
    /// needs no function to merge them; they are merged once, where they end up.
    pub sketches: Vec<u8>,
}

/// The period counts of one period: how many requests each aggregate series had in it, encoded as
/// `period_counts` describes.
pub(crate) type EncodedPeriodCounts = ((Granularity, UnixSeconds), Vec<u8>);

/// A chunk of a flush batch: one row of the inbox, which carries up to 2,000 buckets. A batch of 4,500
/// buckets is the chunks 0, 1 and 2 under one seq; an empty batch has none.
#[derive(Debug, Clone)]
pub(crate) struct InboxChunk {
    /// The instance that sent it.
    pub id: Uuid,
    /// The number of the flush that carried it. Counts up from 1 for the life of the process.
    pub seq: u64,
    /// Its place within the flush batch, from 0.
    pub chunk: i32,
    /// The start of its earliest minute, in Unix seconds.
    pub period_from: UnixSeconds,
    /// The end of its latest minute, exclusive. A read skips the chunk by these two alone.
    pub period_to: UnixSeconds,
    /// Buckets in the payload, 1 to 2,000. The fold's budget is counted in these.
    pub row_count: u64,
    /// Requests in all of its buckets, for the status.
    pub records: u64,
    /// The encoded buckets, in the layout that `payload` describes.
    pub payload: Vec<u8>,
}

/// A version of a service in an environment. Its requests are told apart from those of others where it is not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct VersionLabels {
    /// The service's name.
    pub service: String,
    /// The environment's name.
    pub environment: String,
    /// What the process calls its version; empty where it names none.
    pub version: String,
}

/// An instance with flush batches that are not folded: those with `folded < number <= seq`.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    /// The instance.
    pub id: Uuid,
    /// Its fence: the number of its last committed flush.
    pub seq: u64,
    /// Its fold mark: up to which number the leader has folded it, 0 at first.
    pub folded: u64,
    /// Which version of what it runs.
    pub of: VersionLabels,
}

/// The retention floors: the start of what each granularity keeps, in the order of `Granularity::ALL`
/// (1m, 5m, 1h, 1d).
///
/// They never go back, are aligned to partitions, and fall from fine to coarse: what a granularity
/// keeps, the coarser ones keep too. At or above the floor of its children a row is derived, that is
/// recomputed from them; below it, it is base, that is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floors(pub [UnixSeconds; 4]);

impl Floors {
    /// The floor of one granularity, in Unix seconds.
    pub(crate) fn of(&self, granularity: Granularity) -> UnixSeconds {
        let [minute, five, hour, day] = self.0;
        match granularity {
            Granularity::Minute => minute,
            Granularity::FiveMinutes => five,
            Granularity::Hour => hour,
            Granularity::Day => day,
        }
    }

    /// The finest granularity that still keeps the period containing `at`. This is where late records
    /// are added and which granularity a read may use. Days are always kept, so the answer is `Day` for
    /// anything old.
    pub(crate) fn finest_at(&self, at: UnixSeconds) -> Granularity {
        Granularity::ALL
            .into_iter()
            .find(|g| g.floor(at) >= self.of(*g))
            .unwrap_or(Granularity::Day)
    }
}

/// What every step begins with, in one round trip.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    /// The clock that decides: the database's, or the one given at construction. Microseconds since
    /// 1970. Latencies and intervals never come from it.
    pub now_us: i64,
    /// The retention floors, as this transaction sees them.
    pub floors: Floors,
    /// The least schema knowledge that a process needs to lead. Compared with `SCHEMA_KNOWLEDGE`.
    pub leader_min: i64,
    /// The least schema knowledge that a process needs to write.
    pub writer_min: i64,
    /// The kind of all sketches in this database, fixed when it was created.
    pub sketch_kind: SketchKind,
}

impl Meta {
    /// The same clock in whole seconds, rounded down.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.now_us.div_euclid(1_000_000)
    }
}

/// What a read begins with: everything about the snapshot that does not depend on the series asked for.
#[derive(Debug)]
pub(crate) struct ReadHeader {
    /// The clock, the floors and the kind of sketch.
    pub meta: Meta,
    /// Dirty periods that start in the wider range. A read takes their children instead of their rows.
    pub dirty: Vec<(Granularity, UnixSeconds)>,
    /// Spans that an outage made a process coarsen. They change no sum; they say that an edge inside
    /// one is approximate.
    pub coarse: Vec<(UnixSeconds, UnixSeconds)>,
    /// Periods from `[from, to)` of which something was quarantined, as `[from, to)`. They change no sum;
    /// they say that an answer leaves something out.
    pub quarantined: Vec<(UnixSeconds, UnixSeconds)>,
    /// The fence of the asking instance in this snapshot; 0 where it has none. Batches above it are
    /// only in the process's memory.
    pub fence: u64,
    /// The tag of the aggregate series, replaced whenever a fold has made some. `None` where the
    /// database has none; nothing may then be kept from read to read.
    pub aggregate_series_tag: Option<Uuid>,
    /// Committed flush batches above the fold marks with rows in the inner range.
    pub unfolded: Vec<InboxChunk>,
}

/// Which stored series an aggregate reads: those that meet all three members.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    /// Base, or which aggregate series.
    pub kinds: &'a [SeriesKind],
    /// What the caller asked for.
    pub filter: &'a Filter,
    /// What the caller may see.
    pub scope: &'a Scope,
}

impl<'a> Selection<'a> {
    /// What a series must meet to be selected.
    pub(crate) fn conditions(&self) -> Vec<Condition<'a>> {
        let mut conditions = vec![Condition::of_kinds(self.kinds)];
        conditions.extend(Condition::of_filter(self.filter));
        conditions.extend(Condition::of_scope(self.scope));
        conditions
    }
}

/// A piece of a read: whole periods of one granularity, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The table to read.
    pub granularity: Granularity,
    /// The start of the first period, aligned to the granularity.
    pub from: UnixSeconds,
    /// The end of the last period, exclusive and aligned.
    pub to: UnixSeconds,
}

impl Segment {
    /// The starts of its periods, ascending. An empty or inverted segment has none.
    pub(crate) fn periods(&self) -> impl ExactSizeIterator<Item = UnixSeconds> + use<> {
        let (from, seconds) = (self.from, self.granularity.seconds());
        let n = (self.to - from).max(0) / seconds;
        (0..u32::try_from(n).unwrap_or(u32::MAX)).map(move |n| from + i64::from(n) * seconds)
    }
}

/// Dirty periods, and when they were marked.
pub(crate) type Marks = BTreeMap<(Granularity, UnixSeconds), UnixSeconds>;

/// What a read sums: rows of `series` in `segments`, by group and step.
#[derive(Debug)]
pub(crate) struct SumRequest<'a> {
    /// The periods, of any granularity. They do not overlap, so that no request counts twice.
    pub segments: &'a [Segment],
    /// The edges of the steps, ascending. Step `i` is `[edges[i], edges[i + 1])`.
    pub edges: &'a [UnixSeconds],
    /// The series, ascending by number, and the group that each counts in.
    pub series: &'a [(i64, i32)],
    /// Which columns are needed: requests alone, all counts, or the sketches too. What is not needed is
    /// not sent.
    pub detail: Detail,
}

/// A partial sum of one group and step, as far as the database has summed it. Several may come for one
/// group and step, and the receiver adds them; their order has no meaning.
#[derive(Debug)]
pub(crate) struct PartialSum<'a> {
    /// The number from `SumRequest::series`.
    pub group: usize,
    /// The index of the step among `SumRequest::edges`, 0 for the first.
    pub step: usize,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// Zero or more sketches, one encoding after another.
    pub sketches: &'a [u8],
}

/// Takes partial sums as they come, while the database still works on the next ones. An error ends the
/// statement and is returned.
pub(crate) type Sink<'a> = dyn FnMut(PartialSum<'_>) -> Result<()> + Send + 'a;

/// Of which series an aggregate is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Series<'a> {
    /// All of them: a rollup.
    All,
    /// These, in any order.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    Ids(&'a [i64]),
}

/// The text under which a key is interned as `api_keys.external_id`. It names the key and is never the
/// secret itself.
pub(crate) fn key_text(key: &ApiKey) -> String {
    key.to_string()
}
