//! What a transaction must be able to do, by the step that needs it.
//!
//! The errors of every method here, and what all implementations must keep, are those of the parent
//! module.

use std::collections::BTreeSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    BucketRow, EncodedPeriodCounts, FoundRow, InboxChunk, Marks, Meta, Pending, ReadHeader, Result,
    Segment, Selection, Series, SeriesLabels, SeriesRow, SeriesSum, Sink, SumRequest,
};
use crate::{
    engine::{
        damage::{Damage, DamagedPart},
        sql::SqlTx,
    },
    query::TimeRange,
    series::SeriesKind,
    store::{ApiKeyInfo, Instance, KeyOwner, SharedSecret, StoreStatus},
    time::{Granularity, UnixSeconds},
};

/// A transaction of whichever database.
pub(crate) type BoxTx = Box<dyn Tx>;

/// One transaction. Dropping it rolls back.
///
/// The rollback of a dropped transaction may come a moment later, when the pool gets its connection
/// back. Locks are held until then, the leader's among them. A step that has nothing to write therefore
/// commits rather than drops, and one that is tried again at once rolls back and waits for it.
#[async_trait]
pub(crate) trait Tx: FlushTx + LeadTx + ReadTx + SqlTx {
    /// Reads the clock, the floors and what the database asks of a process. One round trip, one row, no
    /// lock.
    /// # Errors
    /// `StoreError::Corrupt` when a floor is missing or the kind of sketch is unknown.
    async fn meta(&mut self) -> Result<Meta>;
    /// `Meta`, the dirty periods that start in `range`, the coarsened spans that reach into it, the
    /// flush batches that reach into `inner`, the fence of `instance`, and the tag of the aggregate
    /// series.
    ///
    /// `inner` lies within `range`: dirty days matter to a read that only takes an hour of them, while
    /// flush batches outside the answer are not worth sending. Databases that are a round trip away
    /// answer it by one statement. The default asks one by one, and gives no tag, so that nothing is
    /// kept from read to read.
    async fn read_header(
        &mut self,
        range: TimeRange,
        inner: TimeRange,
        instance: Uuid,
    ) -> Result<ReadHeader> {
        Ok(ReadHeader {
            meta: self.meta().await?,
            dirty: self.dirty(range.from, range.to).await?,
            coarse: self.coarse(range.from, range.to).await?,
            fence: self.instance_seq(instance).await?,
            quarantined: self.quarantined_spans(range.from, range.to).await?,
            aggregate_series_tag: None,
            unfolded: self.unfolded(inner.from, inner.to).await?,
        })
    }
    /// From here on every row is read by itself, and what can't be read of it is noted and left out
    /// instead of failing the statement, see `damage`.
    fn be_careful(&mut self);
    /// What a careful transaction has met; `None` where it is not careful.
    fn damage(&mut self) -> Option<&mut Damage>;
    /// Takes what a careful transaction has met since the last call.
    fn take_damage(&mut self) -> Vec<DamagedPart> {
        self.damage().map(Damage::take).unwrap_or_default()
    }
    /// Makes everything visible at once.
    /// # Errors
    /// Any error here leaves the outcome unknown: the commit may have reached the database. `flush` is
    /// written around this; all other steps may simply be done again.
    async fn commit(self: Box<Self>) -> Result<()>;
    /// Takes everything back, and waits until its locks are free, for a step that is done once more
    /// at once. Where even that fails, the connection is gone, and the locks with it.
    async fn rollback(self: Box<Self>);
}

