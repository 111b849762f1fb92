//! A range of time divided into periods.

use chrono::NaiveDateTime;

use super::{
    Kept, NotKept, Step, Tz,
    name::{ceiling, floor, name},
    zone::{first_instant, local_time, offset_at},
};
use crate::time::{Granularity, UnixSeconds};

/// How the periods of an axis are cut out of what is kept. One axis has one alignment throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alignment {
    /// Where the zone's clocks begin a minute, hour, day, week or month.
    Local,
    /// At UTC hours, because what is kept can't be cut where the zone's hours begin: a day of a zone off the
    /// hour is 24 whole UTC hours, at most half an hour away from the local day.
    UtcHours,
    /// At UTC midnights, because only days are kept. Each is named by the date that holds most of it.
    UtcDays,
}

/// One period of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Period {
    /// The first second that it covers.
    pub start: UnixSeconds,
    /// The first second after it.
    pub end: UnixSeconds,
    /// How many seconds it has without the range's cut.
    pub length: i64,
    /// Whether the range cuts it: the range that was asked for begins or ends within its step, or what lies
    /// before it has just been removed. Only the first and the last are. It may cover less than its step.
    pub cut: bool,
}

/// A range of time divided into periods, without gap or overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Axis {
    /// The step that it is divided by.
    pub step: Step,
    /// The zone in which its periods are named.
    pub zone: Tz,
    /// How its periods are cut.
    pub alignment: Alignment,
    /// The first second that it covers.
    pub from: UnixSeconds,
    /// The first second that it does not cover any more.
    pub to: UnixSeconds,
    /// The whole periods' edges, ascending, at least two: the first may lie before `from`, the last after `to`.
    edges: Vec<UnixSeconds>,
    /// The range that was asked for.
    asked: (UnixSeconds, UnixSeconds),
}

impl Axis {
    /// Divides `[from, to)` by `step`. The ends are moved outward to the finest kept periods; a start that
    /// was only just removed is moved inward to what is kept.
    ///
    /// # Errors
    /// [`NotKept`] where the step is finer than what is kept of the range's start.
    pub fn resolve(
        from: UnixSeconds,
        to: UnixSeconds,
        step: Step,
        zone: Tz,
        kept: &Kept,
    ) -> Result<Self, NotKept> {
        let to = to.max(from.saturating_add(1));
        let asked = (from, to);
        let from = kept
            .start(step, from, to)
            .ok_or_else(|| NotKept::new(step, from, to, kept))?;
        let from = kept.finest_at(from).floor(from);
        let to = kept.finest_at(to - 1).ceil(to);
        let (edges, alignment) = if step <= Step::Hour {
            even(from, to, step, zone, kept)
        } else {
            wall_clock(from, to, step, zone, kept)
        };
        Ok(Self {
            step,
            zone,
            alignment,
            edges,
            from,
            to,
            asked,
        })
    }

    /// How many periods there are: at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// The period at a place.
    #[must_use]
    pub fn period(&self, place: usize) -> Option<Period> {
        let (start, end) = self.whole(place)?;
        let (asked_from, asked_to) = self.asked;
        let removed = place == 0 && asked_from < self.from;
        Some(Period {
            start: start.max(self.from),
            end: end.min(self.to),
            length: end - start,
            cut: start < asked_from || end > asked_to || removed,
        })
    }

    /// All periods, in order.
    pub fn periods(&self) -> impl ExactSizeIterator<Item = Period> + '_ {
        (0..self.len()).map(|place| {
            // Every place below `len` has a period.
            self.period(place).unwrap_or(Period {
                start: self.from,
                end: self.to,
                length: self.to - self.from,
                cut: true,
            })
        })
    }

    /// The place of the period that contains an instant.
    #[must_use]
    pub fn place(&self, at: UnixSeconds) -> Option<usize> {
        if at < self.from || at >= self.to {
            return None;
        }
        self.edges
            .partition_point(|edge| *edge <= at)
            .checked_sub(1)
    }

    /// What the wall clock shows at the start of the local minute, hour, day, week or month that holds most of
    /// a period; of two that hold the same, the later. Of a week its date is the Monday, of a month the first.
    #[must_use]
    pub fn name(&self, place: usize) -> Option<NaiveDateTime> {
        let (start, end) = self.whole(place)?;
        Some(name(self.zone, self.step, start, end))
    }

    /// The period as it is without the range's cut.
    pub(super) fn whole(&self, place: usize) -> Option<(UnixSeconds, UnixSeconds)> {
        let start = *self.edges.get(place)?;
        let end = *self.edges.get(place + 1)?;
        Some((start, end))
    }
}

