//! What the protocol needs of a database. The steps and their order stand in the other files of
//! this folder; an implementation only carries out one statement a method.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    future::Future,
    sync::Arc,
};

use api_metrics_layer::ApiKey;
use uuid::Uuid;

use super::condition::Condition;
use crate::{
    bucket::Bucket,
    query::{Detail, Filter, Scope, TimeRange},
    series::{SeriesKey, SeriesKind},
    sketch::SketchKind,
    store::{ApiKeyInfo, Instance, Maintained, SharedSecret, StoreError, StoreStatus},
    time::{Granularity, UnixSeconds},
};

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// For what a transaction is opened; decides isolation, timeouts and, on SQLite, the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A flush or another short write.
    Write,
    /// Fold, rollup, retention.
    Lead,
    /// One snapshot of everything, read only, safe against partitions being dropped.
    Read,
}

/// A database that the protocol runs on.
pub(crate) trait Backend: Send + Sync + Debug + 'static {
    type Tx: Tx;

    fn begin(&self, mode: Mode) -> impl Future<Output = Result<Self::Tx>> + Send;
    /// A snapshot in which the database itself hides what `scope` may not see, where it can: a second
    /// wall behind the statements' own conditions.
    fn begin_read(&self, scope: &Scope) -> impl Future<Output = Result<Self::Tx>> + Send {
        let _ = scope;
        self.begin(Mode::Read)
    }
    /// Connects, migrates and agrees on the kind of sketch, under the leader's lock.
    fn prepare(&self) -> impl Future<Output = Result<()>> + Send;
    /// Removes a bounded amount of what lies below a floor, outside any transaction of the protocol.
    fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> impl Future<Output = Result<Maintained>> + Send;
}

/// Everything that names a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SeriesLabels {
    pub service: Arc<str>,
    pub environment: Arc<str>,
    pub protocol: Arc<str>,
    pub method: Arc<str>,
    pub endpoint: Arc<str>,
    pub api_key_id: i64,
    pub kind: SeriesKind,
}

/// Whose series a process records.
pub(crate) struct Owner {
    service: Arc<str>,
    environment: Arc<str>,
}

impl Owner {
    pub(crate) fn of(instance: &Instance) -> Self {
        Self {
            service: instance.service.as_str().into(),
            environment: instance.environment.as_str().into(),
        }
    }

    /// The labels of a base series of this process.
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
    /// The aggregate series of `kind` that this base series counts in.
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

/// An interned series.
#[derive(Debug, Clone)]
pub(crate) struct SeriesRow {
    pub id: i64,
    pub labels: SeriesLabels,
}

/// One row of a metrics table, as it is written.
#[derive(Debug, Clone)]
pub(crate) struct BucketRow {
    pub period_start: UnixSeconds,
    pub series_id: i64,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The encoded sketch.
    pub sketch: Vec<u8>,
    /// The sketch's p50, p95 and p99 in milliseconds, for those who read the tables by SQL.
    pub quantiles_ms: [Option<f64>; 3],
}

/// One row of a metrics table, as it was found.
#[derive(Debug)]
pub(crate) struct FoundRow {
    pub period_start: UnixSeconds,
    pub series_id: i64,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The encoded sketch.
    pub sketch: Vec<u8>,
}

/// Rows of one series and step, summed as far as the database could.
#[derive(Debug)]
pub(crate) struct SeriesSum {
    pub series_id: i64,
    /// The index of the step, 0 for the first.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    pub step: usize,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// The rows' sketches, one encoding after another: merged only once, where they end up.
    pub sketches: Vec<u8>,
}

/// The requests of a period's aggregate series, see [`counts`](super::period_counts).
pub(crate) type EncodedPeriodCounts = ((Granularity, UnixSeconds), Vec<u8>);

/// A piece of a flush batch.
#[derive(Debug, Clone)]
pub(crate) struct InboxChunk {
    pub id: Uuid,
    pub seq: u64,
    pub chunk: i32,
    pub period_from: UnixSeconds,
    pub period_to: UnixSeconds,
    pub row_count: u64,
    pub records: u64,
    pub payload: Vec<u8>,
}

/// An instance with flush batches that are not folded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub id: Uuid,
    pub seq: u64,
    pub folded: u64,
}