/// The statements of a flush. They are called in the order in which they stand here, in one
/// `Mode::Write` transaction.
#[async_trait]
pub(crate) trait FlushTx: Send {
    /// Reads the fence of an instance and locks its row until the transaction ends; `None` where there
    /// is none.
    ///
    /// While the lock is held, no other attempt of this instance can commit, and none that started
    /// earlier is still under way. The value is therefore final. The lock must not stop
    /// `ReadTx::instance_seq`, and must not stop a leader, which only reads the row (it skips locked
    /// rows when it clears `live`).
    /// # Errors
    /// `StoreError::Timeout` when an earlier attempt of the same instance still holds the row after 10
    /// s.
    async fn fence(&mut self, id: Uuid) -> Result<Option<u64>>;
    /// Inserts the fence row of an instance with seq 0, and leaves one that exists as it is. Two first
    /// flushes of one id may meet here: the later one waits, and then finds the row.
    async fn register(&mut self, instance: &Instance) -> Result<()>;
    /// The numbers of these keys, in the order of `keys`, interning unknown ones.
    ///
    /// `keys` must be sorted and without duplicates: every writer then locks new keys in one order, and
    /// two writers that meet in the same new keys can't wait for each other in a circle. An interned
    /// key has no name, tenant or quota yet.
    /// # Errors
    /// `StoreError::Corrupt` when a key that was just inserted is not found.
    async fn intern_keys(&mut self, keys: &[String]) -> Result<Vec<i64>>;
    /// The numbers of these series, in the order of `series`, interning unknown ones. The same rule as
    /// for keys: sorted, without duplicates. The caller may remember the numbers only once the
    /// transaction is acknowledged, because a rollback frees them for other series.
    /// # Errors
    /// `StoreError::Corrupt` when a series that was just inserted is not found.
    async fn intern_series(&mut self, series: &[SeriesLabels]) -> Result<Vec<i64>>;
    /// Inserts the chunks of a flush batch under (`id`, `seq`, `chunk`). No table but the inbox is
    /// touched, so that no record's time and no missing partition can fail a flush. A row that exists
    /// already is an error, since the fence rules it out.
    async fn put_inbox(&mut self, chunks: &[InboxChunk]) -> Result<()>;
    /// Notes the spans that the recorder had to coarsen, as `[from, to)`. Those that are noted already
    /// stay. Annotation only: no sum depends on them.
    async fn put_coarse(&mut self, spans: &[(UnixSeconds, UnixSeconds)]) -> Result<()>;
    /// Moves the fence to `seq`, notes the time of the flush and sets `live`, so that the leader looks
    /// at the instance again. The last statement before the COMMIT. `at` is in Unix seconds by the
    /// database's clock.
    async fn advance(&mut self, id: Uuid, seq: u64, at: UnixSeconds) -> Result<()>;
    /// Notes that the process of this instance has ended in order, at `at` in Unix seconds. What it has
    /// flushed is folded as before. Nothing happens where there is no such instance.
    async fn end(&mut self, id: Uuid, at: UnixSeconds) -> Result<()>;
}

