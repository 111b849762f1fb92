//! The statements that sum buckets for a read.
//!
//! One statement reads all granularities of an answer. There are two ways to the rows, because the planner,
//! which can't know that a list of series is one block of numbers, would read whole partitions for it:
//!
//! - **lookup**: for each series its rows, by the index that begins with the series. With sketches, each
//!   series' sum comes as soon as it is made, so that they are merged here while the server reads on.
//! - **scan**: for each period the block of numbers that the series lie in. A third of the time where
//!   the block is full: for minutes, which have no index that begins with the series, and for everything
//!   where nothing but counts is asked for.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::{Row, postgres::PgRow};

use super::{
    rows,
    tx::{PgTx, at, unsigned},
};
use crate::{
    bucket::Bucket,
    protocol::backend::{Ask, Detail, Part, Result, Segment, Sink},
    sketch::SketchKind,
    time::Granularity,
};

/// Segments of one granularity in one statement, but for days, which rarely have two.
const SEGMENTS_A_STATEMENT: usize = 2;
/// From so many on a scan can be cheaper than as many lookups.
const MANY_SERIES: usize = 100;
/// A scan may read so many rows for each that it wants.
const MOST_WASTE: i64 = 4;
/// Each of a series' minutes is a lookup of its own, up to so many.
const MOST_MINUTES: usize = 20_000;

macro_rules! columns {
    (requests) => {
        "period_start, series_id, request_count"
    };
    (counts) => {
        concat!(
            columns!(requests),
            ", error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, latency_min_us, \
               latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, \
               total_response_bytes, status_counts"
        )
    };
    (sketches) => {
        concat!(columns!(counts), ", latency_sketch")
    };
}

/// `api_metrics.add` is a sum that stays a bigint, where `sum` goes through numeric.
macro_rules! sums {
    (requests) => {
        "api_metrics.add(m.request_count)"
    };
    (counts) => {
        concat!(
            sums!(requests),
            ", api_metrics.add(m.error_count_4xx), api_metrics.add(m.error_count_5xx), \
               api_metrics.add(m.aborted_count), api_metrics.add(m.latency_sum_us), \
               min(m.latency_min_us), max(m.latency_max_us), api_metrics.add(m.latency_count), \
               api_metrics.add(m.ttfb_sum_us), api_metrics.add(m.ttfb_count), \
               api_metrics.add(m.total_request_bytes), api_metrics.add(m.total_response_bytes), \
               string_agg(m.status_counts, ''::bytea)"
        )
    };
    (sketches) => {
        concat!(sums!(counts), ", string_agg(m.latency_sketch, ''::bytea)")
    };
}

macro_rules! step {
    (whole) => {
        "0"
    };
    (steps) => {
        "width_bucket(m.period_start, $3::timestamptz[]) - 1"
    };
}

/// Rows of one granularity. Bounds that are NULL leave it out while planning.
macro_rules! arm {
    ($detail:ident, $table:literal, $from:literal, $to:literal, $which:literal) => {
        concat!(
            "SELECT ",
            columns!($detail),
            " FROM api_metrics.",
            $table,
            " WHERE period_start >= ",
            $from,
            "::timestamptz AND period_start < ",
            $to,
            "::timestamptz AND ",
            $which
        )
    };
}

macro_rules! coarser_than_minutes {
    ($detail:ident, $which:literal) => {
        concat!(
            arm!($detail, "metrics_5m", "$9", "$10", $which),
            " UNION ALL ",
            arm!($detail, "metrics_5m", "$11", "$12", $which),
            " UNION ALL ",
            arm!($detail, "metrics_1h", "$13", "$14", $which),
            " UNION ALL ",
            arm!($detail, "metrics_1h", "$15", "$16", $which),
            " UNION ALL ",
            arm!($detail, "metrics_1d", "$17", "$18", $which)
        )
    };
}

/// The rows of one series, `s`.
macro_rules! rows_of_one {
    ($detail:ident) => {
        concat!(
            "SELECT ",
            columns!($detail),
            " FROM api_metrics.metrics_1m \
               WHERE period_start = ANY($4::timestamptz[]) AND series_id = s.id UNION ALL SELECT ",
            columns!($detail),
            " FROM api_metrics.metrics_1m \
               WHERE period_start = ANY($21::timestamptz[]) AND series_id = s.id UNION ALL ",
            coarser_than_minutes!($detail, "series_id = s.id")
        )
    };
}

