//! The statements that sum buckets for a read.
//!
//! One statement reads all granularities of an answer. There are three paths to the rows. The choice is
//! made here, because the planner can't know that a list of series is one block of numbers, and would
//! read whole partitions for it.
//!
//! - **lookup**: for each series its rows, by the index that begins with the series. With sketches,
//!   each series' sum comes as soon as it is made, and sketches are merged here while the server reads
//!   on.
//! - **scan**: for each period the block of numbers that the series lie in. It takes a third of the
//!   time of lookups where the block is full. It serves minutes, which have no index that begins with
//!   the series, and answers that need counts alone. Periods are named one by one where they are few:
//!   for a range of periods the index would be read with all series in between.
//! - **blocks**: scans with sketches, a few dozen series at a time. Their rows of one period lie side
//!   by side, and their sums are merged here while the server reads the next block. It takes three
//!   quarters of the time of as many lookups.
//!
//! | detail | series | minutes | coarser periods |
//! |---|---|---|---|
//! | quantiles | in blocks, periods few | blocks | blocks |
//! | requests or counts | dense | scan | scan |
//! | quantiles | dense | scan | lookup |
//! | any | sparse, over 20,000 minutes | scan | lookup |
//! | any | sparse | lookup | lookup |

mod branches;
mod statements;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};

use self::{
    branches::{UnionBranch, are_few, periods},
    statements::{AccessPath, statement},
};
use super::{
    rows,
    tx::{PgTx, at, unsigned},
    unnamed,
};
use crate::{
    bucket::Bucket,
    engine::backend::{PartialSum, Result, Segment, Sink, SumRequest},
    query::Detail,
    sketch::SketchKind,
    time::Granularity,
};

/// Series from which on a scan of the numbers between them can be cheaper than as many lookups.
const MANY_SERIES: usize = 100;
/// Rows that a scan may read for each row that it wants.
const MOST_WASTE: i64 = 4;
/// Branches of one statement at most. The planner's time grows with each.
const BRANCHES_A_STATEMENT: usize = 8;
/// Lookups of minutes at most: each minute of each series is one of its own, since minutes have no
/// index by series. Past it, minutes are scanned.
const MOST_MINUTES: usize = 20_000;
/// Series of one block at most. Their sums are all made before the first of them is sent.
const SERIES_A_BLOCK: usize = 64;
/// Series of a block on average, below which blocks are not worth it: a block looks for each period by
/// itself.
const FEWEST_A_BLOCK: usize = 16;
/// The largest step between two numbers within one block. A block ends where the next series is further
/// away.
const MOST_GAP: i64 = 64;
/// Series of blocks that must be wanted for each that is not, whose sketches are sent for nothing.
const WANTED_FOR_EACH_WASTED: i64 = 4;

/// The first and the last of these series, which ascend, where they lie so close together that reading
/// all between them is cheaper than as many lookups: at least 100 series, among at most about four
/// times as many numbers.
pub(super) fn block(ids: &[i64]) -> Option<(i64, i64)> {
    let (first, last) = (*ids.first()?, *ids.last()?);
    let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    (ids.len() >= MANY_SERIES && (last - first) / MOST_WASTE <= most).then_some((first, last))
}

/// The first and the last of each few dozen of these series, which ascend, where they lie so close
/// together that reading all between them is cheaper than lookups. Series that were interned together
/// have numbers side by side, so this mostly holds for those of one service.
fn blocks(ids: &[i64]) -> Option<(Vec<i64>, Vec<i64>)> {
    // Series are numbered as they are interned: those of one service lie together.
    let near = ids.chunk_by(|one, next| next - one <= MOST_GAP);
    let blocks = near.flat_map(|run| run.chunks(SERIES_A_BLOCK));
    let ends = blocks.filter_map(|block| Some((*block.first()?, *block.last()?)));
    let (firsts, lasts): (Vec<i64>, Vec<i64>) = ends.unzip();
    let read = firsts
        .iter()
        .zip(&lasts)
        .map(|(first, last)| last - first + 1);
    let wanted = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    (ids.len() >= MANY_SERIES
        && firsts.len().saturating_mul(FEWEST_A_BLOCK) <= ids.len()
        && read.sum::<i64>() - wanted <= wanted / WANTED_FOR_EACH_WASTED)
        .then_some((firsts, lasts))
}

