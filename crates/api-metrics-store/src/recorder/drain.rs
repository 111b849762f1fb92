//! Draining: moves records from the shards to the open deltas.
//!
//! A drain has five steps, all under the ledger's mutex:
//!
//! 1. Swap each shard's buffer for an empty one. This is all that holds a shard's lock; the longest
//!    such time is in [`RecorderStatus::longest_lock`](super::RecorderStatus::longest_lock).
//! 2. Move pending samples into their slots' buckets.
//! 3. Sort all buckets by period and series, sum those of one series over the shards, and encode one
//!    run a period.
//! 4. Empty the buffers in place. Slots that were idle for 15 minutes are evicted where they make up
//!    more than an eighth of a buffer.
//! 5. Choose how many shards are used from now on.
//!
//! A drain costs `O(n log n)` for `n` filled slots. Recording goes on meanwhile, into the buffers that
//! were swapped in.
//!
//! # How many shards are used
//!
//! A series takes a slot in each shard that has seen it. With `s` live series and at most 20,480 slots,
//! `20,480 / s` shards are used, rounded down to a power of two and kept between 1 and the setting:
//! eight up to 2,560 series, four up to 5,120, two up to 10,240, one beyond.

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
        ledger.free(now, self.acknowledged_budget);
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
            buffer.drain_pending(self.common.summaries);
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
///
/// Rows of equal series are almost always the same `Arc`, so that the sort compares pointers before
/// names.
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
