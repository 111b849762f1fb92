//! Flush batches: which are open, unresolved, acknowledged or freed.
//!
//! Batches are numbered from 1 on, without gaps, whether they hold records or not. The number `seq` is
//! what the database's fence row stores: a fence row of `n` says that every batch up to `n` is in the
//! database.
//!
//! | state | where | in a capture | counted by `waiting_records` |
//! |---|---|---|---|
//! | open | `open` | as batch `next` | yes |
//! | unresolved | `batches`, `acknowledged_at` is `None` | yes | yes |
//! | acknowledged, for 60 s | `batches`, `acknowledged_at` is set | yes | no |
//! | freed | `freed`: number and records only | no | no |
//!
//! Acknowledged batches are kept for two reasons. A read from a replica that lags adds those that its
//! snapshot lacks. And a failover may lose commits: the fence row then says less than was acknowledged,
//! [`rewind`](Ledger::rewind) makes the later batches unresolved again, and the next flush sends them
//! once more. What was freed before that is lost, and is reported with its numbers and records.
//!
//! The number of batches is bounded by `max_unresolved_batches` and by 60 s of flushes; the bytes of those that
//! are not acknowledged by the memory budget, and of the others by a budget of their own, where there is one.
//! `freed` holds 16 bytes a batch, at most 8,640 of them.

use std::{collections::VecDeque, time::Duration};

use super::{
    deltas::{Deltas, OwnDeltas, add_span},
    shard::Buffer,
};
use crate::time::{Granularity, UnixSeconds};

/// How long an acknowledged batch is kept: a read replica may lag, and a failover may lose its commit.
pub(super) const RETAINED: Duration = Duration::from_secs(60);

/// Freed batches that are remembered: a day of flushes every 10 seconds.
const MAX_FREED: usize = 8_640;

/// Batches whose records neither the database nor this recorder holds any more: a restore or a failover took
/// back commits that had been acknowledged more than 60 seconds before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LostBatches {
    /// The number of the first one.
    pub(crate) first: u64,
    /// The number of the last one.
    pub(crate) last: u64,
    /// Records in them. Batches that were freed more than [`MAX_FREED`] batches ago are not counted.
    pub(crate) records: u64,
}

/// A batch that a flush writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlushBatch {
    /// The number under which it is committed.
    pub(crate) seq: u64,
    /// Whether an earlier flush used this number, so that the database may already hold the batch.
    pub(crate) retry: bool,
}

/// All batches of a recorder.
///
/// Invariants: `batches` ascends by number, all below `next`; `acknowledged < next`; everything in
/// `freed` is older than everything in `batches`; `forgotten` is below everything in `freed`.
#[derive(Debug)]
pub(super) struct Ledger {
    next: u64,
    acknowledged: u64,
    /// Numbers and records of the batches that were freed last, ascending.
    freed: VecDeque<(u64, u64)>,
    /// The number of the last batch that had to leave `freed`.
    forgotten: u64,
    /// Records that are in no batch yet.
    pub(super) open: Deltas,
    /// Ascending by number.
    batches: VecDeque<Batch>,
    /// All spans that were coarsened since the start.
    pub(super) coarsened: Vec<(UnixSeconds, UnixSeconds)>,
    /// Empty buffers, one per shard, to be swapped in.
    pub(super) buffer_pool: Vec<Buffer>,
}

/// A closed batch. Its deltas change only by coarsening, while it is unresolved.
#[derive(Debug)]
struct Batch {
    seq: u64,
    deltas: Deltas,
    /// On the monotonic clock; `None` while it is not acknowledged.
    acknowledged_at: Option<Duration>,
    /// Bytes of the deltas when it was acknowledged.
    bytes: usize,
}

impl Ledger {
    /// A ledger without batches; `buffer_pool` holds an empty buffer for each shard.
    pub(super) fn new(buffer_pool: Vec<Buffer>) -> Self {
        Self {
            next: 1,
            acknowledged: 0,
            freed: VecDeque::new(),
            forgotten: 0,
            open: Deltas::default(),
            batches: VecDeque::new(),
            coarsened: Vec::new(),
            buffer_pool,
        }
    }