/// The statements that read these segments, and their paths to the rows. Every segment is read by
/// exactly one of them.
fn statements(
    request: &SumRequest<'_>,
    ids: &[i64],
    blocks: bool,
) -> Vec<(AccessPath, Vec<UnionBranch>)> {
    let segments = request.segments;
    if blocks && are_few(segments) {
        return vec![(AccessPath::Blocks, UnionBranch::listed(segments))];
    }
    let (minutes, rest): (Vec<Segment>, Vec<Segment>) = segments
        .iter()
        .partition(|segment| segment.granularity == Granularity::Minute);
    let dense = block(ids).is_some();
    let lookups = periods(&minutes, Granularity::Minute).saturating_mul(ids.len());
    let mut statements = Vec::new();
    let mut add = |path, branches: Vec<UnionBranch>| {
        let mut branches = branches.into_iter().peekable();
        while branches.peek().is_some() {
            statements.push((path, branches.by_ref().take(BRANCHES_A_STATEMENT).collect()));
        }
    };
    let scan = |segments: &[Segment]| {
        if are_few(segments) {
            UnionBranch::listed(segments)
        } else {
            UnionBranch::ranged(segments)
        }
    };
    if dense && request.detail != Detail::Quantiles {
        add(AccessPath::Scan, scan(segments));
    } else if dense || lookups > MOST_MINUTES {
        add(AccessPath::Scan, scan(&minutes));
        add(AccessPath::Lookup, UnionBranch::ranged(&rest));
    } else {
        let mut branches = UnionBranch::listed(&minutes);
        branches.extend(UnionBranch::ranged(&rest));
        add(AccessPath::Lookup, branches);
    }
    statements
}

/// Runs the statements one after another and hands their rows to `into` as they come. Without series
/// nothing is asked.
///
/// # Errors
/// `StoreError::Corrupt` where status counts can't be read, and whatever `into` returns.
pub(super) async fn sum(
    tx: &mut PgTx,
    request: &SumRequest<'_>,
    into: &mut Sink<'_>,
) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (request.series.first(), request.series.last())
    else {
        return Ok(());
    };
    let kind = tx.sketch_kind().await?;
    if tx.damage.is_some() {
        return super::careful::sum(tx, kind, request, into).await;
    }
    let (ids, numbers): (Vec<i64>, Vec<i32>) = request.series.iter().copied().unzip();
    let edges: Vec<_> = request.edges.iter().map(|edge| at(*edge)).collect();
    let blocks = match request.detail {
        Detail::Quantiles => blocks(&ids),
        Detail::Requests | Detail::Counts => None,
    };
    for (path, branches) in statements(request, &ids, blocks.is_some()) {
        let text = statement(request.detail, edges.len() > 2, path, &branches);
        let query = unnamed::query(AssertSqlSafe(text))
            .bind(&ids)
            .bind(&numbers)
            .bind(&edges);
        let query = match (path, &blocks) {
            (AccessPath::Blocks, Some((firsts, lasts))) => query.bind(firsts).bind(lasts),
            _ => query.bind(first).bind(last),
        };
        let query = branches
            .iter()
            .fold(query, |query, branch| branch.bind(query));
        let mut rows = query.fetch(&mut *tx.sql);
        while let Some(row) = rows.try_next().await? {
            let group = match path {
                AccessPath::Blocks => {
                    let place = ids.binary_search(&row.try_get(0)?).ok();
                    place.and_then(|place| numbers.get(place)).copied()
                }
                AccessPath::Scan | AccessPath::Lookup => Some(row.try_get(0)?),
            };
            if let Some(group) = group {
                into(partial_sum(&row, group, request.detail, kind)?)?;
            }
        }
    }
    Ok(())
}

/// A row of the statements above, by the places of its columns: looking their names up would take
/// longer than reading them. Column 0 is the group or the series, 1 the step, 2 to 15 the counts, 16
/// the sketches.
fn partial_sum(
    row: &PgRow,
    group: i32,
    detail: Detail,
    kind: SketchKind,
) -> Result<PartialSum<'_>> {
    let place = |number: i32| usize::try_from(number).unwrap_or(usize::MAX);
    let counts = match detail {
        Detail::Requests => {
            let mut counts = Bucket::new(kind);
            counts.request_count = unsigned(row.try_get(2)?);
            counts
        }
        Detail::Counts | Detail::Quantiles => rows::summed(row, 2, kind)?,
    };
    let sketches = if detail == Detail::Quantiles {
        row.try_get(16)?
    } else {
        &[][..]
    };
    Ok(PartialSum {
        group: place(group),
        step: place(row.try_get(1)?),
        counts,
        sketches,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(ids: impl IntoIterator<Item = i64>) -> Option<Vec<(i64, i64)>> {
        let ids: Vec<i64> = ids.into_iter().collect();
        let (firsts, lasts) = blocks(&ids)?;
        Some(firsts.into_iter().zip(lasts).collect())
    }

    #[test]
    fn many_series_that_lie_together_are_blocks_and_what_lies_between_them_is_left_out() {
        let ids = (1..=100).chain(9_000..9_020);
        let blocks = [(1, 64), (65, 100), (9_000, 9_019)];
        assert_eq!(blocks_of(ids), Some(blocks.to_vec()));
    }

    #[test]
    fn few_series_or_such_as_lie_apart_are_looked_up() {
        assert_eq!(blocks_of(1..100), None);
        assert_eq!(blocks_of((1..600).step_by(2)), None);
        assert_eq!(blocks_of((1..100_000).step_by(100)), None);
        assert_eq!(blocks_of([]), None);
        assert!(blocks_of((1..600).filter(|id| id % 5 > 0)).is_some());
    }
}
