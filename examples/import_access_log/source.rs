//! The file: plain or gzip, line by line, in bounded memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{Failure, import::name};

/// No server writes longer lines: Apache and nginx refuse requests of such a size.
const LONGEST_LINE: u64 = 64 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An open log and the bar that shows how much of it was read.
pub(crate) struct Source {
    lines: Box<dyn BufRead>,
    pub(crate) progress: ProgressBar,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let named = |error: io::Error| format!("{}: {error}", name(path));
        let mut file = File::open(path).map_err(named)?;
        let about = file.metadata().map_err(named)?;
        if about.is_dir() {
            return Err(format!("{}: it is a folder, not a log", name(path)));
        }
        let mut magic = Vec::new();
        (&mut file).take(2).read_to_end(&mut magic).map_err(named)?;
        file.rewind().map_err(named)?;
        // Measured in bytes of the file as it is stored: how long the text is nobody knows before.
        // Without a terminal on stderr indicatif draws nothing.
        let progress = ProgressBar::new(about.len());
        if let Ok(style) = ProgressStyle::with_template(
            "{wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left, {msg}",
        ) {
            progress.set_style(style);
        }
        let counted = progress.wrap_read(file);
        let lines: Box<dyn BufRead> = if magic == GZIP {
            // Rotated logs are often several members one after another.
            Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(counted))))
        } else {
            Box::new(BufReader::new(counted))
        };
        Ok(Self { lines, progress })
    }

    /// Reads the next line into `line`, without its end; false at the end of the file. A line that
    /// is longer than any server writes is cut, and what it lost makes it unreadable.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let read = (&mut self.lines)
            .take(LONGEST_LINE)
            .read_until(b'\n', line)?;
        if read == 0 {
            return Ok(false);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        } else if read as u64 == LONGEST_LINE {
            self.lines.skip_until(b'\n')?;
            line.clear();
            line.extend_from_slice(b"(too long)");
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn lines_of(bytes: &[u8]) -> Vec<String> {
        let mut source = Source {
            lines: Box::new(io::Cursor::new(bytes.to_vec())),
            progress: ProgressBar::hidden(),
        };
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        while source.next(&mut line).unwrap() {
            lines.push(String::from_utf8_lossy(&line).into_owned());
        }
        lines
    }

    #[test]
    fn lines_end_with_either_kind_of_end_or_with_the_file() {
        assert_eq!(lines_of(b"a\nb\r\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(lines_of(b""), Vec::<String>::new());
    }

    #[test]
    fn a_line_without_end_does_not_fill_memory_and_leaves_its_neighbours_alone() {
        let mut text = b"a\n".to_vec();
        text.resize(1_000_000, b'x');
        text.extend_from_slice(b"\nb\n");
        assert_eq!(lines_of(&text), ["a", "(too long)", "b"]);
    }
}