    /// Closes what is open and returns the number of its batch.
    ///
    /// An empty batch takes a number and nothing else.
    pub(super) fn begin_batch(&mut self) -> u64 {
        let n = self.next;
        self.next = self.next.saturating_add(1);
        // Always a batch of this number: a capture has announced what was open under it.
        if !self.open.is_empty() {
            let mut deltas = std::mem::take(&mut self.open);
            deltas.compact();
            self.batches.push_back(Batch {
                seq: n,
                deltas,
                acknowledged_at: None,
                bytes: 0,
            });
        }
        n
    }

    /// The last number again if at least `max` batches are unresolved, else the next one.
    ///
    /// A retry writes the same batch under the same number. The fence tells the database whether it has
    /// it already.
    pub(super) fn begin_batch_or_retry(&mut self, max: usize) -> FlushBatch {
        let retry = self.unresolved() >= max;
        let seq = match retry {
            true => self.last_seq(),
            false => self.begin_batch(),
        };
        FlushBatch { seq, retry }
    }

    /// The sum of the batches with `after < seq <= upto`.
    pub(super) fn contents(&self, after: u64, upto: u64) -> Deltas {
        let mut sum = Deltas::default();
        for batch in &self.batches {
            if batch.seq > after && batch.seq <= upto {
                sum.merge(&batch.deltas);
            }
        }
        sum
    }

    /// Marks all batches up to `n` as acknowledged.
    ///
    /// Numbers never fall here: an older acknowledgement that arrives late changes nothing.
    pub(super) fn acknowledge(&mut self, n: u64, now: Duration) {
        self.acknowledged = self.acknowledged.max(n);
        for batch in self.batches.iter_mut().filter(|batch| batch.seq <= n) {
            if batch.acknowledged_at.is_none() {
                batch.acknowledged_at = Some(now);
                batch.bytes = batch.deltas.heap_bytes();
            }
        }
    }

    /// Reopens batch `n`, unless it is acknowledged.
    ///
    /// Its number stays used. Batches before and after it are untouched.
    pub(super) fn release(&mut self, n: u64) {
        let released = |batch: &Batch| batch.seq == n && batch.acknowledged_at.is_none();
        if let Some(at) = self.batches.iter().position(released)
            && let Some(batch) = self.batches.remove(at)
        {
            self.open.merge(&batch.deltas);
            self.open.compact();
        }
    }

    /// Marks batches after `s` as unacknowledged; returns those that are gone.
    ///
    /// Nothing happens where `s` is not below what was acknowledged.
    pub(super) fn rewind(&mut self, s: u64) -> Option<LostBatches> {
        if s >= self.acknowledged {
            return None;
        }
        self.acknowledged = s;
        for batch in self.batches.iter_mut().filter(|batch| batch.seq > s) {
            batch.acknowledged_at = None;
        }
        // Removed from `freed`, so that a loss is reported once, even if the database falls back again.
        let mut lost = None::<LostBatches>;
        while let Some((seq, records)) = self.freed.pop_back_if(|(seq, _)| *seq > s) {
            let lost = lost.get_or_insert(LostBatches {
                first: seq,
                last: seq,
                records: 0,
            });
            lost.first = seq;
            lost.records = lost.records.saturating_add(records);
        }
        if self.forgotten > s {
            let last = lost.map_or(self.forgotten, |lost| lost.last);
            let records = lost.map_or(0, |lost| lost.records);
            lost = Some(LostBatches {
                first: s.saturating_add(1),
                last,
                records,
            });
            self.forgotten = s;
        }
        lost
    }

