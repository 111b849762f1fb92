//! The numbers of windows of time, from one snapshot of the store.
//!
//! Each kind of events is a question of its own, so that nothing of a service's own requests is read.
//! | kind | grouped by | why |
//! |---|---|---|
//! | commands, agents, named numbers | time | their sums are all that is shown |
//! | sessions | time and method | a start and an end are one event each |
//!
//! Windows tile the range, and one without events is there too, with zeros and nulls: a gap in a chart is no mistake of
//! the reader's. The range cuts the first and the last.

use api_metrics_store::{
    bucket::Bucket,
    calendar::{Step, Tz},
    query::{Answer, AxisWindow, Detail, Filter, Query, Scope, TimeRange, TimeStep},
};

use super::figures::{Kinds, WindowRow};
use crate::{ingest::Shape, read::StoreClient, response::Problem};

/// The kinds of events, in the order of their questions.
pub(super) const KINDS: [Shape; 4] = [
    Shape::Command,
    Shape::Agent,
    Shape::SessionStart,
    Shape::Productivity,
];

/// What windows are asked about.
#[derive(Debug, Clone)]
pub(super) struct Question<'a> {
    /// What the caller may see.
    pub(super) scope: &'a Scope,
    /// Whose events count; its protocol does not matter.
    pub(super) filter: Filter,
    /// The range, of which windows are parts.
    pub(super) range: TimeRange,
    /// How long a window is; `None`: the whole range is one.
    pub(super) step: Option<Step>,
    /// Only some windows.
    pub(super) window: Option<AxisWindow>,
    /// Whether quantiles are shown, which cost more.
    pub(super) quantiles: bool,
}

/// The windows of a question.
#[derive(Debug)]
pub(super) struct Windows {
    /// Every window of the range, or of the part of it that was asked for, also those without events.
    pub(super) rows: Vec<WindowRow>,
    /// Where the next part begins; `None` after the last.
    pub(super) next: Option<i64>,
    /// What the answer covers.
    pub(super) range: TimeRange,
    /// When the snapshot was taken, in microseconds.
    pub(super) as_of_us: i64,
}

impl Question<'_> {
    /// The query for the events of one kind.
    pub(super) fn query(&self, shape: Shape) -> Query {
        let mut query = Query::over(self.range);
        query.scope = self.scope.clone();
        query.filter = self.filter.clone();
        query.filter.protocol = Some(shape.protocol().as_str().to_owned());
        // Of a session two events are counted.
        query.group_by.method = shape == Shape::SessionStart;
        query.group_by.time = self.step.map(|step| TimeStep::Calendar(step, Tz::UTC));
        query.window = self.window;
        query.detail = if self.quantiles {
            Detail::Quantiles
        } else {
            Detail::Counts
        };
        query
    }

    /// Reads the windows.
    ///
    /// # Errors
    /// 404 for a user or a team that the caller can't see, 400 for windows that are not kept; those of the store.
    pub(super) async fn read(&self, client: &StoreClient) -> Result<Windows, Problem> {
        let answers = client.read_all(&self.queries()).await?;
        self.windows(client, &answers).await
    }

    /// The queries that tell of its windows, one a kind.
    pub(super) fn queries(&self) -> [Query; KINDS.len()] {
        KINDS.map(|shape| self.query(shape))
    }

    /// The windows of the answers to these queries.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) async fn windows(
        &self,
        client: &StoreClient,
        answers: &[Answer; KINDS.len()],
    ) -> Result<Windows, Problem> {
        let matched = answers.iter().any(|answer| answer.matched);
        client.found(self.scope, &self.filter, matched).await?;
        let [first, ..] = answers;
        let covered = first.range;
        let mut periods: Vec<(i64, i64)> = match first.axis.as_deref() {
            None => vec![(covered.from, covered.to)],
            Some(axis) => axis
                .periods()
                .filter(|period| period.start < covered.to && covered.from < period.end)
                .map(|period| (period.start, period.end))
                .collect(),
        };
        periods.sort_unstable();
        let mut kinds: Vec<Kinds> = periods.iter().map(|_| Kinds::default()).collect();
        for (shape, answer) in KINDS.into_iter().zip(answers) {
            add(&mut kinds, &periods, shape, answer)?;
        }
        let end = first.axis.as_ref().map_or(covered.to, |axis| axis.to);
        let rows = periods.into_iter().zip(kinds);
        Ok(Windows {
            rows: rows
                .map(|(period, kinds)| kinds.row(period, first.as_of_us))
                .collect::<Result<_, _>>()?,
            next: Some(covered.to).filter(|next| *next < end),
            range: first
                .axis
                .as_ref()
                .map_or(covered, |axis| TimeRange::new(axis.from, axis.to)),
            as_of_us: first.as_of_us,
        })
    }
}

/// Adds the rows of one kind to the windows that they lie in.
///
/// # Errors
/// 500 where latencies can't be merged.
fn add(
    kinds: &mut [Kinds],
    periods: &[(i64, i64)],
    shape: Shape,
    answer: &Answer,
) -> Result<(), Problem> {
    for row in &answer.rows {
        let place = match row.group.period_start {
            None => Ok(0),
            Some(start) => periods.binary_search_by_key(&start, |(start, _)| *start),
        };
        let Some(sums) = place.ok().and_then(|place| kinds.get_mut(place)) else {
            continue;
        };
        let sum = match shape {
            Shape::Command => &mut sums.commands,
            Shape::Agent => &mut sums.agents,
            Shape::Productivity => &mut sums.numbers,
            Shape::SessionStart | Shape::SessionEnd => match row.group.method.as_deref() {
                Some("start") => &mut sums.starts,
                _ => &mut sums.ends,
            },
        };
        merge(sum, &row.bucket)?;
    }
    Ok(())
}

/// Adds a bucket to a sum.
///
/// # Errors
/// 500 where latencies can't be merged.
pub(super) fn merge(sum: &mut Option<Bucket>, bucket: &Bucket) -> Result<(), Problem> {
    match sum {
        None => *sum = Some(bucket.clone()),
        Some(sum) => sum.merge(bucket)?,
    }
    Ok(())
}
