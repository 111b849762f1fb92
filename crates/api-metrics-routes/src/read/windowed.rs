//! Reads a long answer window by window, so that neither its rows nor its sketches are ever in
//! memory at once.
//!
//! A window is a number of periods that is doubled or halved until a window holds about 2,000 rows.
//! The first window's answer has the axis, by which all later ones are cut. Without a step, or where
//! nothing multiplies the periods, there is one window.

use std::{collections::VecDeque, sync::Arc};

use api_metrics_store::{
    calendar::Axis,
    query::{Answer, AxisWindow, Query, Row, TimeRange},
    time::UnixSeconds,
};

use super::StoreClient;
use crate::response::{Problem, RowPeriod};

/// Rows that a window is grown to; a single step may hold more.
const ROWS_A_WINDOW: usize = 2_000;
/// The longest window in steps.
const MAX_STEPS: usize = 512;

/// A query whose rows come in order of time. Each window is a snapshot of its own: what is recorded
/// while a long answer is read may be in its later windows, and nothing is in two of them.
#[derive(Debug)]
pub(crate) struct WindowedReader {
    /// The whole question, with the axis once it is known.
    query: Query,
    /// Whether the answer is read in more than one window.
    windowed: bool,
    /// Where the next window begins; `None` after the last.
    next: Option<UnixSeconds>,
    /// How many periods the next window holds.
    steps: usize,
    /// Rows that were read and not taken yet.
    rows: VecDeque<(Row, Option<RowPeriod>)>,
    /// The first window's answer, without its rows.
    first: Option<Answer>,
    /// Whether any window's records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether any window leaves out what can't be read.
    incomplete: bool,
}

impl WindowedReader {
    /// A reader of `query` from the period that holds `after`, or from its start. There is only one
    /// window without a grouping that multiplies the steps, and for the top groups, which are ranked over the
    /// whole range.
    pub(crate) fn new(query: Query, after: Option<UnixSeconds>) -> Self {
        let by = query.group_by;
        let by_key = by.api_key || by.user || by.team;
        let multiplied =
            by.service || by.environment || by.protocol || by.method || by.endpoint || by_key;
        Self {
            windowed: by.time.is_some() && multiplied && query.top.is_none(),
            next: Some(after.unwrap_or(query.range.from)),
            query,
            steps: 4,
            rows: VecDeque::new(),
            first: None,
            approximate: false,
            incomplete: false,
        }
    }

    /// The next row with its period; `None` after the last.
    ///
    /// # Errors
    /// Those of [`StoreClient::read`]; what was read before stays valid.
    pub(crate) async fn row(
        &mut self,
        client: &StoreClient,
    ) -> Result<Option<(Row, Option<RowPeriod>)>, Problem> {
        while let (true, Some(from)) = (self.rows.is_empty(), self.next) {
            self.window(client, from).await?;
        }
        Ok(self.rows.pop_front())
    }

    /// Reads the next window, and grows or shrinks the one after it.
    async fn window(&mut self, client: &StoreClient, from: UnixSeconds) -> Result<(), Problem> {
        self.query.window = self.windowed.then_some(AxisWindow::new(from, self.steps));
        let mut answer = client.read(&self.query).await?;
        let rows = std::mem::take(&mut answer.rows);
        self.rows.extend(rows.into_iter().map(|row| {
            let period = RowPeriod::of(&answer, &row);
            (row, period)
        }));
        let end = answer.axis.as_ref().map_or(answer.range.to, |axis| axis.to);
        // Windows go forward: whatever an axis is like, no page is read for ever.
        let goes_on = |next: &UnixSeconds| self.windowed && from < *next && *next < end;
        self.next = Some(answer.range.to).filter(goes_on);
        self.approximate |= answer.approximate;
        self.incomplete |= answer.incomplete;
        self.query.axis.clone_from(&answer.axis);
        self.first.get_or_insert(answer);
        if self.rows.len() < ROWS_A_WINDOW / 2 {
            self.steps = (self.steps * 2).min(MAX_STEPS);
        } else if self.rows.len() > ROWS_A_WINDOW {
            self.steps = (self.steps / 2).max(1);
        }
        Ok(())
    }

    /// The snapshot of the first window, in microseconds since the Unix epoch.
    pub(crate) fn as_of_us(&self) -> i64 {
        self.first.as_ref().map_or(0, |answer| answer.as_of_us)
    }

    /// The axis of the whole answer; `None` without a step, and before the first row was asked for.
    pub(crate) const fn axis(&self) -> Option<&Arc<Axis>> {
        self.query.axis.as_ref()
    }

    /// What the whole answer covers.
    pub(crate) fn range(&self) -> TimeRange {
        match (&self.query.axis, &self.first) {
            (Some(axis), _) => TimeRange::new(axis.from, axis.to),
            (None, Some(answer)) => answer.range,
            (None, None) => self.query.range,
        }
    }

    /// Whether any window's records at an edge may belong to the other side of it.
    pub(crate) const fn approximate(&self) -> bool {
        self.approximate
    }

    /// Whether any window leaves out what can't be read.
    pub(crate) const fn incomplete(&self) -> bool {
        self.incomplete
    }

    /// Whether any series meets the filter; `true` before the first row was asked for.
    pub(crate) fn matched(&self) -> bool {
        self.first.as_ref().is_none_or(|answer| answer.matched)
    }
}
