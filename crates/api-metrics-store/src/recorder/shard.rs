//! Where records are summed: a buffer behind a mutex, one of a pair.

use std::sync::{Arc, Mutex};

use api_metrics_layer::{ApiKey, OTHER_ENDPOINT, RequestRecord};
use hashbrown::HashTable;

use super::{
    lock,
    lookup::Lookup,
    minute::LastMinute,
    registry::{Interned, Registry},
    slab::Slab,
};
use crate::{bucket::Bucket, series::SeriesKey, sketch::SketchKind, time::UnixSeconds};

/// With so many buckets of side minutes a buffer asks to be drained: only an import of unsorted times
/// gets there.
const CROWDED: usize = 16_384;

/// A mutex of its own cache lines, so that two threads that use two shards don't slow each other down.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard(pub(super) Mutex<Buffer>);

/// What all shards of a recorder have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) kind: SketchKind,
    pub(super) hasher: foldhash::fast::RandomState,
    pub(super) registry: Mutex<Registry>,
    /// The key that stands for those beyond the bound.
    pub(super) other_key: ApiKey,
    pub(super) overflow: Overflow,
}

/// How many records were counted under another label than their own.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    pub(super) series: std::sync::atomic::AtomicU64,
    pub(super) keys: std::sync::atomic::AtomicU64,
}

/// The open buckets of one shard. Slots outlive a hand-over and are emptied in place, so that a series
/// which is seen again costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    table: HashTable<Place>,
    slots: Slab<Slot>,
    side_table: HashTable<SidePlace>,
    side: Slab<SideSlot>,
    /// How many of `side` are in use; the rest wait with their memory.
    side_used: usize,
    records: u64,
    minute: LastMinute,
}

/// The half of the hash spares most comparisons of keys, which lie elsewhere in memory.
#[derive(Debug, Clone, Copy)]
struct Place {
    hash: u32,
    slot: u32,
}

/// Begins a cache line and takes five: at thousands of series a record's cost is the lines it waits for.
#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    /// The same as in `series`, a step nearer: a lookup at thousands of series waits for memory.
    key: SeriesKey,
    series: Arc<SeriesKey>,
    hash: u64,
    minute: UnixSeconds,
    /// When it last held something, in seconds of the monotonic clock.
    used: u64,
    bucket: Bucket,
}

/// A minute beside the one that its slot is at: after a change of the minute, or in an import.
#[derive(Debug, Clone, Copy)]
struct SidePlace {
    slot: u32,
    side: u32,
    minute: UnixSeconds,
}

#[derive(Debug)]
struct SideSlot {
    slot: u32,
    minute: UnixSeconds,
    bucket: Bucket,
}

/// Spreads half a hash over 64 bits: the table uses both ends.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

const fn side_hash(slot: u32, minute: UnixSeconds) -> u64 {
    spread(slot ^ (minute / 60) as u32)
}

impl Buffer {
    /// Room for `series` without growing, which would move a large table in the middle of a request.
    pub(super) fn with_room(series: usize) -> Self {
        Self {
            table: HashTable::with_capacity(series),
            ..Self::default()
        }
    }

    /// Adds a record; whether the buffer is now crowded.
    #[inline]
    pub(super) fn record(
        &mut self,
        hash: u64,
        record: &RequestRecord<'_>,
        common: &Common,
    ) -> bool {
        let minute = self.minute.of(record.finished_at);
        let key = Lookup::of(record);
        let Some(at) = self
            .find(hash, key)
            .or_else(|| self.admit(hash, key, common))
        else {
            return true;
        };
        self.records = self.records.saturating_add(1);
        if let Some(slot) = self.slots.get_mut(at) {
            if slot.minute != minute {
                if !slot.bucket.is_empty() {
                    return self.record_aside(at, minute, record, common.kind);
                }
                slot.minute = minute;
            }
            slot.bucket.record(record);
        }
        false
    }

    #[inline]
    fn find(&self, hash: u64, key: Lookup<'_>) -> Option<u32> {
        let half = hash as u32;
        let same = |place: &Place| {
            place.hash == half
                && self
                    .slots
                    .get(place.slot)
                    .is_some_and(|slot| key.is(&slot.key))
        };
        self.table.find(spread(half), same).map(|place| place.slot)
    }

