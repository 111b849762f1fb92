//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.

mod execution;
mod inbox;
mod own;
mod range_requests;
mod series_cache;
mod snapshot;
mod sums;

pub(crate) use self::series_cache::SharedSeriesCache;
use self::{execution::QueryExecution, own::Own, snapshot::Snapshot};
use futures_util::future::join;

use super::{
    axis::{self, Axis},
    backend::{Backend, Result, Tx},
};
use crate::{
    query::{Answer, Query, Scope, TimeRange},
    recorder::OwnDeltas,
    store::{StoreError, Writer, invalid},
    time::Granularity,
};

pub(crate) async fn read<B: Backend>(
    backend: &B,
    known: &SharedSeriesCache,
    queries: &[Query],
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Vec<Answer>> {
    let Some(first) = queries.first() else {
        return Ok(Vec::new());
    };
    if queries.iter().any(|query| query.scope != first.scope) {
        return invalid("scope", "must be the same in all questions of one snapshot");
    }
    let mut tx = backend.begin_read(&first.scope).await?;
    let answers = read_in(&mut tx, known, queries, own).await?;
    tx.commit().await?;
    Ok(answers)
}

/// The same within a snapshot that the caller has opened.
async fn read_in<T: Tx>(
    tx: &mut T,
    known: &SharedSeriesCache,
    queries: &[Query],
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Vec<Answer>> {
    let Some(asked) = around(queries.iter().map(axis::asked)) else {
        return Ok(Vec::new());
    };
    // The edges of an answer move by less than a day, and a day that began before it can contain a part of it.
    let days = snapped(asked, Granularity::Day);
    // Mostly they move by less than five minutes, and much more may wait of the same day.
    let near = snapped(asked, Granularity::FiveMinutes);
    let instance = own.as_ref().map(|(writer, _)| writer.instance().id);
    let mut header = tx
        .read_header(days, near, instance.unwrap_or_default())
        .await?;
    let meta = header.meta;
    let axes = queries.iter().map(|query| Axis::of(query, &meta.floors));
    let axes = axes.collect::<Result<Vec<_>>>()?;
    let answered = around(axes.iter().map(Axis::range)).unwrap_or(near);
    if answered.from < near.from || near.to < answered.to {
        header.unfolded = tx.unfolded(answered.from, answered.to).await?;
    }
    // Within a scope the database itself hides series: what it shows then is not all there is.
    let all = queries.iter().all(|query| query.scope == Scope::All);
    let in_snapshot = known.under(header.aggregate_series_tag.filter(|_| all));
    let mut snapshot = Snapshot::take(tx, queries, &header, in_snapshot).await?;
    let own = match own {
        Some((writer, deltas)) => Own::load(tx, writer, &deltas, header.fence).await?,
        None => None,
    };
    let mut executions = Vec::with_capacity(queries.len());
    for (query, axis) in queries.iter().zip(axes) {
        let execution = QueryExecution::new(tx, &mut snapshot, query, axis, meta, own.as_ref());
        executions.push(execution.await?);
    }
    let stored = async {
        let mut sums = Vec::with_capacity(executions.len());
        for execution in &executions {
            sums.push(execution.stored(tx, &snapshot.dirty).await?);
        }
        Ok::<_, StoreError>(sums)
    };
    let unfolded = async {
        let mut sums = Vec::with_capacity(executions.len());
        for execution in &executions {
            sums.push(execution.unfolded(&snapshot.inbox).await);
        }
        sums
    };
    // The inbox is summed while the database works.
    let (stored, unfolded) = join(stored, unfolded).await;
    known.keep(snapshot.known);
    let sums = stored?.into_iter().zip(unfolded);
    let answers = executions.into_iter().zip(sums);
    answers
        .map(|(execution, (stored, unfolded))| execution.answer(stored, &unfolded))
        .collect()
}

/// A range of whole periods.
const fn snapped(range: TimeRange, granularity: Granularity) -> TimeRange {
    TimeRange::new(granularity.floor(range.from), granularity.ceil(range.to))
}

/// The range that contains all of these.
fn around(ranges: impl Iterator<Item = TimeRange>) -> Option<TimeRange> {
    ranges.reduce(|all, range| TimeRange::new(all.from.min(range.from), all.to.max(range.to)))
}

/// One question within a snapshot that the caller has opened, without anything of its own.
#[cfg(feature = "control")]
pub(crate) async fn read_one_in<T: Tx>(tx: &mut T, query: &Query) -> Result<Answer> {
    let known = SharedSeriesCache::default();
    let answers = read_in(tx, &known, std::slice::from_ref(query), None).await?;
    one(answers)
}

/// The answer to the only question.
pub(crate) fn one(mut answers: Vec<Answer>) -> Result<Answer> {
    let answer = answers.pop();
    answer.ok_or_else(|| StoreError::Corrupt("a question without an answer".into()))
}