/// The statements of fold, rollup and retention, in a `Mode::Lead` transaction. All but the first three ask
/// that the transaction leads or has joined: what they write has one writer at a time.
#[async_trait]
pub(crate) trait LeadTx: Send {
    /// Whether this transaction is the leader from now on, until it ends. It never waits. A statement
    /// of its own: in one with a read, the snapshot would be from before the lock, and a step could add
    /// to rows that the previous leader has just changed.
    async fn try_lead(&mut self) -> Result<bool>;
    /// As `try_lead`, but so that transactions which `try_join` may fold other services meanwhile. `false` also where
    /// such transactions of an earlier leader are still under way.
    async fn try_lead_with_shares(&mut self) -> Result<bool> {
        self.try_lead().await
    }
    /// Keeps everybody from leading until this transaction ends, other than the one that began the fold. It never
    /// waits. Whether that one still leads is for the caller to find out.
    async fn try_join(&mut self) -> Result<bool> {
        Ok(false)
    }
    /// Waits until no other share of a fold writes rows that all services share, and keeps others from it until this
    /// transaction ends.
    async fn wait_for_turn(&mut self) -> Result<()> {
        Ok(())
    }
    /// The live instances whose fence is above their fold mark, ordered by id. Reads no payload and
    /// locks nothing, so that a leader never waits for a writer.
    async fn pending(&mut self) -> Result<Vec<Pending>>;
    /// The buckets of each of an instance's flush batches in `(after, upto]`, ascending by number.
    /// Numbers of empty flushes are missing. Used to choose how many batches fit one fold.
    async fn inbox_sizes(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<(u64, u64)>>;
    /// The chunks of an instance's flush batches in `(after, upto]`, by number and chunk, payloads
    /// included.
    async fn inbox(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<InboxChunk>>;
    /// Keeps the payload of an unreadable chunk in `quarantined`, with the reason. The chunk itself
    /// leaves the inbox with `set_folded`. Doing it twice keeps the first entry.
    async fn quarantine(&mut self, chunk: &InboxChunk, reason: &str) -> Result<()>;
    /// Keeps bytes of rows in `quarantined_rows`. A part that was quarantined before is replaced.
    async fn put_quarantined(&mut self, parts: &[DamagedPart]) -> Result<()>;
    /// Moves the fold mark of an instance to `seq` and deletes its flush batches up to there. In the
    /// same transaction as the buckets they were added to: a batch is either in the inbox or in the
    /// buckets.
    async fn set_folded(&mut self, id: Uuid, seq: u64) -> Result<()>;
    /// What these numbers stand for, in any order. Numbers that do not exist are left out.
    async fn series(&mut self, ids: &[i64]) -> Result<Vec<SeriesRow>>;
    /// The base series among `ids` whose aggregate series are known, with their numbers in the order by
    /// endpoint, by key, total.
    ///
    /// `ids` must ascend. Those of the three that are not of `kinds` may be 0, so that an
    /// implementation need not send them. A series that no fold has seen yet is left out, and so is a
    /// number that does not exist.
    async fn aggregates(
        &mut self,
        ids: &[i64],
        kinds: &BTreeSet<SeriesKind>,
    ) -> Result<Vec<(i64, [i64; 3])>>;
    /// Sets the aggregate series of base series.
    async fn set_aggregates(&mut self, of: &[(i64, [i64; 3])]) -> Result<()>;
    /// Replaces the tag of the aggregate series, in the transaction that has made some. Every cached reading of
    /// aggregate series ends with the old tag, in this and in every other process. Nothing to do without a tag.
    async fn renew_aggregate_series_tag(&mut self) -> Result<()> {
        Ok(())
    }
    /// Whether `make_room` would make a partition for one of these periods.
    async fn lacks_room(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> Result<bool> {
        let _ = (granularity, periods);
        Ok(false)
    }
    /// Makes room for these periods: the partitions that they need. Nothing to do without partitions.
    /// Readers of the table are not held up.
    async fn make_room(&mut self, granularity: Granularity, periods: &[UnixSeconds]) -> Result<()>;
    /// Which of these periods hold any row. One lookup a period, whatever the number of rows in it.
    async fn periods_in_use(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> Result<BTreeSet<UnixSeconds>>;
    /// The rows that exist of the pairs `(periods[i], series[i])`; both slices have one length. In any
    /// order.
    /// # Errors
    /// `StoreError::Corrupt` when a row's status counts can't be read.
    async fn buckets(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
        series: &[i64],
    ) -> Result<Vec<FoundRow>>;
    /// Writes rows, replacing those that exist; it never adds. `fresh` promises that none of them
    /// exists, which allows a plain insert.
    async fn put_buckets(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        fresh: bool,
    ) -> Result<()>;
    /// The names of units that buckets tell apart, in any order. Asked for only where a fold meets units.
    async fn unit_names(&mut self) -> Result<Vec<String>>;
    /// Adds names of units. Those that are there already stay.
    async fn add_unit_names(&mut self, names: &[&str]) -> Result<()>;
    /// The period counts that exist of these periods, in any order. Callers ask for at most
    /// `period_counts::PERIODS_A_STATEMENT` at a time.
    async fn period_counts(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
    ) -> Result<Vec<EncodedPeriodCounts>>;
    /// Writes period counts, replacing those that exist. In the same transaction as the buckets that
    /// they sum.
    async fn put_period_counts(&mut self, counts: &[EncodedPeriodCounts]) -> Result<()>;
    /// Removes the period counts of a granularity below `floor`, in the transaction that moves the
    /// floor there.
    async fn remove_period_counts(
        &mut self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<()>;
    /// Marks periods as dirty at the time `now` (Unix seconds). A period that is marked already keeps
    /// its time, so that late data which goes on arriving can't put off a rollup for ever.
    async fn mark_dirty(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
        now: UnixSeconds,
    ) -> Result<()>;
    /// All dirty periods, and when each was marked. Their number is bounded by what has changed since
    /// the last rollup, mostly some dozens.
    async fn marks(&mut self) -> Result<Marks>;
    /// Dirty periods of every granularity that start in `[from, to)`. Also used by reads.
    async fn dirty(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(Granularity, UnixSeconds)>>;
    /// Deletes the mark of one period. In the same transaction as the recomputed row, so that no reader
    /// sees a period that is clean and stale.
    async fn clear_dirty(&mut self, granularity: Granularity, period: UnixSeconds) -> Result<()>;
    /// Moves the floor of a granularity. Never back: a floor that is higher already stays.
    async fn set_floor(&mut self, granularity: Granularity, floor: UnixSeconds) -> Result<()>;
    /// Clears `live` of instances that have not flushed since `since_us` (microseconds since 1970) and
    /// are folded to their fence. Rows that a flush has locked are skipped. The rows themselves are
    /// never deleted, because a process that wakes up late would take a missing fence for a restore.
    async fn retire_instances(&mut self, since_us: i64) -> Result<()>;
}

/// What the names of ended sessions begin with, in the table of what instances share.
pub(crate) const ENDED_SESSION: &str = "ended-session:";

/// The statements of the views. All but `shared_secret` and `end_session` only read; within a scope they see only what it
/// allows.
#[async_trait]
pub(crate) trait ReadTx: Send {
    /// The fence of an instance in this snapshot, without its lock; 0 where it has none.
    async fn instance_seq(&mut self, id: Uuid) -> Result<u64>;
    /// The stored series that meet all conditions of `selection`, in any order. One statement over the
    /// table of series, which has a row for each combination of labels ever seen: thousands, not
    /// millions.
    async fn select_series(&mut self, selection: &Selection<'_>) -> Result<Vec<SeriesRow>>;
    /// Sums what is asked for, and hands partial sums to `into` in any order. Rows of series that were
    /// not asked for are skipped. Memory stays bounded by one row or block, not by the answer.
    /// # Errors
    /// Whatever `into` returns, and `StoreError::Corrupt` for status counts that can't be read.
    async fn sum(&mut self, request: &SumRequest<'_>, into: &mut Sink<'_>) -> Result<()>;
    /// Sums rows of `series` in `segments` (all of one granularity) by series and step. Step `i` is
    /// `[edges[i], edges[i + 1])`. Without `quantiles` the sketches stay empty. One series and step may
    /// come more than once where several segments touch it.
    async fn sum_by_series(
        &mut self,
        granularity: Granularity,
        segments: &[Segment],
        edges: &[UnixSeconds],
        series: Series<'_>,
        quantiles: bool,
    ) -> Result<Vec<SeriesSum>>;
    /// Whether buckets are in another database. There are no period counts then, and sums alone read buckets.
    fn copies_buckets(&self) -> bool {
        false
    }
    /// The generation of this snapshot, where it has read buckets of another database. They were read exactly if it is
    /// still that of the backend after the last of them.
    fn generation(&self) -> Option<i64> {
        None
    }
    /// When a fold was last copied whole into another database, and whether one is under way.
    async fn last_copy(&mut self) -> Result<(Option<UnixSeconds>, bool)> {
        Ok((None, false))
    }
    /// Committed flush batches above the fold marks with rows in `[from, to)`: everything that is in
    /// the database but not in the buckets. Only live instances are looked at; the others have nothing
    /// above their fold mark.
    async fn unfolded(&mut self, from: UnixSeconds, to: UnixSeconds) -> Result<Vec<InboxChunk>>;
    /// The coarsened spans that reach into `[from, to)`.
    async fn coarse(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>>;
    /// Where something of `[from, to)` was quarantined, as the periods of the rows and flush batches; at
    /// most 1,000. Period counts are left out, because they lose nothing.
    async fn quarantined_spans(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>>;
    /// The keys of these numbers, or all of them, ordered by number.
    async fn api_keys(&mut self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>>;
    /// The keys of these external ids, in any order. Unknown ones are left out.
    async fn api_keys_by_external_id(&mut self, external_ids: &[String])
    -> Result<Vec<ApiKeyInfo>>;
    /// The keys of an owner, ordered by number.
    async fn api_keys_of(&mut self, owner: &KeyOwner) -> Result<Vec<ApiKeyInfo>>;
    /// The secret of that name, which all instances agree on. Stores `proposal` where there is none
    /// yet. Asks for a `Mode::Write` transaction. Of two processes that propose at once, one waits for
    /// the other and then takes its value.
    async fn shared_secret(&mut self, name: &str, proposal: &[u8]) -> Result<SharedSecret>;
    /// Remembers an ended session of this name, which starts with [`ENDED_SESSION`], and forgets those
    /// that are a day old. Asks for a `Mode::Write` transaction.
    async fn end_session(&mut self, name: &str) -> Result<()>;
    /// Whether an ended session has this name.
    async fn session_ended(&mut self, name: &str) -> Result<bool>;
    /// What the database says about itself, in one snapshot: the instances, the inbox, floors, dirty
    /// periods, series and quarantined batches. Lists the 100 instances that flushed last.
    async fn status(&mut self) -> Result<StoreStatus>;
}
