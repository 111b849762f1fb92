//! A text line by line, out of one buffer.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use memchr::{memchr, memchr_iter};
use sha2::{Digest, Sha256};

/// No server writes longer lines: Apache and nginx refuse requests of such a size.
pub(super) const LONGEST_LINE: usize = 64 * 1024;
const BUFFER: usize = 512 * 1024;
/// Lines that a format is told by.
pub(super) const SAMPLE: usize = 100;

/// A line and whether it was cut because no server writes such long ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    pub(super) is_cut: bool,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    Line(Line<'a>),
    /// Nothing for the moment, from a source that is still written.
    Idle,
    End,
}

/// Reads lines without copying them.
pub(super) struct Lines {
    text: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is not yet read.
    from: usize,
    until: usize,
    has_ended: bool,
    /// Bytes of the text before the next line: where an import would go on.
    offset: u64,
    /// The start of the last line that was too long.
    cut: Vec<u8>,
    /// Of everything before the next line, but for what the buffer still holds from `hashed` on.
    hash: Sha256,
    hashed: usize,
    /// Whether a line of which only the start was read goes on.
    is_cutting: bool,
    /// Whether the last line had an end.
    is_at_line_start: bool,
    /// Where this is set, a line without its end is left for later.
    leaves_unended: Option<Arc<AtomicBool>>,
    /// Where [`next`](Self::next) stops, also within a line.
    stop_at: Option<u64>,
}

impl Lines {
    pub(super) fn new(text: Box<dyn Read + Send>) -> Self {
        Self {
            text,
            buffer: vec![0; BUFFER],
            from: 0,
            until: 0,
            has_ended: false,
            offset: 0,
            cut: Vec::new(),
            hash: Sha256::new(),
            hashed: 0,
            is_cutting: false,
            is_at_line_start: true,
            leaves_unended: None,
            stop_at: None,
        }
    }

    /// Lets [`next`](Self::next) give a line's start alone where the line goes on behind this offset: the end
    /// of a log may have been one, before its writer went on.
    pub(super) const fn stop_at(&mut self, offset: Option<u64>) {
        self.stop_at = offset;
    }

    /// Leaves a line that has no end yet for the next run, once `stop` is set: its writer has not finished
    /// it.
    pub(super) fn leaving_unended(mut self, stop: Arc<AtomicBool>) -> Self {
        self.leaves_unended = Some(stop);
        self
    }

    /// Whether the text before the next line ends a line.
    pub(super) const fn is_at_line_start(&self) -> bool {
        self.is_at_line_start
    }

