//! The texts of the statements.
//!
//! They are put together of the parts that an answer needs, and of nothing that a caller says: a part costs
//! the planner some tenths of a millisecond, whether or not there is anything in it.

use super::branches::UnionBranch;
use crate::{postgres::tx::table, query::Detail};

/// A path to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessPath {
    /// Of one series after another.
    Lookup,
    /// Of all series between two.
    Scan,
    /// The same of a few dozen after another, with sketches alone. Rows begin with the series itself, and
    /// there are some that nobody wants.
    Blocks,
}

impl AccessPath {
    /// Which series' rows are read.
    const fn series(self) -> &'static str {
        match self {
            Self::Lookup => "series_id = s.id",
            Self::Scan => "series_id BETWEEN $4 AND $5",
            Self::Blocks => "series_id BETWEEN b.first AND b.last",
        }
    }
}

const COUNTS: &str = ", error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, latency_min_us, \
    latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, total_response_bytes, \
    status_counts";

fn columns(detail: Detail, steps: bool) -> String {
    let (counts, sketches) = match detail {
        Detail::Requests => ("", ""),
        Detail::Counts => (COUNTS, ""),
        Detail::Quantiles => (COUNTS, ", latency_sketch"),
    };
    let period_start = if steps { ", period_start" } else { "" };
    format!("series_id, request_count{period_start}{counts}{sketches}")
}

/// `api_metrics.add` is a sum that stays a bigint, where `sum` goes through numeric.
const REQUESTS_SUM: &str = "api_metrics.add(m.request_count)";
const COUNTS_SUM: &str = ", api_metrics.add(m.error_count_4xx), api_metrics.add(m.error_count_5xx), \
    api_metrics.add(m.aborted_count), api_metrics.add(m.latency_sum_us), \
    min(m.latency_min_us), max(m.latency_max_us), api_metrics.add(m.latency_count), \
    api_metrics.add(m.ttfb_sum_us), api_metrics.add(m.ttfb_count), \
    api_metrics.add(m.total_request_bytes), api_metrics.add(m.total_response_bytes), \
    string_agg(m.status_counts, ''::bytea)";
const SKETCHES_SUM: &str = ", string_agg(m.latency_sketch, ''::bytea)";

fn sums(detail: Detail) -> String {
    let (counts, sketches) = match detail {
        Detail::Requests => ("", ""),
        Detail::Counts => (COUNTS_SUM, ""),
        Detail::Quantiles => (COUNTS_SUM, SKETCHES_SUM),
    };
    format!("{REQUESTS_SUM}{counts}{sketches}")
}

/// The parameters before those of the branches.
const PARAMETERS: usize = 5;

/// The rows of all branches.
fn rows(branches: &[UnionBranch], columns: &str, series: &str) -> String {
    let mut next = PARAMETERS + 1;
    let branch = |branch: &UnionBranch| {
        let n = next;
        next += branch.parameters();
        let (granularity, periods) = match branch {
            UnionBranch::Listed(granularity, _) => (
                granularity,
                format!("period_start = ANY(${n}::timestamptz[])"),
            ),
            UnionBranch::Ranged(granularity, ..) => (
                granularity,
                format!(
                    "period_start >= ${n}::timestamptz AND period_start < ${}::timestamptz",
                    n + 1
                ),
            ),
        };
        let table = table(*granularity);
        format!("SELECT {columns} FROM api_metrics.{table} WHERE {periods} AND {series}")
    };
    let branches: Vec<String> = branches.iter().map(branch).collect();
    branches.join(" UNION ALL ")
}

/// The statement with these parameters: the series (`$1`), the groups that they count in (`$2`), the edges of
/// the steps (`$3`), from which series (`$4`) to which (`$5`), which are lists for blocks; and from `$6` on
/// those of the branches, in their order.
pub(super) fn statement(
    detail: Detail,
    steps: bool,
    path: AccessPath,
    branches: &[UnionBranch],
) -> String {
    // A constant to group by would be made for every row.
    let (step, and_by_step) = if steps {
        (
            "width_bucket(m.period_start, $3::timestamptz[]) - 1",
            ", step",
        )
    } else {
        ("0", "")
    };
    let sums = sums(detail);
    let rows = rows(branches, &columns(detail, steps), path.series());
    match (path, detail) {
        // One sum a series and step, as soon as it is made.
        (AccessPath::Lookup, Detail::Quantiles) => format!(
            "SELECT s.number, m.* FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) \
             CROSS JOIN LATERAL (SELECT {step} AS step, {sums} FROM ({rows}) AS m GROUP BY 1) AS m"
        ),
        // One a group and step.
        (AccessPath::Lookup, Detail::Requests | Detail::Counts) => format!(
            "SELECT s.number, {step} AS step, {sums} \
             FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) \
             CROSS JOIN LATERAL ({rows}) AS m GROUP BY 1{and_by_step}"
        ),
        // One a series and step: joined afterwards, because the planner can't know how few rows remain.
        (AccessPath::Scan, _) => format!(
            "SELECT s.number, m.* \
             FROM (SELECT {step} AS step, {sums}, m.series_id FROM ({rows}) AS m \
                   GROUP BY m.series_id{and_by_step}) AS m \
             JOIN unnest($1::bigint[], $2::integer[]) AS s (id, number) ON s.id = m.series_id"
        ),
        // By series: a join to their groups would copy all sketches once more.
        (AccessPath::Blocks, _) => format!(
            "SELECT m.* FROM unnest($4::bigint[], $5::bigint[]) AS b (first, last) \
             CROSS JOIN LATERAL (SELECT m.series_id, {step} AS step, {sums} FROM ({rows}) AS m \
                                 GROUP BY 1{and_by_step}) AS m"
        ),
    }
}