    /// The slot of a series that this buffer meets for the first time, or of the one that stands for it.
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
        // The key may be one too many, then the series, then neither.
        for _ in 0..3 {
            if let Some(at) = self.find(hash, key) {
                return Some(at);
            }
            let interned = lock(&common.registry).intern(hash, key, &common.other_key);
            match interned {
                Interned::Series(series) => return self.insert(hash, series, common.kind),
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

    fn insert(&mut self, hash: u64, series: Arc<SeriesKey>, kind: SketchKind) -> Option<u32> {
        let slot = self.slots.push(Slot {
            key: SeriesKey::clone(&series),
            series,
            hash,
            minute: 0,
            used: 0,
            bucket: Bucket::new(kind),
        })?;
        self.place(hash, slot);
        Some(slot)
    }

    fn place(&mut self, hash: u64, slot: u32) {
        let hash = hash as u32;
        self.table
            .insert_unique(spread(hash), Place { hash, slot }, |place| {
                spread(place.hash)
            });
    }

    #[cold]
    fn record_aside(
        &mut self,
        slot: u32,
        minute: UnixSeconds,
        record: &RequestRecord<'_>,
        kind: SketchKind,
    ) -> bool {
        let hash = side_hash(slot, minute);
        let known = self
            .side_table
            .find(hash, |place| place.slot == slot && place.minute == minute)
            .map(|place| place.side);
        if let Some(side) = known.or_else(|| self.insert_aside(slot, minute, kind))
            && let Some(side) = self.side.get_mut(side)
        {
            side.bucket.record(record);
        }
        self.side_used >= CROWDED
    }

    fn insert_aside(&mut self, slot: u32, minute: UnixSeconds, kind: SketchKind) -> Option<u32> {
        let side = match u32::try_from(self.side_used) {
            Ok(unused) if self.side_used < self.side.len() => unused,
            _ => self.side.push(SideSlot {
                slot,
                minute,
                bucket: Bucket::new(kind),
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

    /// How many records it holds.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// All buckets that hold something.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (UnixSeconds, &Arc<SeriesKey>, &Bucket)> {
        let own = self
            .slots
            .iter()
            .map(|slot| (slot.minute, &slot.series, &slot.bucket));
        let side = self.side.iter().take(self.side_used).filter_map(|side| {
            Some((
                side.minute,
                &self.slots.get(side.slot)?.series,
                &side.bucket,
            ))
        });
        own.chain(side).filter(|(_, _, bucket)| !bucket.is_empty())
    }

    /// Empties all buckets in place and notes when they were used.
    pub(super) fn reset(&mut self, now: u64) {
        for slot in self.slots.iter_mut() {
            if !slot.bucket.is_empty() {
                slot.bucket.reset();
                slot.used = now;
            }
        }
        for side in self.side.iter_mut().take(self.side_used) {
            side.bucket.reset();
        }
        self.side_table.clear();
        self.side_used = 0;
        self.records = 0;
    }

    /// An empty buffer gives up the series that were last used before `since`, and with them all memory
    /// that it grew.
    pub(super) fn evict(&mut self, since: u64, room: usize, common: &Common) {
        let idle = self.slots.iter().filter(|slot| slot.used < since).count();
        // Rebuilding costs as much as a flush: not for a handful.
        if idle * 8 <= self.slots.len() {
            return;
        }
        let old = std::mem::replace(self, Self::with_room(room));
        for slot in old.slots.into_iter() {
            if slot.used < since {
                lock(&common.registry).release(slot.hash, &slot.series);
            } else if let (hash, Some(at)) = (slot.hash, self.slots.push(slot)) {
                self.place(hash, at);
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let buckets = self.slots.iter().map(|slot| &slot.bucket);
        let buckets = buckets.chain(self.side.iter().map(|side| &side.bucket));
        buckets.map(Bucket::heap_bytes).sum::<usize>()
            + self.slots.heap_bytes()
            + self.side.heap_bytes()
            + self.table.allocation_size()
            + self.side_table.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_five_cache_lines() {
        assert_eq!(size_of::<Slot>(), 5 * 64);
    }
}