/// With sketches one sum a series and step, as soon as it is made; otherwise one a group and step.
macro_rules! lookup {
    (sketches, $step:ident) => {
        concat!(
            "SELECT s.number, m.* FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) \
             CROSS JOIN LATERAL (SELECT ",
            step!($step),
            " AS step, ",
            sums!(sketches),
            " FROM (",
            rows_of_one!(sketches),
            ") AS m GROUP BY 1) AS m"
        )
    };
    ($detail:ident, $step:ident) => {
        concat!(
            "SELECT s.number, ",
            step!($step),
            " AS step, ",
            sums!($detail),
            " FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) CROSS JOIN LATERAL (",
            rows_of_one!($detail),
            ") AS m GROUP BY 1, 2"
        )
    };
}

/// One sum a series and step: joined afterwards, because the planner can't know how few rows remain.
macro_rules! scan {
    ($detail:ident, $step:ident) => {
        concat!(
            "SELECT s.number, m.* FROM (SELECT ",
            step!($step),
            " AS step, ",
            sums!($detail),
            ", m.series_id FROM (",
            arm!(
                $detail,
                "metrics_1m",
                "$5",
                "$6",
                "series_id BETWEEN $19 AND $20"
            ),
            " UNION ALL ",
            arm!(
                $detail,
                "metrics_1m",
                "$7",
                "$8",
                "series_id BETWEEN $19 AND $20"
            ),
            " UNION ALL ",
            coarser_than_minutes!($detail, "series_id BETWEEN $19 AND $20"),
            ") AS m GROUP BY 1, m.series_id) AS m \
             JOIN unnest($1::bigint[], $2::integer[]) AS s (id, number) ON s.id = m.series_id"
        )
    };
}

fn statement(detail: Detail, steps: bool, scan: bool) -> &'static str {
    match (detail, steps, scan) {
        (Detail::Requests, false, false) => lookup!(requests, whole),
        (Detail::Requests, false, true) => scan!(requests, whole),
        (Detail::Requests, true, false) => lookup!(requests, steps),
        (Detail::Requests, true, true) => scan!(requests, steps),
        (Detail::Counts, false, false) => lookup!(counts, whole),
        (Detail::Counts, false, true) => scan!(counts, whole),
        (Detail::Counts, true, false) => lookup!(counts, steps),
        (Detail::Counts, true, true) => scan!(counts, steps),
        (Detail::Sketches, false, false) => lookup!(sketches, whole),
        (Detail::Sketches, false, true) => scan!(sketches, whole),
        (Detail::Sketches, true, false) => lookup!(sketches, steps),
        (Detail::Sketches, true, true) => scan!(sketches, steps),
    }
}

pub(super) async fn sum(tx: &mut PgTx, ask: &Ask<'_>, into: &mut Sink<'_>) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (ask.series.first(), ask.series.last()) else {
        return Ok(());
    };
    let kind = tx.sketch_kind().await?;
    let (ids, numbers): (Vec<i64>, Vec<i32>) = ask.series.iter().copied().unzip();
    let edges: Vec<_> = ask.edges.iter().map(|edge| at(*edge)).collect();
    let dense = ids.len() >= MANY_SERIES
        && (last - first) / MOST_WASTE <= i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let mut rest = ask.segments.to_vec();
    while !rest.is_empty() {
        let arms = Arms::take(&mut rest);
        let minutes: usize = arms.minutes().iter().map(Vec::len).sum();
        let scan_minutes = dense || minutes.saturating_mul(ids.len()) > MOST_MINUTES;
        let scan_rest = dense && ask.detail != Detail::Sketches;
        let parts = if scan_minutes == scan_rest {
            vec![(arms, scan_rest)]
        } else {
            let (minutes, rest) = arms.split();
            vec![(minutes, scan_minutes), (rest, scan_rest)]
        };
        for (arms, scan) in parts {
            if arms.is_empty() {
                continue;
            }
            // Of each end of the range by itself: a partition is looked into for what may be there.
            let [first_minutes, last_minutes] = if scan {
                Default::default()
            } else {
                arms.minutes()
            };
            let mut query = sqlx::query(statement(ask.detail, edges.len() > 2, scan))
                .bind(&ids)
                .bind(&numbers)
                .bind(&edges)
                .bind(first_minutes);
            for (from, to) in arms.bounds() {
                query = query.bind(from).bind(to);
            }
            let mut rows = query
                .bind(first)
                .bind(last)
                .bind(last_minutes)
                .fetch(&mut *tx.sql);
            while let Some(row) = rows.try_next().await? {
                into(part(&row, ask.detail, kind)?)?;
            }
        }
    }
    Ok(())
}

