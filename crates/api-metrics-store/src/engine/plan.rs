//! Which rows a read takes: the coarsest clean periods that fit, finer ones at the edges and where
//! a coarser one is not up to date.

use std::collections::BTreeSet;

use super::backend::{Floors, Segment};
use crate::time::{Granularity, UnixSeconds};

/// A point in time moved back to the start of the finest period that is still kept there.
pub(crate) fn snap_down(floors: &Floors, at: UnixSeconds) -> UnixSeconds {
    floors.finest_at(at).floor(at)
}

/// A point in time moved on to the end of the finest period that is still kept just before it.
pub(crate) fn snap_up(floors: &Floors, at: UnixSeconds) -> UnixSeconds {
    floors.finest_at(at - 1).ceil(at)
}

/// Covers `[from, to)`, whose ends must be snapped, by whole periods; each second once. Neighbours
/// of one granularity come as one segment.
pub(crate) fn cover(
    floors: &Floors,
    dirty: &BTreeSet<(Granularity, UnixSeconds)>,
    from: UnixSeconds,
    to: UnixSeconds,
    into: &mut Vec<Segment>,
) {
    cover_by(Granularity::Day, floors, dirty, from, to, into);
}

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
    // A mark below the children's floor can't be: rows there are added to, never recomputed.
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
