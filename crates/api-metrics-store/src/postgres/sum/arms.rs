//! Which periods a statement reads.

use chrono::{DateTime, Utc};

use super::statements::Way;
use crate::{postgres::tx::at, protocol::backend::Segment, time::Granularity};

/// Segments of one granularity in one statement, but for days, which rarely have two.
const SEGMENTS_A_STATEMENT: usize = 2;
/// So many periods of one segment are named one by one: the planner looks at each.
const MOST_LISTED: usize = 100;

/// The segments that one statement reads.
#[derive(Default)]
pub(super) struct Arms {
    minutes: Vec<Segment>,
    five_minutes: Vec<Segment>,
    hours: Vec<Segment>,
    days: Vec<Segment>,
}

type Bounds = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl Arms {
    /// Takes as many as fit, and leaves the others for the next statement.
    pub(super) fn take(rest: &mut Vec<Segment>) -> Self {
        let mut arms = Self::default();
        rest.retain(|segment| {
            let (mine, room) = match segment.granularity {
                Granularity::Minute => (&mut arms.minutes, SEGMENTS_A_STATEMENT),
                Granularity::FiveMinutes => (&mut arms.five_minutes, SEGMENTS_A_STATEMENT),
                Granularity::Hour => (&mut arms.hours, SEGMENTS_A_STATEMENT),
                Granularity::Day => (&mut arms.days, 1),
            };
            let full = mine.len() >= room;
            if !full {
                mine.push(*segment);
            }
            full
        });
        arms
    }

    /// The segments in the order of the statements' parameters.
    fn places(&self) -> [Option<&Segment>; 7] {
        [
            self.minutes.first(),
            self.minutes.get(1),
            self.five_minutes.first(),
            self.five_minutes.get(1),
            self.hours.first(),
            self.hours.get(1),
            self.days.first(),
        ]
    }

    /// How many periods of a granularity there are.
    pub(super) fn periods(&self, granularity: Granularity) -> usize {
        let of_it = |segment: &&Segment| segment.granularity == granularity;
        let segments = self.places().into_iter().flatten().filter(of_it);
        segments.map(|segment| segment.periods().count()).sum()
    }

    /// Whether the periods of each segment are so few that they can be named one by one.
    pub(super) fn are_few(&self) -> bool {
        let mut segments = self.places().into_iter().flatten();
        segments.all(|segment| segment.periods().count() <= MOST_LISTED)
    }

    /// With the way to their rows, by scan or by lookup.
    pub(super) fn by(self, scan: bool) -> (Self, Way) {
        let way = if scan {
            Way::Scan {
                listed: self.are_few(),
            }
        } else {
            Way::Lookup
        };
        (self, way)
    }

    /// The periods of each segment by themselves: a partition is looked into for what may be there.
    pub(super) fn lists(&self, way: Way) -> [Option<Vec<DateTime<Utc>>>; 7] {
        self.places().map(|segment| {
            let segment = segment?;
            let listed = match way {
                Way::Lookup => segment.granularity == Granularity::Minute,
                Way::Scan { listed } => listed,
                Way::Blocks => true,
            };
            listed.then(|| segment.periods().map(at).collect())
        })
    }

    /// The minutes, and everything else.
    pub(super) fn split(self) -> (Self, Self) {
        let minutes = Self {
            minutes: self.minutes,
            ..Self::default()
        };
        let rest = Self {
            minutes: Vec::new(),
            ..self
        };
        (minutes, rest)
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.minutes, &self.five_minutes, &self.hours, &self.days]
            .iter()
            .all(|segments| segments.is_empty())
    }

    /// From where to where each segment goes.
    pub(super) fn bounds(&self) -> [Bounds; 7] {
        self.places().map(|segment| {
            segment.map_or((None, None), |segment| {
                (Some(at(segment.from)), Some(at(segment.to)))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixSeconds;

    fn segment(granularity: Granularity, from: UnixSeconds, periods: i64) -> Segment {
        Segment {
            granularity,
            from,
            to: from + periods * granularity.seconds(),
        }
    }

    #[test]
    fn segments_that_do_not_fit_are_left_for_the_next_statement() {
        let hours = [0, 7_200, 14_400].map(|from| segment(Granularity::Hour, from, 1));
        let days = [86_400, 3 * 86_400].map(|from| segment(Granularity::Day, from, 1));
        let mut rest = [&hours[..], &days[..]].concat();
        let arms = Arms::take(&mut rest);
        assert_eq!(arms.hours, hours[..2]);
        assert_eq!(arms.days, days[..1]);
        assert_eq!(rest, [hours[2], days[1]]);
        Arms::take(&mut rest);
        assert!(rest.is_empty());
    }

    #[test]
    fn minutes_are_named_one_by_one() {
        let mut rest = vec![
            segment(Granularity::Minute, 0, 2),
            segment(Granularity::Minute, 600, 1),
        ];
        let arms = Arms::take(&mut rest);
        let [first, second, others @ ..] = arms.lists(Way::Lookup);
        assert_eq!(first, Some([0, 60].map(at).to_vec()));
        assert_eq!(second, Some([600].map(at).to_vec()));
        assert_eq!(others, [const { None }; 5]);
        assert_eq!(arms.periods(Granularity::Minute), 3);
    }
}
