//! Maps the hash of a series to its slot, in as few cache lines as possible.

/// Open addressing with four bytes per entry. With thousands of series every cache line of a look-up is a
/// wait for memory; here it is one.
///
/// An entry is 0, or holds a slot's number plus one in its low bits and bits of the hash above them. At most
/// three quarters of the entries are used, so that the number always fits and a search soon ends.
#[derive(Debug)]
pub(super) struct Index {
    /// A power of two.
    entries: Box<[u32]>,
    used: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl Index {
    /// An index with room for `slots` slots. Growing a large one would take long in the middle of a request.
    pub(super) fn with_room(slots: usize) -> Self {
        let entries = (slots.saturating_mul(4) / 3 + 1)
            .clamp(16, 1 << 31)
            .next_power_of_two();
        Self {
            entries: vec![0; entries].into_boxed_slice(),
            used: 0,
        }
    }

    /// The slots that may have that hash. The caller compares their keys.
    #[inline]
    pub(super) fn candidates(&self, hash: u64) -> Candidates<'_> {
        let mask = self.mask();
        Candidates {
            entries: &self.entries,
            mask,
            tag: tag(hash, mask),
            at: hash as u32 & mask,
        }
    }

    /// Adds a slot that is not in it yet; `hash_of` returns the hash of a slot that is. Returns `false` where
    /// no number is left.
    pub(super) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) -> bool {
        if self.used + 1 > self.entries.len() / 4 * 3 {
            if self.entries.len() > 1 << 30 {
                return false;
            }
            let mut grown = Self::with_room(2 * self.used);
            for &entry in self.entries.iter().filter(|&&entry| entry != 0) {
                let slot = (entry & self.mask()).wrapping_sub(1);
                grown.put(hash_of(slot), slot);
            }
            *self = grown;
        }
        self.put(hash, slot);
        true
    }

    fn put(&mut self, hash: u64, slot: u32) {
        let mask = self.mask();
        let mut at = hash as u32 & mask;
        while let Some(entry) = self.entries.get_mut(at as usize) {
            if *entry == 0 {
                *entry = tag(hash, mask) | slot.wrapping_add(1);
                self.used += 1;
                return;
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    /// A mask of the low bits that number the entries.
    #[inline]
    fn mask(&self) -> u32 {
        // At most 2^31 entries are ever made.
        (self.entries.len() as u32).wrapping_sub(1)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.entries)
    }
}

/// See [`Index::candidates`].
pub(super) struct Candidates<'a> {
    entries: &'a [u32],
    mask: u32,
    tag: u32,
    at: u32,
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        loop {
            let entry = *self.entries.get(self.at as usize)?;
            if entry == 0 {
                return None;
            }
            self.at = self.at.wrapping_add(1) & self.mask;
            if entry & !self.mask == self.tag {
                return Some((entry & self.mask).wrapping_sub(1));
            }
        }
    }
}

/// The bits of the hash that an entry keeps: others than those that choose its place.
#[inline]
const fn tag(hash: u64, mask: u32) -> u32 {
    (hash >> 32) as u32 & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_inserted_is_found_and_nothing_else_however_often_it_grows() {
        let hash = |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut index = Index::default();
        for slot in 0..5_000 {
            let absent = index.candidates(hash(slot)).find(|other| *other == slot);
            assert_eq!(absent, None);
            assert!(index.insert(hash(slot), slot, hash));
        }
        for slot in 0..5_000 {
            assert!(index.candidates(hash(slot)).any(|other| other == slot));
        }
    }

    #[test]
    fn slots_of_one_hash_are_all_candidates_and_those_of_others_are_not() {
        let mut index = Index::with_room(4);
        for slot in 0..100 {
            assert!(index.insert(u64::MAX, slot, |_| u64::MAX));
        }
        let mut all: Vec<u32> = index.candidates(u64::MAX).collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(index.candidates(0).next(), None);
    }

    #[test]
    fn within_its_room_it_does_not_grow() {
        let mut index = Index::with_room(1_000);
        let before = index.heap_bytes();
        for slot in 0..1_000 {
            assert!(index.insert(u64::from(slot), slot, u64::from));
        }
        assert_eq!(index.heap_bytes(), before);
    }
}
