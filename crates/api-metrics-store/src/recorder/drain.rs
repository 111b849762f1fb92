//! From the shards to `open`.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Recorder, ledger::Ledger, lock, run::Run, shard::Buffer};
use crate::{bucket::Bucket, time::UnixSeconds};

/// Every shard in use may hold every series: no more of them than keep it to so many slots.
const MAX_SLOTS: usize = 20_480;
/// Slots that were empty for so long, in seconds, are given up.
const IDLE: u64 = 15 * 60;

impl Recorder {
    /// Moves everything from the shards to `open`. A shard is locked for a swap of its buffers and no
    /// longer; the rest is done on what was swapped out.
    pub(super) fn drain(&self, ledger: &mut Ledger) {
        let now = self.clock.monotonic();
        ledger.free(now);
        let mut longest = Duration::ZERO;
        for (shard, spare) in self.shards.iter().zip(&mut ledger.spares) {
            let mut open = lock(&shard.0);
            let since = self.clock.monotonic();
            mem::swap(&mut *open, spare);
            longest = longest.max(self.clock.monotonic().saturating_sub(since));
            drop(open);
        }
        let longest = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        self.hand_over_ns.store(longest, Ordering::Relaxed);
        for buffer in &mut ledger.spares {
            buffer.settle(self.common.kind);
        }
        for (start, run) in encode(&ledger.spares) {
            ledger.open.add_run(start, run.finish());
        }
        let now = now.as_secs();
        let mut bytes = 0;
        for buffer in &mut ledger.spares {
            buffer.reset(now);
            buffer.evict(now.saturating_sub(IDLE), self.room, &self.common);
            bytes += buffer.heap_bytes();
        }
        // Threads may change shards at any time: what several hold of a series is summed above.
        let series = lock(&self.common.registry).series().max(1);
        let copies = (MAX_SLOTS / series).clamp(1, self.shards.len());
        let used = usize::MAX.checked_shr(copies.leading_zeros() + 1);
        self.mask.store(used.unwrap_or(0), Ordering::Relaxed);
        // The other half of each pair is about as large.
        self.buffer_bytes.store(2 * bytes, Ordering::Relaxed);
    }
}

/// One run a period; what several shards hold of one bucket is summed.
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
            // All sketches of a recorder are of one kind, so that this can't fail.
            if sum.merge(other).is_err() {
                run.push(Arc::clone(series), other);
            }
        }
        run.push(Arc::clone(series), &sum);
    }
    runs
}
