//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.

mod inbox;
mod own;
mod reading;
mod snapshot;
mod tallies;

use self::{own::Own, reading::Reading, snapshot::Snapshot};
use super::{
    axis::Axis,
    backend::{Backend, Result, Tx},
};
use crate::{
    query::{Answer, Query, TimeRange},
    recorder::OwnDeltas,
    store::{StoreError, Writer, invalid},
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
    let meta = tx.meta().await?;
    let axes: Vec<Axis> = queries
        .iter()
        .map(|query| Axis::of(query, &meta.floors))
        .collect();
    let ranges = || axes.iter().map(Axis::range);
    let (Some(from), Some(to)) = (
        ranges().map(|range| range.from).min(),
        ranges().map(|range| range.to).max(),
    ) else {
        return Ok(Vec::new());
    };
    let chunks = tx.unfolded(from, to).await?;
    let mut snapshot = Snapshot::load(tx, TimeRange::new(from, to), &chunks).await?;
    let own = match own {
        Some((writer, deltas)) => Own::load(tx, writer, &deltas).await?,
        None => None,
    };
    let mut answers = Vec::with_capacity(queries.len());
    for (query, axis) in queries.iter().zip(axes) {
        let reading = Reading::new(query, axis, meta);
        answers.push(reading.answer(tx, &mut snapshot, own.as_ref()).await?);
    }
    Ok(answers)
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
