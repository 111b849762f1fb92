//! What was done, and what the store now holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_metrics::{
    ApiMetrics,
    store::{
        bucket::Bucket,
        calendar::Kept,
        query::{Detail, Query, TimeRange, TimeStep},
        text::{shown, without_password},
        time::Granularity,
    },
};
use chrono::DateTime;

use crate::{
    Failure,
    args::Args,
    import::{Imported, name},
};

/// Lines that are reported one by one with their reason; the rest by number only.
const TOLD_ONE_BY_ONE: u64 = 20;
/// Stretches of unreadable lines that are remembered.
const MOST_STRETCHES: usize = 1_000;

/// The lines that could not be read.
#[derive(Debug, Default)]
pub(crate) struct Unreadable {
    count: u64,
    /// First and last number of each stretch.
    stretches: Vec<(u64, u64)>,
}

impl Unreadable {
    /// Notes a line; says what to tell about it at once, if anything.
    pub(crate) fn note(&mut self, number: u64, why: &str) -> Option<String> {
        self.count += 1;
        let room = self.stretches.len() < MOST_STRETCHES;
        match self.stretches.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ if room => self.stretches.push((number, number)),
            _ => {}
        }
        (self.count <= TOLD_ONE_BY_ONE).then(|| format!("line {number} can't be read: {why}"))
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// All of them by number: `3, 7-9`.
    fn numbers(&self) -> String {
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

/// Prints the totals and the days, as the store answers them.
pub(crate) async fn print(
    metrics: &ApiMetrics,
    args: &Args,
    done: &Imported,
    took: Duration,
) -> Result<(), Failure> {
    println!(
        "{}: {} lines read, {} requests recorded, {} unreadable, in {:.1} s",
        name(&args.file),
        done.lines,
        done.requests,
        done.unreadable.count(),
        took.as_secs_f64()
    );
    if done.unreadable.count() > 0 {
        eprintln!("unreadable lines: {}", done.unreadable.numbers());
    }
    let (Some(store), Some(writer), Some((first, last))) =
        (metrics.store(), metrics.writer(), done.span)
    else {
        return Ok(());
    };
    let range = TimeRange::new(
        Granularity::Day.floor(unix(first)),
        Granularity::Day.floor(unix(last)) + Granularity::Day.seconds(),
    );
    let instance = &writer.instance;
    let mut query = Query::over(range);
    query.filter.service = Some(instance.service.clone());
    query.filter.environment = Some(instance.environment.clone());
    query.group_by.time = Some(TimeStep::Fixed(Granularity::Day));
    query.detail = Detail::Counts;
    let answer = store
        .read(&query, None)
        .await
        .map_err(|error| format!("{}: {error}", without_password(&args.database)))?;
    println!(
        "{} holds for these days (UTC), service {}:",
        without_password(&args.database),
        shown(&instance.service)
    );
    println!(
        "{:<10} {:>10} {:>8} {:>8} {:>8} {:>16}",
        "day", "requests", "4xx", "5xx", "aborted", "response bytes"
    );
    let mut total = Totals::default();
    for row in &answer.rows {
        let day = row
            .group
            .period_start
            .and_then(|at| DateTime::from_timestamp(at, 0))
            .map_or_else(|| "?".to_owned(), |day| day.format("%Y-%m-%d").to_string());
        let totals = Totals::of(&row.bucket);
        totals.print(&day);
        total.add(&totals);
    }
    total.print("total");
    for (granularity, from, to) in kept_by(&answer.kept, unix(first), unix(last)) {
        let time = |at| DateTime::from_timestamp(at, 0).unwrap_or_default();
        println!(
            "kept by {}: {} to {}{}",
            granularity,
            time(from).format("%Y-%m-%dT%H:%M:%SZ"),
            time(to).format("%Y-%m-%dT%H:%M:%SZ"),
            match granularity {
                Granularity::Day => "; hours of these days are not known",
                _ => "; longer periods remain where retention removes these",
            }
        );
    }
    Ok(())
}

/// By which granularity the store keeps the times of an import: stretches from `first` to `last`, in order.
fn kept_by(kept: &Kept, first: i64, last: i64) -> Vec<(Granularity, i64, i64)> {
    let mut stretches = Vec::new();
    let mut from = first;
    while from <= last {
        let granularity = kept.finest_at(from);
        // The next finer periods begin where those are kept, which is later than here.
        let finer = Granularity::ALL
            .into_iter()
            .rfind(|finer| *finer < granularity);
        let to = finer
            .map(|finer| kept.since(finer))
            .filter(|since| *since > from)
            .map_or(last, |since| last.min(since - 1));
        stretches.push((granularity, from, to));
        from = to + 1;
    }
    stretches
}

#[derive(Debug, Default)]
struct Totals {
    requests: u64,
    errors_4xx: u64,
    errors_5xx: u64,
    aborted: u64,
    response_bytes: u64,
}

impl Totals {
    fn of(bucket: &Bucket) -> Self {
        Self {
            requests: bucket.request_count,
            errors_4xx: bucket.error_count_4xx,
            errors_5xx: bucket.error_count_5xx,
            aborted: bucket.aborted_count,
            response_bytes: bucket.response_bytes,
        }
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors_4xx += other.errors_4xx;
        self.errors_5xx += other.errors_5xx;
        self.aborted += other.aborted;
        self.response_bytes += other.response_bytes;
    }

    fn print(&self, label: &str) {
        println!(
            "{label:<10} {:>10} {:>8} {:>8} {:>8} {:>16}",
            self.requests, self.errors_4xx, self.errors_5xx, self.aborted, self.response_bytes
        );
    }
}

fn unix(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        // Before 1970 rounds down, which is all a day needs.
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_told_by_which_granularity_its_times_are_kept() {
        let kept = Kept::since_each(86_400 * 9, 86_400 * 7, 86_400 * 2, i64::MIN);
        assert_eq!(
            kept_by(&kept, 86_400, 86_400 * 10),
            [
                (Granularity::Day, 86_400, 86_400 * 2 - 1),
                (Granularity::Hour, 86_400 * 2, 86_400 * 7 - 1),
                (Granularity::FiveMinutes, 86_400 * 7, 86_400 * 9 - 1),
                (Granularity::Minute, 86_400 * 9, 86_400 * 10),
            ]
        );
        assert_eq!(
            kept_by(&Kept::default(), 5, 7),
            [(Granularity::Minute, 5, 7)]
        );
    }

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