/// Steps of a fixed length. The grid is that of the clocks at the start, and stays where they change by half
/// an hour later on: every period has the step's length.
fn even(
    from: UnixSeconds,
    to: UnixSeconds,
    step: Step,
    zone: Tz,
    kept: &Kept,
) -> (Vec<UnixSeconds>, Alignment) {
    let seconds = step.seconds();
    let shift = (-offset_at(zone, from)).rem_euclid(seconds);
    // What is kept at the start is the coarsest of the range.
    let (shift, alignment) = if shift % kept.finest_at(from).seconds() == 0 {
        (shift, Alignment::Local)
    } else {
        (0, Alignment::UtcHours)
    };
    let first = (from - shift).div_euclid(seconds) * seconds + shift;
    let mut edges = vec![first];
    let mut edge = first;
    while edge < to {
        edge += seconds;
        edges.push(edge);
    }
    (edges, alignment)
}

/// Steps that follow the wall clock.
fn wall_clock(
    from: UnixSeconds,
    to: UnixSeconds,
    step: Step,
    zone: Tz,
    kept: &Kept,
) -> (Vec<UnixSeconds>, Alignment) {
    let local = local_edges(from, to, step, zone);
    let inner = |edge: &UnixSeconds| *edge > from && *edge < to;
    let can_cut = |edge: UnixSeconds| edge % kept.finest_at(edge - 1).seconds() == 0;
    if local.iter().copied().filter(inner).all(can_cut) {
        return (around(local, from, to), Alignment::Local);
    }
    if kept.finest_at(from) < Granularity::Day {
        let mut edges: Vec<_> = local.into_iter().map(nearest_hour).collect();
        edges.dedup();
        return (around(edges, from, to), Alignment::UtcHours);
    }
    (utc_days(from, to, step, zone), Alignment::UtcDays)
}

/// The whole UTC hour nearest to an instant, the earlier of two.
const fn nearest_hour(at: UnixSeconds) -> UnixSeconds {
    Granularity::Hour.floor(at + 1_799)
}

/// Of edges that begin before the range and end after it, those that its periods need.
fn around(mut edges: Vec<UnixSeconds>, from: UnixSeconds, to: UnixSeconds) -> Vec<UnixSeconds> {
    let begins = edges
        .partition_point(|edge| *edge <= from)
        .saturating_sub(1);
    edges.drain(..begins);
    let ends = edges.partition_point(|edge| *edge < to) + 1;
    edges.truncate(ends);
    edges
}

/// Where local steps begin, from a day or more before `from` to a day or more after `to`: the clocks may show the
/// same time again, and edges may be moved by up to an hour and must still reach around the range.
fn local_edges(from: UnixSeconds, to: UnixSeconds, step: Step, zone: Tz) -> Vec<UnixSeconds> {
    let mut begun = floor(step, local_time(zone, from - 86_400));
    let mut edges: Vec<UnixSeconds> = Vec::new();
    loop {
        let edge = first_instant(zone, begun);
        // A date that a zone has left out has no time at all.
        if edges.last().is_none_or(|last| *last < edge) {
            edges.push(edge);
        }
        if edge >= to + 86_400 {
            break;
        }
        let next = ceiling(step, begun);
        if next <= begun {
            break;
        }
        begun = next;
    }
    edges
}

/// UTC days put together by the date that each is named by.
fn utc_days(from: UnixSeconds, to: UnixSeconds, step: Step, zone: Tz) -> Vec<UnixSeconds> {
    let day = Granularity::Day.seconds();
    let step_of = |midnight| floor(step, name(zone, Step::Day, midnight, midnight + day));
    // A month has 31 days, so the step's own start is not further away.
    let mut midnight = Granularity::Day.floor(from);
    let first = step_of(midnight);
    if step > Step::Day {
        while step_of(midnight - day) == first {
            midnight -= day;
        }
    }
    let mut edges = vec![midnight];
    let mut current = first;
    loop {
        midnight += day;
        let next = step_of(midnight);
        if step == Step::Day || next != current {
            edges.push(midnight);
            current = next;
            if midnight >= to {
                return edges;
            }
        }
    }
}