    /// Whether nothing follows.
    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        while self.from == self.until && !self.has_ended {
            self.fill()?;
        }
        Ok(self.from == self.until)
    }

    /// Bytes of the decompressed text before the next line.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// What the text before the next line is known by.
    pub(super) fn digest(&mut self) -> String {
        self.take_into_hash();
        hex(&self.hash.clone().finalize())
    }

    /// In large pieces, because a line at a time takes longer.
    fn take_into_hash(&mut self) {
        self.hash.update(&self.buffer[self.hashed..self.from]);
        self.hashed = self.from;
    }

    /// The first lines, which [`next`](Self::next) gives again. From a source that is still written
    /// only those that are there.
    pub(super) fn sample(&mut self, is_live: bool) -> io::Result<Vec<&[u8]>> {
        loop {
            let ends = memchr_iter(b'\n', &self.buffer[self.from..self.until]).count();
            let is_full = self.from == 0 && self.until == self.buffer.len();
            if ends >= SAMPLE || self.has_ended || is_full || (is_live && ends > 0) {
                break;
            }
            match self.fill() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                filled => filled?,
            }
        }
        let text = &self.buffer[self.from..self.until];
        let whole = if self.has_ended {
            text
        } else {
            &text[..memchr::memrchr(b'\n', text).map_or(text.len(), |end| end + 1)]
        };
        Ok(whole
            .split(|byte| *byte == b'\n')
            .take(SAMPLE)
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .collect())
    }

    /// The next line, without its end.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        let mut searched = 0;
        let end = loop {
            if self.is_cutting {
                return self.cut();
            }
            let text = &self.buffer[self.from..self.until];
            if let Some(end) = memchr(b'\n', &text[searched..]) {
                break searched + end;
            }
            searched = text.len();
            if searched >= LONGEST_LINE {
                return self.cut();
            }
            if self.has_ended {
                let is_left = |stop: &Arc<AtomicBool>| stop.load(Ordering::Relaxed);
                if text.is_empty() || self.leaves_unended.as_ref().is_some_and(is_left) {
                    return Ok(Next::End);
                }
                break searched;
            }
            match self.fill() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Idle),
                filled => filled?,
            }
        };
        if end >= LONGEST_LINE {
            return self.cut();
        }
        let start = self.from;
        let room = self.stop_at.map(|stop| stop.saturating_sub(self.offset));
        let end = match room.and_then(|room| usize::try_from(room).ok()) {
            Some(room) if room <= end => {
                self.from += room;
                self.offset += room as u64;
                self.is_at_line_start = false;
                room
            }
            _ => {
                self.skip(end);
                end
            }
        };
        let text = &self.buffer[start..start + end];
        Ok(Next::Line(Line {
            text: text.strip_suffix(b"\r").unwrap_or(text),
            is_cut: false,
        }))
    }

    /// Goes behind a line of `length` bytes and its end.
    fn skip(&mut self, length: usize) {
        let whole = (length + 1).min(self.until - self.from);
        self.is_at_line_start = whole > length;
        self.from += whole;
        self.offset += whole as u64;
    }

    /// The start of a line that is too long; the rest of it is passed over.
    fn cut(&mut self) -> io::Result<Next<'_>> {
        if !self.is_cutting {
            self.cut.clear();
            let start = &self.buffer[self.from..self.from + LONGEST_LINE];
            self.cut.extend_from_slice(start);
            self.is_cutting = true;
        }
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[self.from..self.until]) {
                self.skip(end);
                break;
            }
            self.offset += (self.until - self.from) as u64;
            self.from = self.until;
            if self.has_ended {
                self.is_at_line_start = false;
                break;
            }
            match self.fill() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Idle),
                filled => filled?,
            }
        }
        self.is_cutting = false;
        Ok(Next::Line(Line {
            text: &self.cut,
            is_cut: true,
        }))
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.from > 0 {
            self.take_into_hash();
            self.hashed = 0;
            self.buffer.copy_within(self.from..self.until, 0);
            self.until -= self.from;
            self.from = 0;
        }
        let read = loop {
            match self.text.read(&mut self.buffer[self.until..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.until += read;
        self.has_ended = read == 0;
        Ok(())
    }
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Gives few bytes at a time.
    struct Slow(io::Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn lines_of(bytes: &[u8], at_a_time: usize) -> Vec<String> {
        let mut lines = Lines::new(Box::new(Slow(io::Cursor::new(bytes.to_vec()), at_a_time)));
        let sample = lines.sample(false).unwrap().len();
        assert!(sample <= SAMPLE);
        let mut all = Vec::new();
        while let Next::Line(line) = lines.next().unwrap() {
            all.push(if line.is_cut {
                assert_eq!(line.text.len(), LONGEST_LINE);
                "(cut)".to_owned()
            } else {
                String::from_utf8_lossy(line.text).into_owned()
            });
        }
        assert_eq!(lines.offset(), bytes.len() as u64);
        assert_eq!(lines.digest(), hex(&Sha256::digest(bytes)));
        all
    }

    #[test]
    fn lines_end_with_either_kind_of_end_or_with_the_file() {
        for at_a_time in [1, 2, 1_000] {
            assert_eq!(lines_of(b"a\nb\r\n\nc", at_a_time), ["a", "b", "", "c"]);
            assert_eq!(lines_of(b"", at_a_time), Vec::<String>::new());
        }
    }

    #[test]
    fn a_line_is_cut_where_a_log_once_ended() {
        let mut lines = Lines::new(Box::new(io::Cursor::new(b"one\ntwo\nthree\n".to_vec())));
        lines.stop_at(Some(6));
        assert!(matches!(lines.next().unwrap(), Next::Line(line) if line.text == b"one"));
        assert!(matches!(lines.next().unwrap(), Next::Line(line) if line.text == b"tw"));
        assert_eq!(lines.digest(), hex(&Sha256::digest(b"one\ntw")));
        assert!(!lines.is_at_line_start());
        lines.stop_at(None);
        assert!(matches!(lines.next().unwrap(), Next::Line(line) if line.text == b"o"));
        assert!(matches!(lines.next().unwrap(), Next::Line(line) if line.text == b"three"));
    }

    #[test]
    fn a_line_without_end_does_not_fill_memory_and_leaves_its_neighbours_alone() {
        for length in [LONGEST_LINE, 100_000, 1_000_000] {
            for tail in [&b"\nb\n"[..], b"\nb", b""] {
                let mut text = b"a\n".to_vec();
                text.resize(length, b'x');
                text.resize(text.len() + 2, b'x');
                text.extend_from_slice(tail);
                let expected: &[&str] = if tail.is_empty() {
                    &["a", "(cut)"]
                } else {
                    &["a", "(cut)", "b"]
                };
                for at_a_time in [10_000, usize::MAX] {
                    assert_eq!(lines_of(&text, at_a_time), expected);
                }
            }
        }
    }
}
