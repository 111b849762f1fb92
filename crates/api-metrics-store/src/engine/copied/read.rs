//! The sums of a read from another database, which shares no snapshot with this one.
//!
//! # Why it is exact
//!
//! - The snapshot in Postgres says which folds were copied whole. Rows of later ones are left out, and their batches are in
//!   the inbox of the same snapshot.
//! - A coarse row counts only where its period is clean in the snapshot. It can change only after the period was marked
//!   again, which counts the generation on in the same commit. Whoever reads asks for the generation once more after the
//!   sums: where it is still that of the snapshot, no row that was read has changed since. Otherwise it reads again.
//! - Rows of rollups are not left out by their epoch but refused: one from an epoch above the snapshot's is of a rollup
//!   that came in between, or of a history that was lost.

use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;

use super::{
    seam::{BucketDatabase, IntoSum, PartOfSum, SumOf},
    state::Copy,
};
use crate::{
    engine::backend::{PartialSum, Result, Segment, Series, SeriesSum, Sink, SumRequest},
    query::Detail,
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// The ranges of one granularity among these segments.
fn ranges(segments: &[Segment], granularity: Granularity) -> Vec<(UnixSeconds, UnixSeconds)> {
    let of_it = segments.iter().filter(|one| one.granularity == granularity);
    let mut ranges: Vec<_> = of_it.map(|one| (one.from, one.to)).collect();
    ranges.sort_unstable();
    ranges
}

/// Whether a part was read as the snapshot has it.
fn check(part: &PartOfSum, copy: &Copy) -> Result<()> {
    if part.rolled_up_at <= copy.view.epoch {
        return Ok(());
    }
    Err(StoreError::Unavailable(
        "buckets were made anew while they were read".into(),
    ))
}

/// See `ReadTx::sum`.
pub(crate) async fn sum(
    database: &dyn BucketDatabase,
    copy: &Copy,
    request: &SumRequest<'_>,
    into: &mut Sink<'_>,
) -> Result<()> {
    let (ids, groups): (Vec<i64>, Vec<i32>) = request.series.iter().copied().unzip();
    let Some(first) = groups.first().copied() else {
        return Ok(());
    };
    let place = |group: i32| usize::try_from(group).unwrap_or(usize::MAX);
    let by_series = groups.iter().any(|group| *group != first);
    let of = SumOfTables {
        segments: request.segments,
        edges: request.edges,
        series: &ids,
        by_series,
        detail: request.detail,
    };
    ask(database, copy, &of, &mut |part| {
        let group = if by_series {
            let at = ids.binary_search(&part.series_id).ok();
            match at.and_then(|at| groups.get(at)) {
                Some(group) => *group,
                None => return Ok(()),
            }
        } else {
            first
        };
        into(PartialSum {
            group: place(group),
            step: part.step,
            counts: part.columns.to_bucket(),
            sketches: &[],
        })
    })
    .await
}

/// What is asked of all tables.
struct SumOfTables<'a> {
    segments: &'a [Segment],
    edges: &'a [UnixSeconds],
    series: &'a [i64],
    by_series: bool,
    detail: Detail,
}

/// Asks for the sums of each table that has some of the segments: of all at once, since a server spends most of such a
/// statement's time on planning it.
async fn ask(
    database: &dyn BucketDatabase,
    copy: &Copy,
    sum: &SumOfTables<'_>,
    into: &mut IntoSum<'_>,
) -> Result<()> {
    let into = Mutex::new(into);
    let of_tables = Granularity::ALL.map(|granularity| {
        let into = &into;
        async move {
            let ranges = ranges(sum.segments, granularity);
            if ranges.is_empty() || sum.series.is_empty() {
                return Ok(());
            }
            let of = SumOf {
                granularity,
                ranges: &ranges,
                edges: sum.edges,
                series: sum.series,
                by_series: sum.by_series,
                detail: sum.detail,
                view: &copy.view,
            };
            let mut add = |part: PartOfSum| {
                check(&part, copy)?;
                let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
                into(part)
            };
            database.sum(&of, &mut add).await
        }
    });
    try_join_all(of_tables).await.map(drop)
}

/// See `ReadTx::sum_by_series`. The sketches stand in the counts.
pub(crate) async fn sum_by_series(
    database: &dyn BucketDatabase,
    copy: &Copy,
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Series<'_>,
    quantiles: bool,
) -> Result<Vec<SeriesSum>> {
    let mut sums = Vec::new();
    let mut ids = match series {
        Series::All => return Err(StoreError::Corrupt("a sum of all series".into())),
        Series::Ids(ids) => ids.to_vec(),
    };
    ids.sort_unstable();
    let detail = if quantiles {
        Detail::Quantiles
    } else {
        Detail::Counts
    };
    let of = SumOfTables {
        segments,
        edges,
        series: &ids,
        by_series: true,
        detail,
    };
    ask(database, copy, &of, &mut |part| {
        sums.push(SeriesSum {
            series_id: part.series_id,
            step: part.step,
            counts: part.columns.to_bucket(),
            sketches: Vec::new(),
        });
        Ok(())
    })
    .await?;
    Ok(sums)
}
