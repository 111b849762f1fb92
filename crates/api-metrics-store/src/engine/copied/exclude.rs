//! Buckets of another database that somebody takes back.
//!
//! They are excluded from here on, by the commit of this database alone; the rows stay there until retention removes them.
//! What is made of them afterwards has an epoch above those that are excluded.

use super::{
    recover,
    seam::Excluded,
    state::{self, Copy},
};
use crate::{
    engine::{
        backend::{Result, Segment, Series, Tx},
        sql::SqlTx,
    },
    time::{Granularity, UnixSeconds},
};

/// The state, unless a fold is being copied: its rows can't be told from those before.
pub(crate) async fn begin(tx: &mut dyn SqlTx) -> Result<Option<Copy>> {
    let copy = state::load(tx).await?;
    Ok(Some(copy).filter(|copy| copy.state.intent.is_none()))
}

/// The requests of these series in a range of whole periods.
pub(crate) async fn requests(
    tx: &mut dyn Tx,
    granularity: Granularity,
    (from, to): (UnixSeconds, UnixSeconds),
    series: &[i64],
) -> Result<u64> {
    let segment = Segment {
        granularity,
        from,
        to,
    };
    let ids = Series::Ids(series);
    let sums = tx
        .sum_by_series(granularity, &[segment], &[from, to], ids, false)
        .await?;
    Ok(sums.iter().map(|sum| sum.counts.request_count).sum())
}

/// Takes back what these series have in a range of whole periods.
pub(crate) async fn remove(
    tx: &mut dyn SqlTx,
    copy: &Copy,
    granularity: Granularity,
    (from, to): (UnixSeconds, UnixSeconds),
    mut series: Vec<i64>,
) -> Result<()> {
    series.sort_unstable();
    let what = Excluded {
        epochs: (0, copy.state.epoch),
        series: Some(series),
        periods: Some((granularity, from, to)),
    };
    state::exclude(tx, &what).await
}

/// Ends it: what is made from here on is of a later epoch, and whoever reads now reads again.
pub(crate) async fn end(tx: &mut dyn SqlTx, copy: &Copy) -> Result<()> {
    let mut state = copy.state;
    state.epoch = recover::next(copy);
    state.generation += 1;
    state::put(tx, state).await
}
