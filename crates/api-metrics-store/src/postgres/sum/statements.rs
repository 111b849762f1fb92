//! The texts of the statements.
//!
//! They are put together of the parts that an answer needs, and of nothing that a caller says; all
//! values are parameters. A part costs the planner some tenths of a millisecond, whether or not there
//! is anything in it.
//!
//! | path | result of one statement | index |
//! |---|---|---|
//! | lookup, with sketches | a row for each series and step | `(series_id, period_start)`, of minutes the primary key |
//! | lookup, without | a row for each group and step | the same |
//! | scan | a row for each series and step | the primary key `(period_start, series_id)` |
//! | blocks | a row for each series and step, by series | the primary key |

use super::branches::UnionBranch;
use crate::{postgres::tx::table, query::Detail};

/// A path to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessPath {
    /// The rows of one series after another.
    Lookup,
    /// The rows of all series between two numbers.
    Scan,
    /// The rows of all series between two numbers, for a few dozen series after another; with sketches
    /// alone. A row begins with the series itself rather than the group, and series that were not asked
    /// for are among them.
    Blocks,
}

impl AccessPath {
    /// The condition that selects the rows' series.
    const fn series(self) -> &'static str {
        match self {
            Self::Lookup => "series_id = s.id",
            Self::Scan => "series_id BETWEEN $4 AND $5",
            Self::Blocks => "series_id BETWEEN b.first AND b.last",
        }
    }
}

/// The columns of the counts after `request_count`, in the order in which `rows::counts` reads them.
const COUNTS: &str = ", error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, latency_min_us, \
    latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, total_response_bytes, \
    status_counts, units";

/// The columns that a branch reads.
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
/// The sums of `COUNTS`. Status counts and units add by concatenation.
const COUNTS_SUM: &str = ", api_metrics.add(m.error_count_4xx), api_metrics.add(m.error_count_5xx), \
    api_metrics.add(m.aborted_count), api_metrics.add(m.latency_sum_us), \
    min(m.latency_min_us), max(m.latency_max_us), api_metrics.add(m.latency_count), \
    api_metrics.add(m.ttfb_sum_us), api_metrics.add(m.ttfb_count), \
    api_metrics.add(m.total_request_bytes), api_metrics.add(m.total_response_bytes), \
    string_agg(m.status_counts, ''::bytea), string_agg(m.units, ''::bytea)";
/// The sum of sketches: their encodings, one after another.
const SKETCHES_SUM: &str = ", string_agg(m.latency_sketch, ''::bytea)";

/// The sums that an answer of this detail needs.
fn sums(detail: Detail) -> String {
    let (counts, sketches) = match detail {
        Detail::Requests => ("", ""),
        Detail::Counts => (COUNTS_SUM, ""),
        Detail::Quantiles => (COUNTS_SUM, SKETCHES_SUM),
    };
    format!("{REQUESTS_SUM}{counts}{sketches}")
}

/// The parameters before those of the branches: `$1` to `$5`.
const PARAMETERS: usize = 5;

/// The rows of all branches, numbered from `$6` on.
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
    // Without steps nothing is grouped by step: a constant would be computed for every row.
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
        // One row for each series and step, sent as soon as it is made.
        (AccessPath::Lookup, Detail::Quantiles) => format!(
            "SELECT s.number, m.* FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) \
             CROSS JOIN LATERAL (SELECT {step} AS step, {sums} FROM ({rows}) AS m GROUP BY 1) AS m"
        ),
        // One row for each group and step.
        (AccessPath::Lookup, Detail::Requests | Detail::Counts) => format!(
            "SELECT s.number, {step} AS step, {sums} \
             FROM unnest($1::bigint[], $2::integer[]) AS s (id, number) \
             CROSS JOIN LATERAL ({rows}) AS m GROUP BY 1{and_by_step}"
        ),
        // One row for each series and step. Groups are joined last, since the planner can't know how few rows
        // remain.
        (AccessPath::Scan, _) => format!(
            "SELECT s.number, m.* \
             FROM (SELECT {step} AS step, {sums}, m.series_id FROM ({rows}) AS m \
                   GROUP BY m.series_id{and_by_step}) AS m \
             JOIN unnest($1::bigint[], $2::integer[]) AS s (id, number) ON s.id = m.series_id"
        ),
        // By series, without their groups: a join would copy all sketches once more.
        (AccessPath::Blocks, _) => format!(
            "SELECT m.* FROM unnest($4::bigint[], $5::bigint[]) AS b (first, last) \
             CROSS JOIN LATERAL (SELECT m.series_id, {step} AS step, {sums} FROM ({rows}) AS m \
                                 GROUP BY 1{and_by_step}) AS m"
        ),
    }
}
