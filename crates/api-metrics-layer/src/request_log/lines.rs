//! The lines of one request, within their bounds.

use super::event::LogEvent;

/// Lines of one request.
#[cfg(any(feature = "tracing", test))]
pub(crate) const MAX_LINES: usize = 20;
/// The bytes of their texts.
#[cfg(any(feature = "tracing", test))]
pub(crate) const MAX_BYTES: usize = 4096;

/// What was logged while a request ran, and how much of it there was no room for.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<LogEvent>,
    bytes: usize,
    left_out: u32,
}

#[cfg(any(feature = "tracing", test))]
impl Lines {
    /// The bytes that the next line may take; `None` where there is room for none.
    pub(crate) fn room(&self) -> Option<usize> {
        if self.lines.len() < MAX_LINES && self.bytes < MAX_BYTES {
            Some(MAX_BYTES - self.bytes)
        } else {
            None
        }
    }

    /// Adds a line, or counts that there was no room for it.
    pub(crate) fn add(&mut self, line: LogEvent) {
        let bytes = line.text_bytes();
        match self.room() {
            Some(room) if bytes <= room => {
                self.bytes += bytes;
                self.lines.push(line);
            }
            _ => self.leave_out(),
        }
    }

    /// Counts a line for which there is no room.
    pub(crate) const fn leave_out(&mut self) {
        self.left_out = self.left_out.saturating_add(1);
    }
}

impl Lines {
    /// The lines, in the order in which they were logged.
    pub(super) fn lines(&self) -> &[LogEvent] {
        &self.lines
    }

    /// Lines for which there was no room.
    pub(super) const fn left_out(&self) -> u32 {
        self.left_out
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.bytes = 0;
        self.left_out = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::LogLevel;

    fn line(bytes: usize) -> LogEvent {
        LogEvent::new(
            SystemTime::UNIX_EPOCH,
            LogLevel::Warn,
            "",
            "x".repeat(bytes),
        )
    }

    #[test]
    fn lines_are_bounded_by_number_and_by_bytes_and_the_rest_is_counted() {
        let mut short = Lines::default();
        for _ in 0..25 {
            short.add(line(1));
        }
        assert_eq!((short.lines().len(), short.left_out()), (20, 5));

        let mut long = Lines::default();
        for bytes in [4_000, 97, 96, 1] {
            long.add(line(bytes));
        }
        let kept: Vec<_> = long.lines().iter().map(LogEvent::text_bytes).collect();
        assert_eq!((kept, long.left_out()), (vec![4_000, 96], 2));

        long.clear();
        assert_eq!((long.lines().len(), long.left_out()), (0, 0));
        assert_eq!(long.room(), Some(MAX_BYTES));
    }
}
