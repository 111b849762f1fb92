//! Which rows a read takes: the coarsest clean periods that fit, and finer ones at the edges and where
//! a coarser one is not up to date.
//!
//! The range from 10:58 to 13:03 is covered by 2 minutes, 2 hours and 3 minutes: seven rows a series
//! instead of 125. Where the hour from 12:00 is dirty, its twelve periods of 5 minutes are taken
//! instead, and the minutes of such a one that is dirty itself.
//!
//! # Why it is right
//!
//! - A clean period at or above its children's floor equals the sum of its children, so either may be
//!   read.
//! - A period below its children's floor is base and never dirty, so it is always its own row.
//! - Periods below their own granularity's floor are never taken, whatever rows are still there.
//! - Every second of the range is covered once, so no request counts twice.

use std::collections::BTreeSet;

use super::backend::{Floors, Segment};
use crate::time::{Granularity, UnixSeconds};

/// A point in time moved back to the start of the finest period that is still kept there. By less than
/// a minute for recent times, by less than a day for the oldest.
pub(crate) fn snap_down(floors: &Floors, at: UnixSeconds) -> UnixSeconds {
    floors.finest_at(at).floor(at)
}

/// A point in time moved on to the end of the finest period that is still kept just before it.
pub(crate) fn snap_up(floors: &Floors, at: UnixSeconds) -> UnixSeconds {
    floors.finest_at(at - 1).ceil(at)
}

/// Covers `[from, to)`, whose ends must be snapped, by whole periods; each second once, ascending.
/// Neighbours of one granularity come as one segment. Appends to `into`. The number of segments grows
/// with the dirty periods in the range, not with its length: at most seven without any.
pub(crate) fn cover(
    floors: &Floors,
    dirty: &BTreeSet<(Granularity, UnixSeconds)>,
    from: UnixSeconds,
    to: UnixSeconds,
    into: &mut Vec<Segment>,
) {
    cover_by(Granularity::Day, floors, dirty, from, to, into);
}

/// Covers by periods of this granularity and finer ones. What is left at both edges, and what is dirty
/// between them, goes to the next finer granularity. The recursion is at most four deep. Minutes are
/// never dirty.
fn cover_by(
    granularity: Granularity,
    floors: &Floors,
    dirty: &BTreeSet<(Granularity, UnixSeconds)>,
    from: UnixSeconds,
    to: UnixSeconds,
    into: &mut Vec<Segment>,
) {
    if from >= to {
        return;
    }
    let Some(finer) = granularity.finer() else {
        push(
            into,
            Segment {
                granularity,
                from,
                to,
            },
        );
        return;
    };
    let first = granularity.ceil(from.max(floors.of(granularity)));
    let last = granularity.floor(to);
    if first >= last {
        cover_by(finer, floors, dirty, from, to, into);
        return;
    }
    cover_by(finer, floors, dirty, from, first, into);
    let mut clean_from = first;
    // No mark lies below the children's floor: rows there are added to, never recomputed.
    for (_, period) in dirty.range((granularity, first)..(granularity, last)) {
        push(
            into,
            Segment {
                granularity,
                from: clean_from,
                to: *period,
            },
        );
        clean_from = period + granularity.seconds();
        cover_by(finer, floors, dirty, *period, clean_from, into);
    }
    push(
        into,
        Segment {
            granularity,
            from: clean_from,
            to: last,
        },
    );
    cover_by(finer, floors, dirty, last, to, into);
}

/// Appends a segment, joined to the last one where it goes on with the same granularity. Empty ones are
/// left out.
fn push(into: &mut Vec<Segment>, next: Segment) {
    if next.from >= next.to {
        return;
    }
    match into.last_mut() {
        Some(last) if last.granularity == next.granularity && last.to == next.from => {
            last.to = next.to
        }
        _ => into.push(next),
    }
}
