//! Numbered hand-overs: what is open, what is under way, what is acknowledged.

use std::{collections::VecDeque, time::Duration};

use super::{
    deltas::{Deltas, OwnDeltas, add_span},
    shard::Buffer,
};
use crate::time::{Granularity, UnixSeconds};

/// How long an acknowledged part stays: a read replica may lag, a failover may lose its commit.
pub(super) const RETAINED: Duration = Duration::from_secs(60);

/// So many freed parts are remembered.
const MAX_FREED: usize = 8_640;

/// Sequence numbers whose records neither the database nor this recorder holds any more: a restore or a
/// failover took back commits that had been acknowledged more than 60 seconds before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// How many records they held. Of numbers freed more than 8,640 parts ago (a day of flushes every 10
    /// seconds) it is no longer known and not counted.
    pub records: u64,
}

/// The number of an attempt to flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Under which it is to be committed.
    pub number: u64,
    /// Whether an attempt under this number was made before, so that its outcome may be that of either.
    pub retry: bool,
}

/// What the seal mutex guards.
#[derive(Debug)]
pub(super) struct Ledger {
    next: u64,
    acknowledged: u64,
    /// The tags of the last parts that were freed, ascending, with their records.
    freed: VecDeque<(u64, u64)>,
    /// The last tag that had to leave `freed`.
    forgotten: u64,
    pub(super) open: Deltas,
    /// Ascending by tag.
    parts: VecDeque<Part>,
    /// All spans that were ever coarsened here.
    pub(super) coarsened: Vec<(UnixSeconds, UnixSeconds)>,
    /// Empty buffers, one a shard, to be swapped in.
    pub(super) spares: Vec<Buffer>,
}

#[derive(Debug)]
struct Part {
    tag: u64,
    deltas: Deltas,
    /// On the monotonic clock. `None`: not acknowledged.
    acknowledged_at: Option<Duration>,
}

impl Ledger {
    pub(super) fn new(spares: Vec<Buffer>) -> Self {
        Self {
            next: 1,
            acknowledged: 0,
            freed: VecDeque::new(),
            forgotten: 0,
            open: Deltas::default(),
            parts: VecDeque::new(),
            coarsened: Vec::new(),
            spares,
        }
    }

    pub(super) fn seal(&mut self) -> u64 {
        let n = self.next;
        self.next = self.next.saturating_add(1);
        // Always: a capture has tagged what was open with this number, so it must be in under this number.
        if !self.open.is_empty() {
            let mut deltas = std::mem::take(&mut self.open);
            deltas.compact();
            self.parts.push_back(Part {
                tag: n,
                deltas,
                acknowledged_at: None,
            });
        }
        n
    }

    /// The last number once more if `max` parts or more wait for their outcome, else the next one.
    pub(super) fn seal_or_retry(&mut self, max: usize) -> Sealed {
        let retry = self.unresolved() >= max;
        let number = match retry {
            true => self.sealed(),
            false => self.seal(),
        };
        Sealed { number, retry }
    }

    pub(super) fn contents(&self, after: u64, upto: u64) -> Deltas {
        let mut sum = Deltas::default();
        for part in &self.parts {
            if part.tag > after && part.tag <= upto {
                sum.merge(&part.deltas);
            }
        }
        sum
    }

    pub(super) fn acknowledge(&mut self, n: u64, now: Duration) {
        self.acknowledged = self.acknowledged.max(n);
        for part in self.parts.iter_mut().filter(|part| part.tag <= n) {
            part.acknowledged_at.get_or_insert(now);
        }
    }

    pub(super) fn release(&mut self, n: u64) {
        let released = |part: &Part| part.tag == n && part.acknowledged_at.is_none();
        if let Some(at) = self.parts.iter().position(released)
            && let Some(part) = self.parts.remove(at)
        {
            self.open.merge(&part.deltas);
            self.open.compact();
        }
    }

    pub(super) fn rewind(&mut self, s: u64) -> Option<Lost> {
        if s >= self.acknowledged {
            return None;
        }
        self.acknowledged = s;
        for part in self.parts.iter_mut().filter(|part| part.tag > s) {
            part.acknowledged_at = None;
        }
        // Taken out of `freed`: what is gone is told once, also if the database falls back again.
        let mut lost = None::<Lost>;
        while let Some((tag, records)) = self.freed.pop_back_if(|(tag, _)| *tag > s) {
            let lost = lost.get_or_insert(Lost {
                first: tag,
                last: tag,
                records: 0,
            });
            lost.first = tag;
            lost.records = lost.records.saturating_add(records);
        }
        if self.forgotten > s {
            let last = lost.map_or(self.forgotten, |lost| lost.last);
            let records = lost.map_or(0, |lost| lost.records);
            lost = Some(Lost {
                first: s.saturating_add(1),
                last,
                records,
            });
            self.forgotten = s;
        }
        lost
    }

    /// Frees the parts that were acknowledged long enough ago.
    pub(super) fn free(&mut self, now: Duration) {
        while let Some(part) = self.parts.front()
            && let Some(at) = part.acknowledged_at
            && now >= at.saturating_add(RETAINED)
        {
            self.freed.push_back((part.tag, part.deltas.records()));
            self.parts.pop_front();
            if self.freed.len() > MAX_FREED
                && let Some((tag, _)) = self.freed.pop_front()
            {
                self.forgotten = tag;
            }
        }
    }

    pub(super) fn capture(&self) -> OwnDeltas {
        let parts = self.parts.iter().map(|part| (part.tag, &part.deltas));
        let open = (!self.open.is_empty()).then_some((self.next, &self.open));
        OwnDeltas {
            parts: parts.chain(open).map(|(n, d)| (n, d.clone())).collect(),
        }
    }

    /// Coarsens the oldest unacknowledged periods until those take well below `budget` bytes, or can't be
    /// made any smaller.
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

    /// What is not acknowledged: `open` and the unresolved parts.
    fn waiting(&mut self) -> impl Iterator<Item = &mut Deltas> {
        let parts = self.parts.iter_mut();
        parts
            .filter(|part| part.acknowledged_at.is_none())
            .map(|part| &mut part.deltas)
            .chain([&mut self.open])
    }

    pub(super) fn waiting_records(&self) -> u64 {
        let parts = self.parts.iter();
        parts
            .filter(|part| part.acknowledged_at.is_none())
            .map(|part| &part.deltas)
            .chain([&self.open])
            .fold(0, |sum, deltas| sum.saturating_add(deltas.records()))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let parts = self.parts.iter().map(|part| part.deltas.heap_bytes());
        parts.sum::<usize>() + self.open.heap_bytes()
    }

    pub(super) fn unresolved(&self) -> usize {
        let parts = self.parts.iter();
        parts.filter(|part| part.acknowledged_at.is_none()).count()
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(super) fn sealed(&self) -> u64 {
        self.next.saturating_sub(1)
    }
}
