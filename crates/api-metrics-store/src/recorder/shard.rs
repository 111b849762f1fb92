//! Shards: a buffer behind a mutex, in which records are summed.
//!
//! A thread always records into the same shard while the number of shards in use stays the same, so
//! that its mutex is uncontended and its lines stay in that processor's cache.
//!
//! # What a record touches
//!
//! | case | memory |
//! |---|---|
//! | known series, current minute, same status | an index line, the slot's four lines |
//! | every 22nd of those, or another status, outcome, missing time or units | also the bucket and its sketch |
//! | any, where quantiles of times to headers are kept | also the bucket and both of its sketches |
//! | first record of another minute | the slot, after a drain; else the side table |
//! | new series | the registry's mutex, one slot of 256 bytes |
//!
//! # Minutes
//!
//! A slot sums one minute. A record of another minute, before the slot was drained, goes to the side
//! table, keyed by slot and minute. With flushes every ten seconds this happens for a few seconds
//! around each change of the minute. An import of unsorted times fills it; at 16,384 side buckets the
//! buffer asks to be drained.

use std::sync::{Arc, Mutex};

use api_metrics_layer::{ApiKey, OTHER_ENDPOINT, RequestRecord};
use hashbrown::HashTable;

use super::{
    index::Index,
    lock,
    lookup::Lookup,
    minute::LastMinute,
    pending_samples::PendingSamples,
    registry::{Interned, Registry},
    slab::Slab,
    slot::{NO_BUCKET, Slot},
    unit_names::UnitNames,
};
use crate::{bucket::Bucket, series::SeriesKey, sketch::SketchKind, time::UnixSeconds};

/// Buckets of other minutes at which a buffer asks to be drained. Only an import of unsorted times has as
/// many.
const CROWDED: usize = 16_384;

/// Aligned to its own cache lines, so that threads with different shards don't slow each other down.
///
/// Two lines of 64 bytes, because processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard(pub(super) Mutex<Buffer>);

/// Settings and counters that all shards of a recorder share.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) summaries: Summaries,
    pub(super) hasher: foldhash::fast::RandomState,
    pub(super) registry: Mutex<Registry>,
    /// The key under which requests of keys beyond the bound are counted.
    pub(super) other_key: ApiKey,
    pub(super) unit_names: UnitNames,
    pub(super) overflow: Overflow,
}

/// Which times buckets summarise, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summaries {
    /// The kind of all sketches.
    pub(super) kind: SketchKind,
    /// Whether times to headers have sketches too.
    pub(super) headers: bool,
}

impl Summaries {
    /// A bucket without requests.
    fn bucket(self) -> Bucket {
        if self.headers {
            Bucket::with_headers_sketch(self.kind)
        } else {
            Bucket::new(self.kind)
        }
    }

    /// What buffers the requests of a new slot.
    fn pending(self) -> PendingSamples {
        if self.headers {
            PendingSamples::closed()
        } else {
            PendingSamples::default()
        }
    }
}

/// Records that were counted under `<other>` or `<other key>`.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    pub(super) series: std::sync::atomic::AtomicU64,
    pub(super) keys: std::sync::atomic::AtomicU64,
}

/// The records of one shard. Slots and buckets survive a drain and are emptied in place, so that a series
/// which is seen again costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    index: Index,
    slots: Slab<Slot>,
    /// The buckets of the slots' own minutes.
    buckets: Slab<Bucket>,
    side_table: HashTable<SidePlace>,
    side: Slab<SideSlot>,
    /// How many of `side` are in use. The rest keep their memory for reuse.
    side_used: usize,
    records: u64,
    minute: LastMinute,
}

/// A bucket of another minute than its slot's: after a change of the minute, or in an import.
///
/// A key of the side table and where its bucket is.
#[derive(Debug, Clone, Copy)]
struct SidePlace {
    slot: u32,
    side: u32,
    minute: UnixSeconds,
}

/// A bucket of the side table; kept for reuse when it is empty.
#[derive(Debug)]
struct SideSlot {
    slot: u32,
    minute: UnixSeconds,
    bucket: Bucket,
}

