//! Flush batches: which are open, unresolved, acknowledged or freed.

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

#[derive(Debug)]
struct Batch {
    seq: u64,
    deltas: Deltas,
    /// On the monotonic clock; `None` while it is not acknowledged.
    acknowledged_at: Option<Duration>,
}

impl Ledger {
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
            });
        }
        n
    }

    /// The last number again if at least `max` batches are unresolved, else the next one.
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
    pub(super) fn acknowledge(&mut self, n: u64, now: Duration) {
        self.acknowledged = self.acknowledged.max(n);
        for batch in self.batches.iter_mut().filter(|batch| batch.seq <= n) {
            batch.acknowledged_at.get_or_insert(now);
        }
    }

    /// Reopens batch `n`, unless it is acknowledged.
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

    /// Frees the batches that were acknowledged long enough ago.
    pub(super) fn free(&mut self, now: Duration) {
        while let Some(batch) = self.batches.front()
            && let Some(at) = batch.acknowledged_at
            && now >= at.saturating_add(RETAINED)
        {
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
        }
    }

    /// Coarsens the oldest unacknowledged periods until they take three quarters of `budget` bytes, or can't
    /// shrink any more.
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
