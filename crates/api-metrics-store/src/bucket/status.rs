//! Counts of requests by status code.
//!
//! A series seldom answers with more than three codes, so up to three are stored inline: 2 + 8 bytes
//! each, and no allocation. The fourth code moves all entries into a sorted vector, which stays for the
//! life of the value.
//!
//! In the tables a row's codes stand in one column of bytes:
//!
//! | offset in an entry | bytes | field |
//! |---|---|---|
//! | 0 | 2 | the code, big-endian |
//! | 2 | 8 | its count, big-endian |
//!
//! Entries have a fixed width of ten bytes and no header. Three things follow. SQL can
//! decode an entry. Encodings can be concatenated: `string_agg` over the rows of a range
//! yields an encoding of their sum, in which a code may occur several times. A length that is no
//! multiple of ten is a cut encoding.
//!
//! Adding a known code to inline counts compares at most three numbers. With `c` codes on the heap it
//! is a binary search in `c` entries; a new code shifts up to `c` entries.

use std::fmt;

use crate::sketch::SketchError;

/// Status codes that are stored inline. Few endpoints return more.
const INLINE: usize = 3;
/// Bytes of one entry in the encoding.
const ENTRY: usize = 10;

/// Requests by status code, ascending by code. Counts saturate.
///
/// ```
/// use api_metrics_store::bucket::StatusCounts;
///
/// let counts = StatusCounts::from_iter([(404, 1), (200, 3)]);
/// assert_eq!(counts.iter().collect::<Vec<_>>(), [(200, 3), (404, 1)]);
/// assert_eq!(counts.get(500), 0);
/// ```
#[derive(Clone, Default)]
pub struct StatusCounts(Repr);

/// Where the entries are. Inline becomes heap and never inline again, so that a reset keeps the
/// allocation.
#[derive(Clone)]
enum Repr {
    /// Ascending; entries from `len` on are unused.
    Inline {
        len: u8,
        codes: [u16; INLINE],
        counts: [u64; INLINE],
    },
    /// Ascending.
    Heap(Vec<(u16, u64)>),
}

impl Default for Repr {
    fn default() -> Self {
        Self::Inline {
            len: 0,
            codes: [0; INLINE],
            counts: [0; INLINE],
        }
    }
}

impl StatusCounts {
    /// Adds `n` to the count of `code`.
    #[inline]
    pub(crate) fn add(&mut self, code: u16, n: u64) {
        if n == 0 {
            return;
        }
        if let Repr::Inline { len, codes, counts } = &mut self.0 {
            let known = codes.iter().zip(counts.iter_mut()).take(usize::from(*len));
            for (&known, count) in known {
                if known == code {
                    *count = count.saturating_add(n);
                    return;
                }
            }
        }
        self.insert(code, n);
    }

    /// Slow path of [`add`](Self::add): a code that is not stored inline yet, or any code once entries
    /// are on the heap.
    #[cold]
    fn insert(&mut self, code: u16, n: u64) {
        if let Repr::Inline { len, codes, counts } = &mut self.0 {
            let used = usize::from(*len);
            if let (Some(last_code), Some(last_count)) = (codes.get_mut(used), counts.get_mut(used))
            {
                (*last_code, *last_count) = (code, n);
                // One step of an insertion sort.
                for at in (1..=used).rev() {
                    if codes.get(at - 1) > codes.get(at) {
                        codes.swap(at - 1, at);
                        counts.swap(at - 1, at);
                    }
                }
                *len += 1;
                return;
            }
        }
        let mut entries = match std::mem::take(&mut self.0) {
            Repr::Heap(entries) => entries,
            Repr::Inline { len, codes, counts } => {
                let mut entries = Vec::with_capacity(2 * INLINE);
                entries.extend(codes.into_iter().zip(counts).take(usize::from(len)));
                entries
            }
        };
        match entries.binary_search_by_key(&code, |entry| entry.0) {
            Ok(at) => {
                if let Some((_, count)) = entries.get_mut(at) {
                    *count = count.saturating_add(n);
                }
            }
            Err(at) => entries.insert(at, (code, n)),
        }
        self.0 = Repr::Heap(entries);
    }

    /// Adds all counts of another one, code by code.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (code, n) in other.iter() {
            self.add(code, n);
        }
    }

    /// The codes and their counts, ascending by code.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        // One of the two is empty.
        let (inline, heap) = match &self.0 {
            Repr::Inline { len, codes, counts } => {
                let inline = codes.iter().copied().zip(counts.iter().copied());
                (Some(inline.take(usize::from(*len))), None)
            }
            Repr::Heap(entries) => (None, Some(entries.iter().copied())),
        };
        inline
            .into_iter()
            .flatten()
            .chain(heap.into_iter().flatten())
    }

    /// The count of `code`, 0 if it was never counted.
    #[must_use]
    pub fn get(&self, code: u16) -> u64 {
        self.iter()
            .find_map(|(known, n)| (known == code).then_some(n))
            .unwrap_or(0)
    }

    /// The number of different codes.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Repr::Inline { len, .. } => usize::from(*len),
            Repr::Heap(entries) => entries.len(),
        }
    }

    /// Whether no code was counted.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all counts and keeps the memory for reuse.
    pub(crate) fn reset(&mut self) {
        match &mut self.0 {
            Repr::Inline { len, .. } => *len = 0,
            Repr::Heap(entries) => entries.clear(),
        }
    }

    /// Appends ten bytes per code: the code (u16) and its count (u64), both big-endian. SQL can decode them, and
    /// concatenated encodings are an encoding of their sum.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for (code, n) in self.iter() {
            out.extend_from_slice(&code.to_be_bytes());
            out.extend_from_slice(&n.to_be_bytes());
        }
    }

    /// Adds the counts of any number of concatenated [encodings](Self::encode).
    ///
    /// # Errors
    ///
    /// [`SketchError::Truncated`] where the length is not a multiple of ten bytes; nothing is changed then.
    pub(crate) fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        let (entries, rest) = encoded.as_chunks::<ENTRY>();
        if !rest.is_empty() {
            return Err(SketchError::Truncated);
        }
        for &[a, b, ref count @ ..] in entries {
            self.add(u16::from_be_bytes([a, b]), u64::from_be_bytes(*count));
        }
        Ok(())
    }

    /// Bytes on the heap: 0 up to three codes, then 16 for each entry of capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Heap(entries) => entries.capacity() * size_of::<(u16, u64)>(),
        }
    }
}

impl PartialEq for StatusCounts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for StatusCounts {}

impl fmt::Debug for StatusCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(u16, u64)> for StatusCounts {
    fn from_iter<T: IntoIterator<Item = (u16, u64)>>(entries: T) -> Self {
        let mut counts = Self::default();
        for (code, n) in entries {
            counts.add(code, n);
        }
        counts
    }
}
