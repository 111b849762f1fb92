//! The statements that sum buckets for a read.
//!
//! A row that leaves SQLite costs more than to find it: every column is copied, and the rows of a connection
//! come through a channel. So a statement reads no column that the answer does not need, finds no row that
//! it does not need, and adds up by itself the rows that become one. While it goes on, what it has found is
//! merged here.
//!
//! Status counts, units and sketches add by concatenation, as everywhere. A careful transaction reads each row
//! by itself.

mod access;
mod part;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, hash_map::Entry};

use self::{
    access::AccessPath,
    part::{Each, parts},
    row::SumRow,
};
use super::tx::{SqliteTx, json_numbers};
use crate::{
    bucket::Bucket,
    engine::{
        backend::{PartialSum, Result, Segment, Series, SeriesSum, Sink, SumRequest},
        damage::Damage,
    },
    query::Detail,
    sketch::SketchKind,
    time::{Granularity, UnixSeconds},
};

/// The step that a period belongs to, where it belongs to any.
fn step_of(edges: &[UnixSeconds], period_start: UnixSeconds) -> Option<usize> {
    edges
        .partition_point(|edge| *edge <= period_start)
        .checked_sub(1)
}

/// Whether rows may be added up before they are read: a careful transaction looks at each, and in a file of
/// UTF-16 bytes would be changed on their way through a text.
async fn adds_up(tx: &mut SqliteTx) -> Result<bool> {
    if tx.damage.is_some() {
        return Ok(false);
    }
    let encoding: String = sqlx::query_scalar("PRAGMA encoding")
        .fetch_one(&mut *tx.sql)
        .await?;
    Ok(encoding == "UTF-8")
}

/// Hands on what is stored of these series, which ascend, or of all of them: rows, and sums of rows of one step.
async fn read(
    tx: &mut SqliteTx,
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Option<&[i64]>,
    detail: Detail,
    each: &mut Each<'_>,
) -> Result<()> {
    let add = adds_up(tx).await?;
    let list = json_numbers(series.unwrap_or_default().iter().copied());
    for segment in segments {
        let path = AccessPath::of(tx, *segment, series).await?;
        for part in parts(*segment, path, edges, add) {
            part.read(tx, detail, &list, each).await?;
        }
    }
    Ok(())
}

/// The counts and sketches of a row of an answer of this detail.
fn sums<'r>(
    row: &SumRow<'r>,
    detail: Detail,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<(Bucket, &'r [u8])> {
    Ok(match detail {
        Detail::Requests => (row.requests(kind)?, &[]),
        Detail::Counts => (row.counts(kind, damage)?, &[]),
        Detail::Quantiles => (row.counts(kind, damage)?, row.sketches(kind, damage)),
    })
}

/// See `ReadTx::sum`.
pub(super) async fn sum(
    tx: &mut SqliteTx,
    request: &SumRequest<'_>,
    into: &mut Sink<'_>,
) -> Result<()> {
    let kind = tx.sketch_kind().await?;
    let (ids, groups): (Vec<i64>, Vec<i32>) = request.series.iter().copied().unzip();
    let mut each = |row: &SumRow<'_>, damage: &mut Option<Damage>| {
        let place = ids.binary_search(&row.key.series_id).ok();
        let group = place.and_then(|place| groups.get(place));
        let (Some(step), Some(group)) = (step_of(request.edges, row.key.period_start), group)
        else {
            return Ok(());
        };
        let (counts, sketches) = sums(row, request.detail, kind, damage)?;
        into(PartialSum {
            group: usize::try_from(*group).unwrap_or(usize::MAX),
            step,
            counts,
            sketches,
        })
    };
    read(
        tx,
        request.segments,
        request.edges,
        Some(&ids),
        request.detail,
        &mut each,
    )
    .await
}

/// See `ReadTx::sum_by_series`. Sums in memory, one entry a series and step.
pub(super) async fn sum_by_series(
    tx: &mut SqliteTx,
    granularity: Granularity,
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Series<'_>,
    quantiles: bool,
) -> Result<Vec<SeriesSum>> {
    let kind = tx.sketch_kind().await?;
    let detail = if quantiles {
        Detail::Quantiles
    } else {
        Detail::Counts
    };
    let ids = match series {
        Series::All => None,
        Series::Ids(ids) => {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            Some(ids)
        }
    };
    let of_granularity = |segment: &Segment| Segment {
        granularity,
        ..*segment
    };
    let segments: Vec<Segment> = segments.iter().map(of_granularity).collect();
    let mut by_series: HashMap<(i64, usize), SeriesSum> = HashMap::new();
    let mut each = |row: &SumRow<'_>, damage: &mut Option<Damage>| {
        let Some(step) = step_of(edges, row.key.period_start) else {
            return Ok(());
        };
        let (counts, sketches) = sums(row, detail, kind, damage)?;
        match by_series.entry((row.key.series_id, step)) {
            Entry::Occupied(sum) => {
                let sum = sum.into_mut();
                sum.counts.merge(&counts)?;
                sum.sketches.extend_from_slice(sketches);
            }
            Entry::Vacant(none) => {
                none.insert(SeriesSum {
                    series_id: row.key.series_id,
                    step,
                    counts,
                    sketches: sketches.to_vec(),
                });
            }
        }
        Ok(())
    };
    read(tx, &segments, edges, ids.as_deref(), detail, &mut each).await?;
    Ok(by_series.into_values().collect())
}
