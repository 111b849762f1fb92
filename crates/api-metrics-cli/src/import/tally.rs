//! What an import has seen, and how it is told.

use std::time::SystemTime;

use crate::format::Entry;

/// Lines that are reported one by one with their reason; the rest by number only.
const TOLD_ONE_BY_ONE: u64 = 20;
/// Stretches of unreadable lines that are remembered.
const MOST_STRETCHES: usize = 1_000;

/// The lines of one log.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) lines: u64,
    /// Bytes of the decompressed text that were read.
    pub(super) bytes: u64,
    pub(super) requests: u64,
    /// Requests that a filter did not want.
    pub(super) left_out: u64,
    /// Recorded requests with a duration.
    pub(super) with_time: u64,
    /// Lines with fields that the format does not name.
    pub(super) unnamed_fields: u64,
    /// Lines with a duration whose unit nobody named.
    pub(super) unnamed_units: u64,
    /// Requests later than now.
    pub(super) in_future: u64,
    pub(super) unreadable: Unreadable,
    /// The earliest and the latest recorded request.
    pub(super) span: Option<(SystemTime, SystemTime)>,
}

impl Tally {
    pub(super) fn note(&mut self, entry: &Entry<'_>, now: SystemTime) {
        self.requests += 1;
        self.with_time += u64::from(entry.latency.is_some());
        self.unnamed_fields += u64::from(entry.has_unnamed_fields);
        self.unnamed_units += u64::from(entry.has_unnamed_unit);
        let at = entry.finished_at;
        self.in_future += u64::from(at > now);
        self.span = Some(match self.span {
            Some((first, last)) => (first.min(at), last.max(at)),
            None => (at, at),
        });
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.left_out += other.left_out;
        self.with_time += other.with_time;
        self.unnamed_fields += other.unnamed_fields;
        self.unnamed_units += other.unnamed_units;
        self.in_future += other.in_future;
        self.unreadable.count += other.unreadable.count;
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }

    /// `3 lines read, 2 requests recorded, …`.
    pub(super) fn sentence(&self, is_dry: bool) -> String {
        let recorded = if is_dry { "to record" } else { "recorded" };
        let mut text = format!(
            "{} lines read, {} requests {recorded}, {} unreadable",
            self.lines,
            self.requests,
            self.unreadable.count()
        );
        if self.left_out > 0 {
            text += &format!(", {} left out by filters", self.left_out);
        }
        text + &format!(", {} with a request time", self.with_time)
    }

    /// What somebody should know who expected something else.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.unnamed_fields > 0 {
            remarks.push(format!(
                "{} lines have more fields than the format names; they are not used, request times \
                 neither: name them with --format and the server's own format string",
                self.unnamed_fields
            ));
        }
        if self.unnamed_units > 0 {
            remarks.push(format!(
                "{} lines have a request time whose unit nothing names; it is not used: name it with \
                 --time-unit",
                self.unnamed_units
            ));
        }
        if self.in_future > 0 {
            remarks.push(format!(
                "{} requests are later than now; they are recorded at their own time (--until leaves \
                 them out)",
                self.in_future
            ));
        }
        remarks
    }
}

/// The lines that could not be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Unreadable {
    count: u64,
    /// First and last number of each stretch.
    stretches: Vec<(u64, u64)>,
}

impl Unreadable {
    /// Notes a line; says what to tell about it at once, if anything.
    pub(super) fn note(&mut self, number: u64, why: &str) -> Option<String> {
        self.count += 1;
        let room = self.stretches.len() < MOST_STRETCHES;
        match self.stretches.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ if room => self.stretches.push((number, number)),
            _ => {}
        }
        (self.count <= TOLD_ONE_BY_ONE).then(|| format!("line {number} can't be read: {why}"))
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// All of them by number: `3, 7-9`.
    pub(super) fn numbers(&self) -> String {
        let mut named = 0;
        let mut out = Vec::new();
        for &(first, last) in &self.stretches {
            named += last - first + 1;
            out.push(if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            });
        }
        if named < self.count {
            out.push(format!("and {} more", self.count - named));
        }
        out.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_lines_are_named_by_number_in_stretches() {
        let mut unreadable = Unreadable::default();
        for number in [3, 7, 8, 9, 12] {
            assert!(unreadable.note(number, "why").is_some());
        }
        assert_eq!(unreadable.numbers(), "3, 7-9, 12");
    }

    #[test]
    fn a_file_full_of_unreadable_lines_does_not_fill_memory() {
        let mut unreadable = Unreadable::default();
        for number in 0..10_000 {
            let _ = unreadable.note(number * 2, "why");
        }
        assert!(unreadable.numbers().ends_with("and 9000 more"));
        assert_eq!(unreadable.count(), 10_000);
    }
}
