//! The time axis of a read.

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
    /// Ascending, at least two.
    pub(super) edges: Vec<UnixSeconds>,
    /// Where the steps are those of a zone's calendar.
    pub(super) calendar: Option<Arc<calendar::Axis>>,
}

/// The range of a question, which has at least a second.
pub(super) fn asked(query: &Query) -> TimeRange {
    TimeRange::new(query.range.from, query.range.to.max(query.range.from + 1))
}

impl Axis {
    pub(super) fn of(query: &Query, floors: &Floors) -> Result<Self> {
        let kept = Kept::since_each(
            floors.of(Granularity::Minute),
            floors.of(Granularity::FiveMinutes),
            floors.of(Granularity::Hour),
            floors.of(Granularity::Day),
        );
        let range = asked(query);
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
        let calendar = match &query.axis {
            Some(axis) => Arc::clone(axis),
            None => {
                let axis = calendar::Axis::resolve(range.from, range.to, step, zone, &kept);
                Arc::new(axis.map_err(StoreError::NotKept)?)
            }
        };
        let mut edges: Vec<UnixSeconds> = Vec::new();
        let mut end = None;
        for period in calendar.periods() {
            // Of an earlier answer's axis only the asked periods are read.
            if query.axis.is_none() || (period.start < range.to && period.end > range.from) {
                edges.push(period.start);
                end = Some(period.end);
            }
        }
        edges.extend(end);
        let is_cut = |edge: &UnixSeconds| edge % floors.finest_at(edge - 1).seconds() == 0;
        if edges.len() < 2 || !edges.iter().all(is_cut) {
            // Old periods were removed since the axis was made.
            let axis = calendar::Axis::resolve(range.from, range.to, step, zone, &kept);
            return match axis {
                Err(refused) => Err(StoreError::NotKept(refused)),
                Ok(axis) => Err(StoreError::Conflict(format!(
                    "the axis does not divide what is kept between {} and {} any more",
                    axis.from(),
                    axis.to()
                ))),
            };
        }
        Ok(Self {
            edges,
            calendar: Some(calendar),
        })
    }

    /// Stored periods of this granularity, or coarser ones where it is not kept.
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
            .is_some_and(|axis| axis.alignment() != Alignment::Local)
    }

    pub(super) fn range(&self) -> TimeRange {
        let first = self.edges.first().copied().unwrap_or_default();
        TimeRange::new(first, self.edges.last().copied().unwrap_or(first))
    }

    /// Whether there is but one step.
    pub(super) fn is_whole(&self) -> bool {
        self.edges.len() == 2
    }

    /// The step that contains `at`, 0 for the first.
    pub(super) fn step(&self, at: UnixSeconds) -> Option<usize> {
        if !self.range().contains(at) {
            return None;
        }
        self.edges
            .partition_point(|edge| *edge <= at)
            .checked_sub(1)
    }
}
