//! Draining: moves records from the shards to the open deltas.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Recorder, ledger::Ledger, lock, run::Run, shard::Buffer};
use crate::{bucket::Bucket, time::UnixSeconds};

/// Slots over all shards in use, at most: each of them may hold every series.
const MAX_SLOTS: usize = 20_480;
/// Slots that were empty for this long are removed, in seconds.
const IDLE: u64 = 15 * 60;

impl Recorder {
    /// Moves all records from the shards to the open deltas. A shard is locked only while its buffers are
    /// swapped; the rest works on the buffer that was swapped out.
    pub(super) fn drain(&self, ledger: &mut Ledger) {
        let now = self.clock.monotonic();
        ledger.free(now);
        let mut longest = Duration::ZERO;
        for (shard, empty) in self.shards.iter().zip(&mut ledger.buffer_pool) {
            let mut open = lock(&shard.0);
            let since = self.clock.monotonic();
            mem::swap(&mut *open, empty);
            longest = longest.max(self.clock.monotonic().saturating_sub(since));
            drop(open);
        }
        let longest = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        self.longest_lock_ns.store(longest, Ordering::Relaxed);
        for buffer in &mut ledger.buffer_pool {
            buffer.drain_pending(self.common.kind);
        }
        for (start, run) in encode(&ledger.buffer_pool) {
            ledger.open.add_run(start, run.finish());
        }
        let now = now.as_secs();
        let mut bytes = 0;
        for buffer in &mut ledger.buffer_pool {
            buffer.reset(now);
            buffer.evict(now.saturating_sub(IDLE), self.room, &self.common);
            bytes += buffer.heap_bytes();
        }
        // Threads may change shards at any time, because a series is summed over all shards above.
        let series = lock(&self.common.registry).series().max(1);
        let copies = (MAX_SLOTS / series).clamp(1, self.shards.len());
        let used = usize::MAX.checked_shr(copies.leading_zeros() + 1);
        self.mask.store(used.unwrap_or(0), Ordering::Relaxed);
        // The other buffer of each shard is about as large.
        self.buffer_bytes.store(2 * bytes, Ordering::Relaxed);
    }
}

/// Encodes one run per period, with each series summed over the shards.
fn encode(buffers: &[Buffer]) -> BTreeMap<UnixSeconds, Run> {
    let mut rows: Vec<_> = buffers.iter().flat_map(Buffer::buckets).collect();
    rows.sort_unstable_by(|(start_a, a, _), (start_b, b, _)| {
        start_a.cmp(start_b).then_with(|| {
            if Arc::ptr_eq(a, b) {
                std::cmp::Ordering::Equal
            } else {
                a.cmp(b)
            }
        })
    });
    let mut runs = BTreeMap::<UnixSeconds, Run>::new();
    let same =
        |a: &(UnixSeconds, _, &Bucket), b: &(UnixSeconds, _, &Bucket)| a.0 == b.0 && a.1 == b.1;
    for group in rows.chunk_by(same) {
        let Some(&(start, series, first)) = group.first() else {
            continue;
        };
        let run = runs.entry(start).or_default();
        if group.len() == 1 {
            run.push(Arc::clone(series), first);
            continue;
        }
        let mut sum = first.clone();
        for &(_, _, other) in group.iter().skip(1) {
            // Can't fail: all sketches of a recorder are of one kind.
            if sum.merge(other).is_err() {
                run.push(Arc::clone(series), other);
            }
        }
        run.push(Arc::clone(series), &sum);
    }
    runs
}