/// The start of what each granularity keeps, in the order of [`Granularity::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floors(pub [UnixSeconds; 4]);

impl Floors {
    pub(crate) fn of(&self, granularity: Granularity) -> UnixSeconds {
        let [minute, five, hour, day] = self.0;
        match granularity {
            Granularity::Minute => minute,
            Granularity::FiveMinutes => five,
            Granularity::Hour => hour,
            Granularity::Day => day,
        }
    }

    /// The finest granularity that keeps the period containing `at`.
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
    /// The clock that decides: the database's, or the one given at construction. Microseconds.
    pub now_us: i64,
    pub floors: Floors,
    /// The least schema knowledge that a process needs to lead, and to write.
    pub leader_min: i64,
    pub writer_min: i64,
    pub sketch_kind: SketchKind,
}

impl Meta {
    pub(crate) fn now(&self) -> UnixSeconds {
        self.now_us.div_euclid(1_000_000)
    }
}

/// What a read begins with.
#[derive(Debug)]
pub(crate) struct ReadHeader {
    pub meta: Meta,
    /// Dirty periods.
    pub dirty: Vec<(Granularity, UnixSeconds)>,
    /// Coarsened spans.
    pub coarse: Vec<(UnixSeconds, UnixSeconds)>,
    /// The fence of an instance; 0 where it has none.
    pub fence: u64,
    /// Another one whenever a fold has made aggregate series; `None` where the database does not tell, and
    /// none of them may be kept from read to read.
    pub aggregate_series_tag: Option<Uuid>,
    /// Committed flush batches above the fold marks with rows in the inner range.
    pub unfolded: Vec<InboxChunk>,
}

/// Which stored series an aggregate reads.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub kinds: &'a [SeriesKind],
    pub filter: &'a Filter,
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

/// A piece of a read: whole periods of one granularity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub granularity: Granularity,
    pub from: UnixSeconds,
    pub to: UnixSeconds,
}

impl Segment {
    /// The starts of its periods.
    pub(crate) fn periods(&self) -> impl ExactSizeIterator<Item = UnixSeconds> + use<> {
        let (from, seconds) = (self.from, self.granularity.seconds());
        let n = (self.to - from).max(0) / seconds;
        (0..u32::try_from(n).unwrap_or(u32::MAX)).map(move |n| from + i64::from(n) * seconds)
    }
}

/// Dirty periods, and when they were marked.
pub(crate) type Marks = BTreeMap<(Granularity, UnixSeconds), UnixSeconds>;

/// What a read sums.
#[derive(Debug)]
pub(crate) struct SumRequest<'a> {
    /// The periods, of any granularity.
    pub segments: &'a [Segment],
    /// Step `i` is `[edges[i], edges[i + 1])`.
    pub edges: &'a [UnixSeconds],
    /// Series, ascending, and the number of the group that each counts in.
    pub series: &'a [(i64, i32)],
    pub detail: Detail,
}

/// A part of the sum of one group and step, as far as the database has summed it.
#[derive(Debug)]
pub(crate) struct PartialSum<'a> {
    pub group: usize,
    pub step: usize,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// Zero or more sketches, one encoding after another.
    pub sketches: &'a [u8],
}

/// Takes parts as they come.
pub(crate) type Sink<'a> = dyn FnMut(PartialSum<'_>) -> Result<()> + Send + 'a;

