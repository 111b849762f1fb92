//! A text line by line, out of one buffer.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

/// No server writes longer lines: Apache and nginx refuse requests of such a size.
pub(super) const LONGEST_LINE: usize = 64 * 1024;
const BUFFER: usize = 512 * 1024;
/// So many lines tell a format.
pub(super) const SAMPLE: usize = 100;

/// A line and whether it was cut because no server writes such long ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    pub(super) is_cut: bool,
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
        }
    }

    /// Bytes of the decompressed text before the next line.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
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
            self.fill()?;
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
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        let end = loop {
            let text = &self.buffer[self.from..self.until];
            if let Some(end) = memchr(b'\n', &text[searched..]) {
                break searched + end;
            }
            searched = text.len();
            if searched >= LONGEST_LINE {
                return self.cut().map(Some);
            }
            if self.has_ended {
                if text.is_empty() {
                    return Ok(None);
                }
                break searched;
            }
            self.fill()?;
        };
        if end >= LONGEST_LINE {
            return self.cut().map(Some);
        }
        let start = self.from;
        self.skip(end);
        let text = &self.buffer[start..start + end];
        Ok(Some(Line {
            text: text.strip_suffix(b"\r").unwrap_or(text),
            is_cut: false,
        }))
    }

    /// Goes behind a line of `length` bytes and its end.
    fn skip(&mut self, length: usize) {
        let whole = (length + 1).min(self.until - self.from);
        self.from += whole;
        self.offset += whole as u64;
    }

    /// The start of a line that is too long; the rest of it is passed over.
    fn cut(&mut self) -> io::Result<Line<'_>> {
        self.cut.clear();
        let start = &self.buffer[self.from..self.from + LONGEST_LINE];
        self.cut.extend_from_slice(start);
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[self.from..self.until]) {
                self.skip(end);
                break;
            }
            self.offset += (self.until - self.from) as u64;
            (self.from, self.until) = (0, 0);
            if self.has_ended {
                break;
            }
            self.fill()?;
        }
        Ok(Line {
            text: &self.cut,
            is_cut: true,
        })
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.from > 0 {
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
        while let Some(line) = lines.next().unwrap() {
            all.push(if line.is_cut {
                assert_eq!(line.text.len(), LONGEST_LINE);
                "(cut)".to_owned()
            } else {
                String::from_utf8_lossy(line.text).into_owned()
            });
        }
        assert_eq!(lines.offset(), bytes.len() as u64);
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
