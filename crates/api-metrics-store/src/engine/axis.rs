//! The time axis of a read.
//!
//! A question asks for any second; rows exist for whole periods only, and the finest granularity is no
//! longer kept for older times. The ends of the range are therefore moved outward to the edges of kept
//! periods, and the [calendar](crate::calendar) decides how the range is divided. The answer says which
//! range it is about, and how it is divided.

use std::sync::Arc;

use super::{
    backend::{Floors, Result},
    plan,
};
use crate::{
    calendar::{self, Alignment, Kept, Step},
    query::{Query, TimeRange, TimeStep},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// The steps of an answer, their edges snapped to what is still kept.
pub(super) struct Axis {
    /// The edges in Unix seconds: strictly ascending, at least two.
    pub(super) edges: Vec<UnixSeconds>,
    /// The whole axis, where the steps are those of a zone's calendar; a window of it has fewer edges.
    pub(super) calendar: Option<Arc<calendar::Axis>>,
}

/// The range that a question reads, made at least a second long: all of its range, or one window of an
/// axis that is known already. An inverted or empty range becomes the second at its start.
pub(super) fn asked(query: &Query) -> TimeRange {
    if let Some(axis) = &query.axis {
        let edges = window(axis, query);
        if let (Some(from), Some(to)) = (edges.first(), edges.last()) {
            return TimeRange::new(*from, *to);
        }
    }
    whole(query)
}

/// The range of a question, made at least a second long.
fn whole(query: &Query) -> TimeRange {
    TimeRange::new(query.range.from, query.range.to.max(query.range.from + 1))
}

/// The edges of the periods that a question reads: at least two.
fn window(axis: &calendar::Axis, query: &Query) -> Vec<UnixSeconds> {
    let (first, count) = query.window.map_or((0, axis.len()), |window| {
        let first = match axis.place(window.from) {
            Some(place) => place,
            None if window.from < axis.from => 0,
            None => axis.len().saturating_sub(1),
        };
        (first, window.steps.max(1))
    });
    let mut edges: Vec<UnixSeconds> = Vec::new();
    let mut end = None;
    for period in axis.periods().skip(first).take(count) {
        edges.push(period.start);
        end = Some(period.end);
    }
    edges.extend(end);
    edges
}

/// What a store with these floors keeps.
pub(super) fn kept(floors: &Floors) -> Kept {
    Kept::since_each(
        floors.of(Granularity::Minute),
        floors.of(Granularity::FiveMinutes),
        floors.of(Granularity::Hour),
        floors.of(Granularity::Day),
    )
}

impl Axis {
    /// The axis of a question over what is kept. Without a time step there is one step.
    ///
    /// # Errors
    /// `StoreError::NotKept` where the step is finer than what is kept of the range's start.
    /// `StoreError::Conflict` where the axis of an earlier answer can't be read any more, because what it
    /// is made of has been removed since.
    pub(super) fn of(query: &Query, floors: &Floors) -> Result<Self> {
        let kept = kept(floors);
        let range = whole(query);
        let (step, zone) = match query.group_by.time {
            None => return Ok(Self::stored(range, None, floors)),
            Some(TimeStep::Fixed(granularity)) => {
                return Ok(Self::stored(range, Some(granularity), floors));
            }
            Some(TimeStep::Calendar(step, zone)) => (step, zone),
            Some(TimeStep::Auto(most, zone)) => {
                (Step::auto(range.from, range.to, most, &kept), zone)
            }
        };
        let resolve = || {
            let axis = calendar::Axis::resolve(range.from, range.to, step, zone, &kept);
            axis.map_err(StoreError::NotKept)
        };
        let Some(earlier) = &query.axis else {
            let axis = resolve()?;
            return Ok(Self {
                edges: window(&axis, query),
                calendar: Some(Arc::new(axis)),
            });
        };
        let edges = window(earlier, query);
        let can_cut = |edge: &UnixSeconds| edge % floors.finest_at(edge - 1).seconds() == 0;
        if !edges.iter().all(can_cut) {
            let axis = resolve()?;
            return Err(StoreError::Conflict(format!(
                "old periods were removed while this was read; {} steps are now cut otherwise: ask again",
                axis.step.as_str()
            )));
        }
        Ok(Self {
            edges,
            calendar: Some(Arc::clone(earlier)),
        })
    }

    /// Stored periods of this granularity, or coarser ones where it is not kept. Edges that fall together
    /// after they were moved become one, so that edges strictly ascend and no step is empty.
    fn stored(range: TimeRange, granularity: Option<Granularity>, floors: &Floors) -> Self {
        let (from, to) = (
            plan::snap_down(floors, range.from),
            plan::snap_up(floors, range.to),
        );
        let mut edges = vec![from];
        if let Some(granularity) = granularity {
            let mut edge = granularity.floor(range.from) + granularity.seconds();
            while edge < range.to {
                let snapped = plan::snap_down(floors, edge);
                if edges.last().is_some_and(|last| *last < snapped) && snapped < to {
                    edges.push(snapped);
                }
                edge += granularity.seconds();
            }
        }
        edges.push(to);
        Self {
            edges,
            calendar: None,
        }
    }

    /// Whether the steps begin elsewhere than in the zone.
    pub(super) fn is_moved(&self) -> bool {
        self.calendar
            .as_ref()
            .is_some_and(|axis| axis.alignment != Alignment::Local)
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
