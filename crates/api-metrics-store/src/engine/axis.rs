//! The time axis of a read.
//!
//! A question asks for any second; rows exist for whole periods only, and the finest granularity is no
//! longer kept for older times. Edges are therefore moved to the edges of kept periods: the first one
//! back, the last one on, those between them back. The answer says which range it is about.

use super::{backend::Floors, plan, steps};
use crate::{
    query::{Query, TimeRange},
    time::UnixSeconds,
};

/// The steps of an answer, their edges snapped to what is still kept.
pub(super) struct Axis {
    /// The edges in Unix seconds: strictly ascending, at least two.
    pub(super) edges: Vec<UnixSeconds>,
    /// Whether a calendar's edge had to be moved to the start of a coarser period. The answer is then
    /// approximate at that edge, as when a day in New York starts at 05:00 UTC and only UTC days are
    /// kept.
    pub(super) moved: bool,
}

/// The range of a question, made at least a second long. An inverted or empty range becomes the second
/// at its start.
pub(super) fn asked(query: &Query) -> TimeRange {
    TimeRange::new(query.range.from, query.range.to.max(query.range.from + 1))
}

impl Axis {
    /// The axis of a question over what is kept. Edges that fall together after they were moved become
    /// one, so that edges strictly ascend and no step is empty. Without a time step there is one step.
    pub(super) fn of(query: &Query, floors: &Floors) -> Self {
        let range = asked(query);
        let (from, to) = (
            plan::snap_down(floors, range.from),
            plan::snap_up(floors, range.to),
        );
        let mut edges = vec![from];
        let mut moved = false;
        if let Some(step) = query.group_by.time {
            for edge in steps::edges(range, step) {
                let snapped = plan::snap_down(floors, edge);
                if edge > range.from
                    && edge < range.to
                    && edges.last().is_some_and(|last| *last < snapped)
                    && snapped < to
                {
                    moved |= snapped != edge;
                    edges.push(snapped);
                }
            }
        }
        edges.push(to);
        Self { edges, moved }
    }

    /// From the first to the last edge.
    pub(super) fn range(&self) -> TimeRange {
        let first = self.edges.first().copied().unwrap_or_default();
        TimeRange::new(first, self.edges.last().copied().unwrap_or(first))
    }

    /// Whether there is only one step.
    pub(super) fn is_whole(&self) -> bool {
        self.edges.len() == 2
    }

    /// The step that contains `at`, 0 for the first; `None` outside the axis. O(log n) in the steps.
    pub(super) fn step(&self, at: UnixSeconds) -> Option<usize> {
        if !self.range().contains(at) {
            return None;
        }
        self.edges
            .partition_point(|edge| *edge <= at)
            .checked_sub(1)
    }
}