/// One transaction. Dropping it rolls back.
pub(crate) trait Tx: FlushTx + LeadTx + ReadTx {
    fn meta(&mut self) -> impl Future<Output = Result<Meta>> + Send;
    /// [`Meta`], the dirty periods that start in a range, the coarsened spans that reach into it, the flush batches
    /// that reach into a range within, the fence of an instance, and the tag of the aggregate series. Databases
    /// that are a round trip away answer it by one statement.
    fn read_header(
        &mut self,
        range: TimeRange,
        inner: TimeRange,
        instance: Uuid,
    ) -> impl Future<Output = Result<ReadHeader>> + Send {
        async move {
            Ok(ReadHeader {
                meta: self.meta().await?,
                dirty: self.dirty(range.from, range.to).await?,
                coarse: self.coarse(range.from, range.to).await?,
                fence: self.instance_seq(instance).await?,
                aggregate_series_tag: None,
                unfolded: self.unfolded(inner.from, inner.to).await?,
            })
        }
    }
    fn commit(self) -> impl Future<Output = Result<()>> + Send;
}

/// The statements of a flush.
pub(crate) trait FlushTx: Send {
    /// Locks the fence row and reads it; `None` where there is none.
    fn fence(&mut self, id: Uuid) -> impl Future<Output = Result<Option<u64>>> + Send;
    fn register(&mut self, instance: &Instance) -> impl Future<Output = Result<()>> + Send;
    /// The numbers of these keys, interning unknown ones; in their order.
    fn intern_keys(&mut self, keys: &[String]) -> impl Future<Output = Result<Vec<i64>>> + Send;
    /// The numbers of these series, interning unknown ones; in their order.
    fn intern_series(
        &mut self,
        series: &[SeriesLabels],
    ) -> impl Future<Output = Result<Vec<i64>>> + Send;
    fn put_inbox(&mut self, chunks: &[InboxChunk]) -> impl Future<Output = Result<()>> + Send;
    fn put_coarse(
        &mut self,
        spans: &[(UnixSeconds, UnixSeconds)],
    ) -> impl Future<Output = Result<()>> + Send;
    fn advance(
        &mut self,
        id: Uuid,
        seq: u64,
        at: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// The statements of fold, rollup and retention.
pub(crate) trait LeadTx: Send {
    /// Whether this transaction is the leader now. A statement of its own: in one with a read the
    /// snapshot would be from before the lock.
    fn try_lead(&mut self) -> impl Future<Output = Result<bool>> + Send;
    fn pending(&mut self) -> impl Future<Output = Result<Vec<Pending>>> + Send;
    /// The row counts of an instance's flush batches in `(after, upto]`, by number.
    fn inbox_sizes(
        &mut self,
        id: Uuid,
        after: u64,
        upto: u64,
    ) -> impl Future<Output = Result<Vec<(u64, u64)>>> + Send;
    fn inbox(
        &mut self,
        id: Uuid,
        after: u64,
        upto: u64,
    ) -> impl Future<Output = Result<Vec<InboxChunk>>> + Send;
    fn quarantine(
        &mut self,
        chunk: &InboxChunk,
        reason: &str,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Moves the fold mark and removes what it has passed.
    fn set_folded(&mut self, id: Uuid, seq: u64) -> impl Future<Output = Result<()>> + Send;
    fn series(&mut self, ids: &[i64]) -> impl Future<Output = Result<Vec<SeriesRow>>> + Send;
    /// The base series among `ids`, which ascend, whose aggregate series are known: the numbers of any
    /// key, any endpoint and total, of which those that are not of these kinds may be 0.
    fn aggregates(
        &mut self,
        ids: &[i64],
        kinds: &BTreeSet<SeriesKind>,
    ) -> impl Future<Output = Result<Vec<(i64, [i64; 3])>>> + Send;
    /// Sets them, and gives them all another tag.
    fn set_aggregates(&mut self, of: &[(i64, [i64; 3])])
    -> impl Future<Output = Result<()>> + Send;
    /// Makes room for these periods.
    fn make_room(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> impl Future<Output = Result<()>> + Send;
    /// Which of these periods hold any row.
    fn periods_in_use(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> impl Future<Output = Result<BTreeSet<UnixSeconds>>> + Send;
    /// The rows that exist of `(period, series)`, both slices of one length.
    fn buckets(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
        series: &[i64],
    ) -> impl Future<Output = Result<Vec<FoundRow>>> + Send;
    /// Writes rows, replacing those that exist; `fresh` says that none does.
    fn put_buckets(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        fresh: bool,
    ) -> impl Future<Output = Result<()>> + Send;
    /// The counts that exist of these periods.
    fn period_counts(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
    ) -> impl Future<Output = Result<Vec<EncodedPeriodCounts>>> + Send;
    /// Writes counts, replacing those that exist.
    fn put_period_counts(
        &mut self,
        counts: &[EncodedPeriodCounts],
    ) -> impl Future<Output = Result<()>> + Send;
    /// Removes the counts below `floor`.
    fn remove_period_counts(
        &mut self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Marks periods at the time `now`; those that are marked keep their time.
    fn mark_dirty(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
        now: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    /// All dirty periods, and when they were marked.
    fn marks(&mut self) -> impl Future<Output = Result<Marks>> + Send;
    /// Dirty periods that start in `[from, to)`.
    fn dirty(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> impl Future<Output = Result<Vec<(Granularity, UnixSeconds)>>> + Send;
    fn clear_dirty(
        &mut self,
        granularity: Granularity,
        period: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    fn set_floor(
        &mut self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Clears `live` of instances that are idle since before `since_us` and folded.
    fn retire_instances(&mut self, since_us: i64) -> impl Future<Output = Result<()>> + Send;
}

/// The statements of the views.
pub(crate) trait ReadTx: Send {
    fn instance_seq(&mut self, id: Uuid) -> impl Future<Output = Result<u64>> + Send;
    fn select_series(
        &mut self,
        selection: &Selection<'_>,
    ) -> impl Future<Output = Result<Vec<SeriesRow>>> + Send;
    /// Sums what is asked for, in parts of any order.
    fn sum(
        &mut self,
        request: &SumRequest<'_>,
        into: &mut Sink<'_>,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Sums rows of `series` in `segments` (all of one granularity) by series and step. Step `i` is
    /// `[edges[i], edges[i + 1])`. Without `quantiles` the sketches stay empty.
    fn sum_by_series(
        &mut self,
        granularity: Granularity,
        segments: &[Segment],
        edges: &[UnixSeconds],
        series: Series<'_>,
        quantiles: bool,
    ) -> impl Future<Output = Result<Vec<SeriesSum>>> + Send;
    /// Committed flush batches above the fold marks with rows in `[from, to)`.
    fn unfolded(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> impl Future<Output = Result<Vec<InboxChunk>>> + Send;
    fn coarse(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> impl Future<Output = Result<Vec<(UnixSeconds, UnixSeconds)>>> + Send;
    fn api_keys(
        &mut self,
        ids: Option<&[i64]>,
    ) -> impl Future<Output = Result<Vec<ApiKeyInfo>>> + Send;
    fn api_keys_by_external_id(
        &mut self,
        external_ids: &[String],
    ) -> impl Future<Output = Result<Vec<ApiKeyInfo>>> + Send;
    fn shared_secret(
        &mut self,
        name: &str,
        proposal: &[u8],
    ) -> impl Future<Output = Result<SharedSecret>> + Send;
    fn status(&mut self) -> impl Future<Output = Result<StoreStatus>> + Send;
}

/// Of which series an aggregate is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Series<'a> {
    /// All of them: a rollup.
    All,
    /// These.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    Ids(&'a [i64]),
}

/// The text under which a key is interned.
pub(crate) fn key_text(key: &ApiKey) -> String {
    key.to_string()
}