/// A hash of slot and minute for the side table.
const fn side_hash(slot: u32, minute: UnixSeconds) -> u64 {
    // Spread over 64 bits, because the table uses both ends.
    ((slot ^ (minute / 60) as u32) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Buffer {
    /// A buffer with room for `series` series. Growing would move a large table in the middle of a request.
    pub(super) fn with_room(series: usize) -> Self {
        Self {
            index: Index::with_room(series),
            ..Self::default()
        }
    }

    /// Adds a record, given the hash of its key. Returns whether the buffer should be drained.
    ///
    /// The fast path ends in [`PendingSamples::add`](super::pending_samples::PendingSamples::add). All
    /// else is cold.
    #[inline]
    pub(super) fn record(
        &mut self,
        hash: u64,
        record: &RequestRecord<'_>,
        common: &Common,
    ) -> bool {
        let minute = self.minute.of(record.finished_at);
        // Built again, which is four moves. Passing it on instead was not measured alone.
        let key = Lookup::of(record);
        for at in self.index.candidates(hash) {
            let Some(slot) = self.slots.get_mut(at) else {
                break;
            };
            if slot.is_of(key) {
                if slot.minute == minute && slot.pending.add(record) {
                    slot.filled = true;
                    self.records = self.records.saturating_add(1);
                    return false;
                }
                return self.record_at(at, minute, record, common);
            }
        }
        match self.admit(hash, key, common) {
            Some(at) => self.record_at(at, minute, record, common),
            None => true,
        }
    }

    /// Slow path: adds a record to a slot, whatever it holds.
    #[cold]
    fn record_at(
        &mut self,
        at: u32,
        minute: UnixSeconds,
        record: &RequestRecord<'_>,
        common: &Common,
    ) -> bool {
        self.records = self.records.saturating_add(1);
        if let Some(slot) = self.slots.get_mut(at) {
            if slot.minute != minute {
                if slot.filled {
                    return self.record_aside(at, minute, record, common);
                }
                slot.minute = minute;
            }
            slot.filled = true;
            if !slot.pending.add(record) {
                self.record_in_full(at, record, common);
            }
        }
        false
    }

    /// Adds a record that the slot doesn't buffer.
    fn record_in_full(&mut self, at: u32, record: &RequestRecord<'_>, common: &Common) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let Some(bucket) = bucket_of(slot, &mut self.buckets, common.summaries) else {
            return;
        };
        if slot.pending.is_full() {
            slot.pending.drain_into(bucket);
        }
        if !slot.pending.add(record) {
            bucket.record_named(record, |unit, full| common.unit_names.of(unit, full));
        }
    }

    /// The slot of a key, if this buffer has one.
    fn find(&self, hash: u64, key: Lookup<'_>) -> Option<u32> {
        let is_it = |at: &u32| self.slots.get(*at).is_some_and(|slot| slot.is_of(key));
        self.index.candidates(hash).find(is_it)
    }

    /// The slot of a series that this buffer sees for the first time, or of `<other>` in its place.
    ///
    /// `None` only where 2^32 slots are in use. An endpoint of more than 1,024 bytes, as an import may
    /// have, is cut first.
    #[cold]
    fn admit(&mut self, hash: u64, key: Lookup<'_>, common: &Common) -> Option<u32> {
        use std::sync::atomic::Ordering::Relaxed;
        let label = key.bounded_endpoint();
        let mut key = match &label {
            Some(endpoint) => Lookup { endpoint, ..key },
            None => key,
        };
        let mut hash = if label.is_some() {
            key.hash(&common.hasher)
        } else {
            hash
        };
        // First the key may exceed its bound, then the series; the third turn finds or makes the slot.
        for _ in 0..3 {
            if let Some(at) = self.find(hash, key) {
                return Some(at);
            }
            let interned = lock(&common.registry).intern(hash, key, &common.other_key);
            match interned {
                Interned::Series(series) => {
                    let pending = common.summaries.pending();
                    return self.insert(Slot::new(hash, series, pending));
                }
                Interned::KeyOverflow => {
                    common.overflow.keys.fetch_add(1, Relaxed);
                    key.api_key = Some(&common.other_key);
                }
                Interned::SeriesOverflow => {
                    common.overflow.series.fetch_add(1, Relaxed);
                    key.endpoint = OTHER_ENDPOINT;
                }
            }
            hash = key.hash(&common.hasher);
        }
        None
    }

    /// Adds a slot under its hash; `None` where no number is left.
    fn insert(&mut self, slot: Slot) -> Option<u32> {
        let hash = slot.hash;
        let at = self.slots.push(slot)?;
        let hash_of = |slot| self.slots.get(slot).map_or(0, |slot| slot.hash);
        self.index.insert(hash, at, hash_of).then_some(at)
    }

    /// Adds a record to the side table. Returns whether the buffer is crowded.
    #[cold]
    fn record_aside(
        &mut self,
        slot: u32,
        minute: UnixSeconds,
        record: &RequestRecord<'_>,
        common: &Common,
    ) -> bool {
        let hash = side_hash(slot, minute);
        let known = self
            .side_table
            .find(hash, |place| place.slot == slot && place.minute == minute)
            .map(|place| place.side);
        if let Some(side) = known.or_else(|| self.insert_aside(slot, minute, common.summaries))
            && let Some(side) = self.side.get_mut(side)
        {
            side.bucket
                .record_named(record, |unit, full| common.unit_names.of(unit, full));
        }
        self.side_used >= CROWDED
    }

    /// A side bucket for a slot and a minute; reuses one that an earlier drain emptied.
    fn insert_aside(
        &mut self,
        slot: u32,
        minute: UnixSeconds,
        summaries: Summaries,
    ) -> Option<u32> {
        let side = match u32::try_from(self.side_used) {
            Ok(unused) if self.side_used < self.side.len() => unused,
            _ => self.side.push(SideSlot {
                slot,
                minute,
                bucket: summaries.bucket(),
            })?,
        };
        if let Some(reused) = self.side.get_mut(side) {
            reused.slot = slot;
            reused.minute = minute;
        }
        self.side_used += 1;
        let place = SidePlace { slot, side, minute };
        self.side_table
            .insert_unique(side_hash(slot, minute), place, |place| {
                side_hash(place.slot, place.minute)
            });
        Some(side)
    }

    /// The number of records in it.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Moves buffered requests into their buckets, so that [`buckets`](Self::buckets) is complete.
    pub(super) fn drain_pending(&mut self, summaries: Summaries) {
        for slot in self.slots.iter_mut().filter(|slot| slot.filled) {
            if let Some(bucket) = bucket_of(slot, &mut self.buckets, summaries) {
                slot.pending.drain_into(bucket);
            }
        }
    }

    /// All buckets that hold requests, after [`drain_pending`](Self::drain_pending).
    pub(super) fn buckets(&self) -> impl Iterator<Item = (UnixSeconds, &Arc<SeriesKey>, &Bucket)> {
        let own = self.slots.iter().filter(|slot| slot.filled);
        let own = own.filter_map(|slot| {
            let bucket = self.buckets.get(slot.bucket)?;
            Some((slot.minute, &slot.series, bucket))
        });
        let side = self.side.iter().take(self.side_used).filter_map(|side| {
            Some((
                side.minute,
                &self.slots.get(side.slot)?.series,
                &side.bucket,
            ))
        });
        own.chain(side).filter(|(_, _, bucket)| !bucket.is_empty())
    }

    /// Empties all buckets in place and notes when they were used, after
    /// [`drain_pending`](Self::drain_pending).
    pub(super) fn reset(&mut self, now: u64) {
        for slot in self.slots.iter_mut().filter(|slot| slot.filled) {
            if let Some(bucket) = self.buckets.get_mut(slot.bucket) {
                bucket.reset();
            }
            slot.filled = false;
            slot.used = now;
        }
        for side in self.side.iter_mut().take(self.side_used) {
            side.bucket.reset();
        }
        self.side_table.clear();
        self.side_used = 0;
        self.records = 0;
    }

    /// Removes the series that were last used before `since` from an empty buffer, and frees what it grew.
    ///
    /// Only after [`reset`](Self::reset). Does nothing unless more than an eighth of the slots is idle.
    /// Otherwise the buffer is built anew with the slots that stay, and index, slab and side table lose
    /// what they grew.
    pub(super) fn evict(&mut self, since: u64, room: usize, common: &Common) {
        let idle = self.slots.iter().filter(|slot| slot.used < since).count();
        // Rebuilding costs as much as a flush, too much for a handful of series.
        if idle * 8 <= self.slots.len() {
            return;
        }
        let old = std::mem::replace(self, Self::with_room(room));
        let mut buckets: Vec<_> = old.buckets.into_iter().map(Some).collect();
        for mut slot in old.slots.into_iter() {
            if slot.used < since {
                lock(&common.registry).release(slot.hash, &slot.series);
                continue;
            }
            let bucket = buckets.get_mut(slot.bucket as usize);
            let bucket = bucket.and_then(Option::take);
            let kept = bucket.and_then(|bucket| self.buckets.push(bucket));
            slot.bucket = kept.unwrap_or(NO_BUCKET);
            self.insert(slot);
        }
    }

    /// Bytes on the heap, without the names of series, which buffers share.
    pub(super) fn heap_bytes(&self) -> usize {
        let side = self.side.iter().map(|side| &side.bucket);
        let buckets = self.buckets.iter().chain(side);
        buckets.map(Bucket::heap_bytes).sum::<usize>()
            + self.slots.heap_bytes()
            + self.buckets.heap_bytes()
            + self.side.heap_bytes()
            + self.index.heap_bytes()
            + self.side_table.allocation_size()
    }
}

/// The bucket of a slot, created on first use.
fn bucket_of<'a>(
    slot: &mut Slot,
    buckets: &'a mut Slab<Bucket>,
    summaries: Summaries,
) -> Option<&'a mut Bucket> {
    if slot.bucket == NO_BUCKET {
        slot.bucket = buckets.push(summaries.bucket())?;
    }
    buckets.get_mut(slot.bucket)
}
