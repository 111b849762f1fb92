//! The texts of the statements.

use crate::query::Detail;

macro_rules! columns {
    (requests, whole) => {
        "series_id, request_count"
    };
    (requests, steps) => {
        concat!(columns!(requests, whole), ", period_start")
    };
    (counts, $step:ident) => {
        concat!(
            columns!(requests, $step),
            ", error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, latency_min_us, \
               latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, \
               total_response_bytes, status_counts"
        )
    };
    (sketches, $step:ident) => {
        concat!(columns!(counts, $step), ", latency_sketch")
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

/// Rows of one granularity: of the periods of a list, or of all from one bound to another. A NULL leaves the
/// table out while planning.
macro_rules! arm {
    (listed, $columns:expr, $table:literal, $list:literal, $from:literal, $to:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM api_metrics.",
            $table,
            " WHERE period_start = ANY(",
            $list,
            "::timestamptz[]) AND ",
            $which
        )
    };
    (ranged, $columns:expr, $table:literal, $list:literal, $from:literal, $to:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $columns,
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

macro_rules! minutes {
    ($periods:ident, $columns:expr, $which:literal) => {
        concat!(
            arm!($periods, $columns, "metrics_1m", "$4", "$11", "$12", $which),
            " UNION ALL ",
            arm!($periods, $columns, "metrics_1m", "$5", "$13", "$14", $which)
        )
    };
}

macro_rules! coarser_than_minutes {
    ($periods:ident, $columns:expr, $which:literal) => {
        concat!(
            arm!($periods, $columns, "metrics_5m", "$6", "$15", "$16", $which),
            " UNION ALL ",
            arm!($periods, $columns, "metrics_5m", "$7", "$17", "$18", $which),
            " UNION ALL ",
            arm!($periods, $columns, "metrics_1h", "$8", "$19", "$20", $which),
            " UNION ALL ",
            arm!($periods, $columns, "metrics_1h", "$9", "$21", "$22", $which),
            " UNION ALL ",
            arm!(
                $periods,
                $columns,
                "metrics_1d",
                "$10",
                "$23",
                "$24",
                $which
            )
        )
    };
}

/// The rows of one series, `s`.
macro_rules! rows_of_one {
    ($columns:expr) => {
        concat!(
            minutes!(listed, $columns, "series_id = s.id"),
            " UNION ALL ",
            coarser_than_minutes!(ranged, $columns, "series_id = s.id")
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
            rows_of_one!(columns!(sketches, $step)),
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
            rows_of_one!(columns!($detail, $step)),
            ") AS m GROUP BY 1, 2"
        )
    };
}

/// The rows of the series that are meant.
macro_rules! rows_of_block {
    ($periods:ident, $columns:expr, $which:literal) => {
        concat!(
            minutes!($periods, $columns, $which),
            " UNION ALL ",
            coarser_than_minutes!($periods, $columns, $which)
        )
    };
}

/// One sum a series and step: joined afterwards, because the planner can't know how few rows remain.
macro_rules! scan {
    ($periods:ident, $detail:ident, whole) => {
        concat!(
            "SELECT s.number, 0, m.* FROM (SELECT ",
            sums!($detail),
            ", m.series_id FROM (",
            rows_of_block!(
                $periods,
                columns!($detail, whole),
                "series_id BETWEEN $25 AND $26"
            ),
            ") AS m GROUP BY m.series_id) AS m \
             JOIN unnest($1::bigint[], $2::integer[]) AS s (id, number) ON s.id = m.series_id"
        )
    };
    ($periods:ident, $detail:ident, steps) => {
        concat!(
            "SELECT s.number, m.* FROM (SELECT ",
            step!(steps),
            " AS step, ",
            sums!($detail),
            ", m.series_id FROM (",
            rows_of_block!(
                $periods,
                columns!($detail, steps),
                "series_id BETWEEN $25 AND $26"
            ),
            ") AS m GROUP BY 1, m.series_id) AS m \
             JOIN unnest($1::bigint[], $2::integer[]) AS s (id, number) ON s.id = m.series_id"
        )
    };
}

/// The same for one block after another, each sent as soon as it is added up, by series: a join to their
/// numbers would copy all sketches once more.
macro_rules! blocks {
    (whole) => {
        blocks!(@of whole, "0", "1")
    };
    (steps) => {
        blocks!(@of steps, step!(steps), "1, 2")
    };
    (@of $step:ident, $step_column:expr, $by:literal) => {
        concat!(
            "SELECT m.* FROM unnest($25::bigint[], $26::bigint[]) AS b (first, last) \
             CROSS JOIN LATERAL (SELECT m.series_id, ",
            $step_column,
            " AS step, ",
            sums!(sketches),
            " FROM (",
            rows_of_block!(
                listed,
                columns!(sketches, $step),
                "series_id BETWEEN b.first AND b.last"
            ),
            ") AS m GROUP BY ",
            $by,
            ") AS m"
        )
    };
}

/// A way to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Lookup,
    /// By a list of periods, or by their range.
    Scan {
        listed: bool,
    },
    /// With sketches alone; rows begin with the series itself, and there are some that nobody wants.
    Blocks,
}

pub(super) fn statement(detail: Detail, steps: bool, way: Way) -> &'static str {
    macro_rules! by_way {
        ($detail:ident, $step:ident) => {
            match way {
                Way::Blocks => blocks!($step),
                Way::Lookup => lookup!($detail, $step),
                Way::Scan { listed: true } => scan!(listed, $detail, $step),
                Way::Scan { listed: false } => scan!(ranged, $detail, $step),
            }
        };
    }
    match (detail, steps) {
        (Detail::Requests, false) => by_way!(requests, whole),
        (Detail::Requests, true) => by_way!(requests, steps),
        (Detail::Counts, false) => by_way!(counts, whole),
        (Detail::Counts, true) => by_way!(counts, steps),
        (Detail::Quantiles, false) => by_way!(sketches, whole),
        (Detail::Quantiles, true) => by_way!(sketches, steps),
    }
}
