//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.

mod inbox;
mod own;
mod reading;
mod snapshot;
mod tallies;

use self::{own::Own, reading::Reading, snapshot::Snapshot};
use super::{
    axis::{self, Axis},
    backend::{Backend, Result, Tx},
};
use crate::{
    query::{Answer, Query, TimeRange},
    recorder::OwnDeltas,
    store::{StoreError, Writer, invalid},
    time::Granularity,
};

pub(crate) async fn read<B: Backend>(
    backend: &B,
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
    let answers = read_in(&mut tx, queries, own).await?;
    tx.commit().await?;
    Ok(answers)
}

/// The same within a snapshot that the caller has opened.
async fn read_in<T: Tx>(
    tx: &mut T,
    queries: &[Query],
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Vec<Answer>> {
    let Some(asked) = around(queries.iter().map(axis::asked)) else {
        return Ok(Vec::new());
    };
    // The edges of an answer move by less than a day, and a day that began before it can contain a part of it.
    let days = TimeRange::new(
        Granularity::Day.floor(asked.from),
        Granularity::Day.ceil(asked.to),
    );
    let instance = own.as_ref().map(|(writer, _)| writer.instance().id);
    let opening = tx.opening(days, instance.unwrap_or_default()).await?;
    let (meta, fence) = (opening.meta, opening.fence);
    let axes = queries.iter().map(|query| Axis::of(query, &meta.floors));
    let axes: Vec<Axis> = axes.collect();
    let answered = around(axes.iter().map(Axis::range)).unwrap_or(asked);
    let chunks = tx.unfolded(answered.from, answered.to).await?;
    let mut snapshot = Snapshot::of(opening, &chunks);
    let own = match own {
        Some((writer, deltas)) => Own::load(tx, writer, &deltas, fence).await?,
        None => None,
    };
    let mut answers = Vec::with_capacity(queries.len());
    for (query, axis) in queries.iter().zip(axes) {
        let reading = Reading::new(query, axis, meta);
        answers.push(reading.answer(tx, &mut snapshot, own.as_ref()).await?);
    }
    Ok(answers)
}

/// The range that contains all of these.
fn around(ranges: impl Iterator<Item = TimeRange>) -> Option<TimeRange> {
    ranges.reduce(|all, range| TimeRange::new(all.from.min(range.from), all.to.max(range.to)))
}

/// One question within a snapshot that the caller has opened, without anything of its own.
pub(crate) async fn read_one_in<T: Tx>(tx: &mut T, query: &Query) -> Result<Answer> {
    let answers = read_in(tx, std::slice::from_ref(query), None).await?;
    one(answers)
}

/// The answer to the only question.
pub(crate) fn one(mut answers: Vec<Answer>) -> Result<Answer> {
    let answer = answers.pop();
    answer.ok_or_else(|| StoreError::Corrupt("a question without an answer".into()))
}
