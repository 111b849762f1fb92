//! Sums that read every row by itself, for transactions that look for damage.
//!
//! The database adds up encodings by joining them, so that one that can't be read spoils a whole sum.
//! Here each row travels, and what can't be read of it is left out. Seldom needed, and slow.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

use super::{
    rows,
    tx::{PgTx, at},
    unnamed,
};
use crate::{
    bucket::Bucket,
    engine::{
        backend::{PartialSum, Result, Segment, SeriesSum, Sink, SumRequest},
        sum::Key,
    },
    sketch::SketchKind,
    time::UnixSeconds,
};

/// Takes a row: its key, its counts and its sketch.
type EachRow<'a> = dyn FnMut(Key, Bucket, &[u8]) -> Result<()> + Send + 'a;

/// Hands the rows of a segment to `each`, of these series or of all: its key, its counts and its
/// sketch, empty where it was left out.
async fn each_row(
    tx: &mut PgTx,
    kind: SketchKind,
    segment: Segment,
    series: Option<&[i64]>,
    each: &mut EachRow<'_>,
) -> Result<()> {
    let PgTx { sql, damage, .. } = tx;
    let text = rows::select_rows(segment.granularity);
    let mut found = unnamed::query(AssertSqlSafe(text))
        .bind(at(segment.from))
        .bind(at(segment.to))
        .bind(series)
        .fetch(&mut **sql);
    while let Some(row) = found.try_next().await? {
        let period_start: DateTime<Utc> = row.try_get(16)?;
        let period_start = period_start.timestamp();
        let row = rows::found(&row, segment.granularity, period_start, kind, damage)?;
        let key = Key {
            granularity: segment.granularity,
            period_start,
            series_id: row.series_id,
        };
        each(key, row.counts, &row.sketch)?;
    }
    Ok(())
}

/// The step that a time lies in.
fn step(edges: &[UnixSeconds], at: UnixSeconds) -> Option<usize> {
    edges.partition_point(|edge| *edge <= at).checked_sub(1)
}

/// `ReadTx::sum`, row by row. Always with sketches: damage is found in all of a row.
pub(super) async fn sum(
    tx: &mut PgTx,
    kind: SketchKind,
    request: &SumRequest<'_>,
    into: &mut Sink<'_>,
) -> Result<()> {
    let ids: Vec<i64> = request.series.iter().map(|(id, _)| *id).collect();
    for segment in request.segments {
        let mut each = |key: Key, counts: Bucket, sketches: &[u8]| {
            let place = ids.binary_search(&key.series_id).ok();
            let group = place.and_then(|place| request.series.get(place));
            let (Some(step), Some((_, group))) = (step(request.edges, key.period_start), group)
            else {
                return Ok(());
            };
            into(PartialSum {
                group: usize::try_from(*group).unwrap_or(usize::MAX),
                step,
                counts,
                sketches,
            })
        };
        each_row(tx, kind, *segment, Some(&ids), &mut each).await?;
    }
    Ok(())
}

/// `ReadTx::sum_by_series`, row by row: one sum a row.
pub(super) async fn sum_by_series(
    tx: &mut PgTx,
    kind: SketchKind,
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Option<&[i64]>,
) -> Result<Vec<SeriesSum>> {
    let mut sums: std::collections::BTreeMap<(i64, usize), SeriesSum> = Default::default();
    for segment in segments {
        let mut each = |key: Key, counts: Bucket, sketch: &[u8]| {
            let Some(step) = step(edges, key.period_start) else {
                return Ok(());
            };
            let sum = sums
                .entry((key.series_id, step))
                .or_insert_with(|| SeriesSum {
                    series_id: key.series_id,
                    step,
                    counts: Bucket::new(kind),
                    sketches: Vec::new(),
                });
            sum.counts.merge(&counts)?;
            sum.sketches.extend_from_slice(sketch);
            Ok(())
        };
        each_row(tx, kind, *segment, series, &mut each).await?;
    }
    Ok(sums.into_values().collect())
}
