//! What the buckets and the inbox add up to.
//!
//! Buckets are summed by the database as far as it can; the inbox is summed here at the same time. Both
//! come as counts and encoded sketches, which are merged into the cells of the answer.

use std::collections::BTreeSet;

use tokio::task::yield_now;

use super::{execution::QueryExecution, inbox::Inbox, snapshot::Dirty};
use crate::{
    bucket::Bucket,
    engine::{
        axis,
        backend::{PartialSum, Result, SumRequest, Tx},
        groups::AnswerSums,
        plan,
        unstored::UnstoredSums,
    },
    query::Answer,
};

/// Rows of the inbox that are added between two yields.
const ROWS_A_TURN: usize = 1_000;

/// The sums of the inbox.
#[derive(Default)]
pub(super) struct Unfolded {
    /// By group and step.
    pub(super) sums: UnstoredSums,
    /// Whether a flush batch that can't be read was left out.
    pub(super) incomplete: bool,
}

impl QueryExecution<'_> {
    /// What the database has summed, over the segments that `plan` chooses for each step. Nothing where
    /// the requests are the whole answer.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where counts or a sketch can't be read.
    pub(super) async fn stored(&self, tx: &mut dyn Tx, dirty: &Dirty) -> Result<AnswerSums> {
        let mut sums = AnswerSums::new(self.meta.sketch_kind);
        if self.requests.is_some() {
            return Ok(sums);
        }
        let mut segments = Vec::new();
        for step in self.axis.edges.windows(2) {
            if let [from, to] = step {
                plan::cover(&self.meta.floors, dirty, *from, *to, &mut segments);
            }
        }
        let request = SumRequest {
            segments: &segments,
            edges: &self.axis.edges,
            series: &self.numbered(),
            detail: self.query.detail,
        };
        let mut add =
            |part: PartialSum<'_>| sums.add(part.group, part.step, &part.counts, part.sketches);
        tx.sum(&request, &mut add).await?;
        Ok(sums)
    }

    /// The sums of the inbox. A flush batch that can't be read is quarantined by the next fold, and
    /// told by the status and by the answer. The sums are made again without it; this never happens with healthy data.
    pub(super) async fn unfolded(&self, inbox: &Inbox<'_>) -> Unfolded {
        if self.requests.is_some() || self.inbox_match.is_none() {
            return Unfolded::default();
        }
        let mut unreadable = BTreeSet::new();
        loop {
            match self.try_unfolded(inbox, &unreadable).await {
                Ok(sums) => {
                    let incomplete = !unreadable.is_empty();
                    return Unfolded { sums, incomplete };
                }
                Err(chunk) => drop(unreadable.insert(chunk)),
            }
        }
    }

    /// Adds the rows that count. Where one can't be read, the error is the index of its chunk.
    ///
    /// Yields every thousand rows, so that the statement which runs at the same time is sent without
    /// delay.
    async fn try_unfolded(
        &self,
        inbox: &Inbox<'_>,
        unreadable: &BTreeSet<usize>,
    ) -> std::result::Result<UnstoredSums, usize> {
        let mut sums = UnstoredSums::default();
        for rows in inbox.rows().chunks(ROWS_A_TURN) {
            yield_now().await;
            for row in rows {
                let place = self
                    .inbox_match
                    .group(row.place)
                    .zip(self.axis.step(row.period_start));
                let Some((group, step)) = place else {
                    continue;
                };
                if unreadable.contains(&row.chunk) {
                    continue;
                }
                sums.of(group, step, self.meta.sketch_kind)
                    .add(row.bucket, self.query.detail)
                    .map_err(|_| row.chunk)?;
            }
        }
        Ok(sums)
    }

    /// Everything together: stored, unfolded and held. `as_of_us` is the snapshot's clock, in
    /// microseconds. `incomplete` says that something was left out because it can't be read.
    pub(super) fn answer(
        self,
        mut stored: AnswerSums,
        unfolded: &UnstoredSums,
        incomplete: bool,
    ) -> Result<Answer> {
        if let Some(requests) = &self.requests {
            for (group, count) in requests.iter() {
                let mut counts = Bucket::new(self.meta.sketch_kind);
                counts.request_count = count;
                stored.add(group, 0, &counts, &[])?;
            }
        } else {
            for fresh in unfolded.sums().chain(self.held.sums()) {
                stored.add(fresh.group, fresh.step, &fresh.counts, &fresh.sketches)?;
            }
        }
        Ok(Answer {
            range: self.axis.range(),
            as_of_us: self.meta.now_us,
            approximate: self.approximate.contains(&true),
            rows: stored.rows(&self.groups, &self.axis.edges, &self.approximate),
            axis: self.axis.calendar,
            kept: axis::kept(&self.meta.floors),
            matched: self.matched,
            incomplete: incomplete || self.incomplete,
        })
    }

    /// The series that answer, ascending, and the numbers of their groups: the form in which statements
    /// take them.
    pub(super) fn numbered(&self) -> Vec<(i64, i32)> {
        let number = |group: usize| i32::try_from(group).unwrap_or(i32::MAX);
        let mut series: Vec<_> = self
            .series
            .iter()
            .map(|(id, group)| (*id, number(*group)))
            .collect();
        series.sort_unstable();
        series
    }
}
