//! Reads a long answer window by window, so that neither its rows nor its sketches are ever in
//! memory at once.
//!
//! A window is a number of steps that is doubled or halved until a window holds about 2,000 rows.
//! Without a step, or where nothing multiplies the steps, there is one window.

use std::collections::VecDeque;

use api_metrics_store::{
    query::{Query, Row, TimeRange, TimeStep},
    time::UnixSeconds,
};

use super::{StoreClient, edge_after};
use crate::response::Problem;

/// Rows that a window is grown to; a single step may hold more.
const ROWS_A_WINDOW: usize = 2_000;
/// The longest window in steps.
const MAX_STEPS: u32 = 512;

/// A query whose rows come in order of time. Each window is a snapshot of its own: what is recorded
/// while a long answer is read may be in its later windows, and nothing is in two of them.
#[derive(Debug)]
pub(crate) struct WindowedReader {
    /// The whole question.
    query: Query,
    /// The step by which windows grow; `None` for one window.
    step: Option<TimeStep>,
    /// Where the next window begins.
    next: UnixSeconds,
    /// How many steps the next window holds.
    steps: u32,
    /// Rows that were read and not taken yet.
    rows: VecDeque<Row>,
    /// What the windows so far have covered.
    covered: Option<TimeRange>,
    /// The first window's snapshot.
    as_of_us: i64,
    /// Whether any window's records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether any window leaves out what can't be read.
    incomplete: bool,
}

impl WindowedReader {
    /// A reader of `query` from its start. Without a grouping that multiplies the steps there is
    /// only one window.
    pub(crate) fn new(query: Query) -> Self {
        let by = query.group_by;
        let multiplied =
            by.service || by.environment || by.protocol || by.method || by.endpoint || by.api_key;
        Self {
            step: by.time.filter(|_| multiplied),
            next: query.range.from,
            query,
            steps: 4,
            rows: VecDeque::new(),
            covered: None,
            as_of_us: 0,
            approximate: false,
            incomplete: false,
        }
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// Those of [`StoreClient::read`]; what was read before stays valid.
    pub(crate) async fn row(&mut self, client: &StoreClient) -> Result<Option<Row>, Problem> {
        while self.rows.is_empty() && self.next < self.query.range.to {
            self.window(client).await?;
        }
        Ok(self.rows.pop_front())
    }

    /// Reads the next window, and grows or shrinks the one after it.
    async fn window(&mut self, client: &StoreClient) -> Result<(), Problem> {
        let end = self.query.range.to;
        let to = self
            .step
            .map_or(end, |step| edge_after(step, self.next, self.steps).min(end));
        let mut query = self.query.clone();
        query.range = TimeRange::new(self.next, to);
        let answer = client.read(&query).await?;
        // The first window may have been widened at its start; a later one starts where the one
        // before has ended, and whatever lies before that has been answered.
        let from = match self.covered {
            None => answer.range.from,
            Some(covered) => covered.to,
        };
        self.rows.extend(
            answer
                .rows
                .into_iter()
                .filter(|row| row.group.period_start.is_none_or(|start| start >= from)),
        );
        if self.covered.is_none() {
            self.as_of_us = answer.as_of_us;
        }
        self.covered = Some(TimeRange::new(
            self.covered
                .map_or(answer.range.from, |covered| covered.from),
            answer.range.to,
        ));
        self.approximate |= answer.approximate;
        self.incomplete |= answer.incomplete;
        self.next = answer.range.to.max(to);
        if self.rows.len() < ROWS_A_WINDOW / 2 {
            self.steps = (self.steps * 2).min(MAX_STEPS);
        } else if self.rows.len() > ROWS_A_WINDOW {
            self.steps = (self.steps / 2).max(1);
        }
        Ok(())
    }

    /// The snapshot of the first window, in microseconds since the Unix epoch.
    pub(crate) const fn as_of_us(&self) -> i64 {
        self.as_of_us
    }

    /// What has been covered so far.
    pub(crate) fn covered(&self) -> TimeRange {
        self.covered.unwrap_or(self.query.range)
    }

    /// Whether any window's records at an edge may belong to the other side of it.
    pub(crate) const fn approximate(&self) -> bool {
        self.approximate
    }

    /// Whether any window leaves out what can't be read.
    pub(crate) const fn incomplete(&self) -> bool {
        self.incomplete
    }
}