/// The segments that one statement reads.
#[derive(Default)]
struct Arms {
    minutes: Vec<Segment>,
    five_minutes: Vec<Segment>,
    hours: Vec<Segment>,
    days: Vec<Segment>,
}

type Bounds = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl Arms {
    /// Takes as many as fit, and leaves the others for the next statement.
    fn take(rest: &mut Vec<Segment>) -> Self {
        let mut arms = Self::default();
        rest.retain(|segment| {
            let (mine, room) = match segment.granularity {
                Granularity::Minute => (&mut arms.minutes, SEGMENTS_A_STATEMENT),
                Granularity::FiveMinutes => (&mut arms.five_minutes, SEGMENTS_A_STATEMENT),
                Granularity::Hour => (&mut arms.hours, SEGMENTS_A_STATEMENT),
                Granularity::Day => (&mut arms.days, 1),
            };
            let full = mine.len() >= room;
            if !full {
                mine.push(*segment);
            }
            full
        });
        arms
    }

    /// The minutes of the one segment and of the other.
    fn minutes(&self) -> [Vec<DateTime<Utc>>; SEGMENTS_A_STATEMENT] {
        let step = usize::try_from(Granularity::Minute.seconds()).unwrap_or(60);
        std::array::from_fn(|n| {
            let segment = self.minutes.get(n);
            segment
                .into_iter()
                .flat_map(|segment| (segment.from..segment.to).step_by(step))
                .map(at)
                .collect()
        })
    }

    /// The minutes, and everything else.
    fn split(self) -> (Self, Self) {
        let minutes = Self {
            minutes: self.minutes,
            ..Self::default()
        };
        let rest = Self {
            minutes: Vec::new(),
            ..self
        };
        (minutes, rest)
    }

    fn is_empty(&self) -> bool {
        [&self.minutes, &self.five_minutes, &self.hours, &self.days]
            .iter()
            .all(|segments| segments.is_empty())
    }

    /// In the order of the statements' parameters.
    fn bounds(&self) -> [Bounds; 7] {
        let bound = |segments: &[Segment], n: usize| -> Bounds {
            segments.get(n).map_or((None, None), |segment| {
                (Some(at(segment.from)), Some(at(segment.to)))
            })
        };
        [
            bound(&self.minutes, 0),
            bound(&self.minutes, 1),
            bound(&self.five_minutes, 0),
            bound(&self.five_minutes, 1),
            bound(&self.hours, 0),
            bound(&self.hours, 1),
            bound(&self.days, 0),
        ]
    }
}

/// A row of the statements above, by the places of its columns: looking their names up would take longer
/// than reading them.
fn part(row: &PgRow, detail: Detail, kind: SketchKind) -> Result<Part<'_>> {
    let place = |at: usize| -> Result<usize> {
        let value: i32 = row.try_get(at)?;
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    };
    let counts = match detail {
        Detail::Requests => {
            let mut counts = Bucket::new(kind);
            counts.request_count = unsigned(row.try_get(2)?);
            counts
        }
        Detail::Counts | Detail::Sketches => rows::counts(row, 2, kind)?,
    };
    let sketches = if detail == Detail::Sketches {
        row.try_get(15)?
    } else {
        &[][..]
    };
    Ok(Part {
        group: place(0)?,
        step: place(1)?,
        counts,
        sketches,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixSeconds;

    fn segment(granularity: Granularity, from: UnixSeconds, periods: i64) -> Segment {
        Segment {
            granularity,
            from,
            to: from + periods * granularity.seconds(),
        }
    }

    #[test]
    fn segments_that_do_not_fit_are_left_for_the_next_statement() {
        let hours = [0, 7_200, 14_400].map(|from| segment(Granularity::Hour, from, 1));
        let days = [86_400, 3 * 86_400].map(|from| segment(Granularity::Day, from, 1));
        let mut rest = [&hours[..], &days[..]].concat();
        let arms = Arms::take(&mut rest);
        assert_eq!(arms.hours, hours[..2]);
        assert_eq!(arms.days, days[..1]);
        assert_eq!(rest, [hours[2], days[1]]);
        Arms::take(&mut rest);
        assert!(rest.is_empty());
    }

    #[test]
    fn minutes_are_named_one_by_one() {
        let mut rest = vec![
            segment(Granularity::Minute, 0, 2),
            segment(Granularity::Minute, 600, 1),
        ];
        let minutes = Arms::take(&mut rest).minutes();
        assert_eq!(minutes, [[0, 60].map(at).to_vec(), [600].map(at).to_vec()]);
    }
}
