//! What an import has seen, and how it is told.

use serde::{Deserialize, Serialize};

use super::recording::unix;
use crate::format::Entry;

/// Lines that are reported one by one with their reason; the rest by number only.
const TOLD_ONE_BY_ONE: u64 = 20;
/// Stretches of unreadable lines that are remembered.
const MOST_STRETCHES: usize = 1_000;

/// What was counted in the lines of one log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) requests: u64,
    /// Requests that a filter did not want.
    pub(super) left_out: u64,
    /// Recorded requests with a duration.
    pub(super) with_time: u64,
    /// Lines with fields that the format does not name.
    pub(super) unnamed_fields: u64,
    /// Lines with a duration whose unit nobody named.
    pub(super) unnamed_units: u64,
    /// Lines that could not be read, or whose time has not come yet.
    pub(super) unreadable: u64,
    /// Those of them whose time has not come yet.
    pub(super) in_future: u64,
    /// Unix seconds of the earliest and of the latest recorded request.
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
}

impl Counts {
    pub(super) fn note(&mut self, entry: &Entry<'_>) {
        self.requests += 1;
        self.with_time += u64::from(entry.latency.is_some());
        self.unnamed_fields += u64::from(entry.has_unnamed_fields);
        self.unnamed_units += u64::from(entry.has_unnamed_unit);
        let at = unix(entry.finished_at);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.requests += other.requests;
        self.left_out += other.left_out;
        self.with_time += other.with_time;
        self.unnamed_fields += other.unnamed_fields;
        self.unnamed_units += other.unnamed_units;
        self.unreadable += other.unreadable;
        self.in_future += other.in_future;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
    }
}

/// The lines of one log, and what is told of them.
#[derive(Debug, Clone, Default)]
pub(super) struct LogSummary {
    /// Everything, what an earlier run has imported included.
    pub(super) counts: Counts,
    /// What an earlier run has imported.
    pub(super) before: Counts,
    /// Bytes of the decompressed text before the next line.
    pub(super) offset: u64,
    /// Requests whose endpoints were too many to be told apart.
    pub(super) overflow: u64,
    pub(super) unreadable: Unreadable,
}

impl LogSummary {
    /// Goes on from what an earlier run has imported.
    pub(super) fn after(before: Counts, offset: u64) -> Self {
        Self {
            counts: before,
            before,
            offset,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.before.add(&other.before);
        self.overflow += other.overflow;
    }

    /// Notes a line that can't be read; says what to tell about it at once, if anything.
    pub(super) fn note_unreadable(&mut self, why: &str) -> Option<String> {
        self.counts.unreadable += 1;
        self.unreadable.note(self.counts.lines, why)
    }

    /// `3 lines read, 2 requests recorded, …`.
    pub(super) fn sentence(&self, is_dry: bool) -> String {
        let recorded = if is_dry { "to record" } else { "recorded" };
        let counts = &self.counts;
        let mut text = format!(
            "{} lines read, {} requests {recorded}, {} unreadable",
            counts.lines, counts.requests, counts.unreadable
        );
        if counts.left_out > 0 {
            text += &format!(", {} left out by filters", counts.left_out);
        }
        text += &format!(", {} with a request time", counts.with_time);
        if self.before.lines > 0 {
            text += &format!(
                " ({} lines and {} requests of them by an earlier run)",
                self.before.lines, self.before.requests
            );
        }
        text
    }

    /// What somebody should know who expected something else.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.counts.unnamed_fields > 0 {
            remarks.push(format!(
                "{} lines have more fields than the format names; they are not used, request times \
                 neither: name them with --format and the server's own format string",
                self.counts.unnamed_fields
            ));
        }
        if self.counts.unnamed_units > 0 {
            remarks.push(format!(
                "{} lines have a request time whose unit nothing names; it is not used: name it with \
                 --time-unit",
                self.counts.unnamed_units
            ));
        }
        if self.overflow > 0 {
            remarks.push(format!(
                "{} requests are counted under the endpoint <other>, because there are too many \
                 endpoints: name route templates with --routes, or raise --max-series",
                self.overflow
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
