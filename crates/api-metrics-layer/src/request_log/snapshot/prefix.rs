//! The beginning of a body, copied while it passes.

use std::io::IoSlice;

use bytes::Buf;

/// Pieces of one frame that are looked at: frames mostly are one.
const MAX_PIECES: usize = 16;

/// The first bytes of a body. Frames pass by and are never held back.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    bytes: Vec<u8>,
    /// Bytes that are copied at most.
    most: usize,
    /// Bytes that have passed.
    seen: u64,
    /// Whether something in the middle could not be seen, so that nothing after it makes sense.
    is_broken: bool,
}

impl Prefix {
    /// An empty one, to hold `most` bytes.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            seen: 0,
            is_broken: false,
        }
    }

    /// Bytes that have passed.
    pub(crate) const fn seen(&self) -> u64 {
        self.seen
    }

    /// What was copied.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it holds all `total` bytes of its body.
    pub(super) fn is_whole(&self, total: u64) -> bool {
        !self.is_broken && self.bytes.len() as u64 == total
    }

    /// The next frame.
    pub(super) fn push(&mut self, data: &impl Buf) {
        let read = self.seen.saturating_add(data.remaining() as u64);
        self.read(read, data);
    }

    /// A frame that ends at `to` bytes of the body. What has passed already is passed over: a clone of the body
    /// may be read again.
    pub(crate) fn read(&mut self, to: u64, data: &impl Buf) {
        let from = to.saturating_sub(data.remaining() as u64);
        let known = self.seen.saturating_sub(from);
        if from > self.seen {
            self.is_broken = true;
        }
        self.seen = self.seen.max(to);
        let mut skip = usize::try_from(known).unwrap_or(usize::MAX);
        if self.is_broken || self.bytes.len() >= self.most || skip >= data.remaining() {
            return;
        }
        let mut pieces = [IoSlice::new(&[]); MAX_PIECES];
        let count = data.chunks_vectored(&mut pieces);
        let mut visible = 0_usize;
        for piece in pieces.iter().take(count) {
            visible += piece.len();
            let skipped = skip.min(piece.len());
            skip -= skipped;
            let room = self.most - self.bytes.len();
            let rest = piece.get(skipped..).unwrap_or_default();
            let taken = rest.get(..rest.len().min(room)).unwrap_or(rest);
            self.bytes.extend_from_slice(taken);
        }
        if visible < data.remaining() && self.bytes.len() < self.most {
            self.is_broken = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_passes_first_is_copied_up_to_the_bound() {
        let mut prefix = Prefix::new(5);
        prefix.push(&Bytes::from_static(b"abc"));
        assert!(prefix.is_whole(3));
        // Two pieces in one frame.
        prefix.push(&Bytes::from_static(b"d").chain(Bytes::from_static(b"efg")));
        assert_eq!((prefix.bytes(), prefix.seen()), (&b"abcde"[..], 7));
        assert!(!prefix.is_whole(7));
    }

    #[test]
    fn what_is_read_again_is_copied_once() {
        let mut prefix = Prefix::new(100);
        prefix.read(3, &Bytes::from_static(b"abc"));
        prefix.read(2, &Bytes::from_static(b"ab"));
        prefix.read(5, &Bytes::from_static(b"cde"));
        assert_eq!((prefix.bytes(), prefix.seen()), (&b"abcde"[..], 5));
        prefix.read(9, &Bytes::from_static(b"x"));
        assert_eq!(prefix.bytes(), b"abcde");
        assert!(!prefix.is_whole(9));
    }

    #[test]
    fn nothing_follows_a_part_that_could_not_be_seen() {
        /// A buffer that shows its first byte alone.
        struct Narrow(Bytes);
        impl Buf for Narrow {
            fn remaining(&self) -> usize {
                self.0.remaining()
            }
            fn chunk(&self) -> &[u8] {
                self.0.chunk().get(..1).unwrap_or_default()
            }
            fn advance(&mut self, count: usize) {
                self.0.advance(count);
            }
        }
        let mut prefix = Prefix::new(100);
        prefix.push(&Narrow(Bytes::from_static(b"abc")));
        prefix.push(&Bytes::from_static(b"def"));
        assert_eq!(prefix.bytes(), b"a");
        assert!(!prefix.is_whole(6));
    }
}