    /// Frees the batches that were acknowledged long enough ago, and the oldest of those that take more than
    /// `budget` bytes together: an import flushes several times a second. The last one always stays.
    ///
    /// Batches are freed in order: one that is unresolved keeps all later ones.
    pub(super) fn free(&mut self, now: Duration, budget: usize) {
        let kept = self.batches.iter();
        let mut bytes: usize = kept
            .filter(|batch| batch.acknowledged_at.is_some())
            .map(|batch| batch.bytes)
            .sum();
        while let Some(batch) = self.batches.front()
            && let Some(at) = batch.acknowledged_at
            && (now >= at.saturating_add(RETAINED) || (bytes > budget && bytes > batch.bytes))
        {
            bytes = bytes.saturating_sub(batch.bytes);
            self.freed.push_back((batch.seq, batch.deltas.records()));
            self.batches.pop_front();
            if self.freed.len() > MAX_FREED
                && let Some((seq, _)) = self.freed.pop_front()
            {
                self.forgotten = seq;
            }
        }
    }

    /// Copies everything, by batch; what is open has the next number.
    pub(super) fn capture(&self) -> OwnDeltas {
        let batches = self.batches.iter().map(|batch| (batch.seq, &batch.deltas));
        let open = (!self.open.is_empty()).then_some((self.next, &self.open));
        OwnDeltas {
            batches: batches.chain(open).map(|(n, d)| (n, d.clone())).collect(),
            freed: self.freed.back().map_or(self.forgotten, |(seq, _)| *seq),
        }
    }

    /// Coarsens the oldest unacknowledged periods until they take three quarters of `budget` bytes, or can't
    /// shrink any more.
    ///
    /// First minutes become 5 minutes, oldest first; where that is not enough, 5 minutes become hours.
    /// What remains then is one row a series and hour. Acknowledged batches are not counted: they have
    /// a budget of their own, see [`free`](Self::free).
    pub(super) fn fit(&mut self, budget: usize) {
        let held = |ledger: &mut Self| ledger.waiting().map(|d| d.heap_bytes()).sum::<usize>();
        if held(self) <= budget {
            return;
        }
        // Down to three quarters, so that not every flush of a long outage has to coarsen.
        let target = budget / 4 * 3;
        for granularity in [Granularity::FiveMinutes, Granularity::Hour] {
            while held(self) > target {
                let oldest = self
                    .waiting()
                    .filter_map(|deltas| deltas.oldest_to_coarsen(granularity))
                    .min();
                let Some(start) = oldest else { break };
                self.waiting()
                    .filter(|deltas| deltas.oldest_to_coarsen(granularity) == Some(start))
                    .for_each(|deltas| deltas.coarsen(start, granularity));
                let end = start.saturating_add(granularity.seconds());
                add_span(&mut self.coarsened, (start, end));
            }
        }
    }

    /// Everything unacknowledged: the open deltas and the unresolved batches.
    fn waiting(&mut self) -> impl Iterator<Item = &mut Deltas> {
        let batches = self.batches.iter_mut();
        batches
            .filter(|batch| batch.acknowledged_at.is_none())
            .map(|batch| &mut batch.deltas)
            .chain([&mut self.open])
    }

    /// The records that are not acknowledged.
    pub(super) fn waiting_records(&self) -> u64 {
        let batches = self.batches.iter();
        batches
            .filter(|batch| batch.acknowledged_at.is_none())
            .map(|batch| &batch.deltas)
            .chain([&self.open])
            .fold(0, |sum, deltas| sum.saturating_add(deltas.records()))
    }

    /// Bytes of all deltas, without the names of series.
    pub(super) fn heap_bytes(&self) -> usize {
        let batches = self.batches.iter().map(|batch| batch.deltas.heap_bytes());
        batches.sum::<usize>() + self.open.heap_bytes()
    }

    /// The number of batches that are not acknowledged.
    pub(super) fn unresolved(&self) -> usize {
        let batches = self.batches.iter();
        batches
            .filter(|batch| batch.acknowledged_at.is_none())
            .count()
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The number of the last batch, 0 before the first.
    pub(super) fn last_seq(&self) -> u64 {
        self.next.saturating_sub(1)
    }
}
