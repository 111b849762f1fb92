//! Which periods a statement reads.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, postgres::PgArguments, query::Query};

use crate::{engine::backend::Segment, postgres::tx::at, time::Granularity};

/// So many periods of one granularity are named one by one: the planner looks at each.
const MOST_LISTED: usize = 100;

/// Periods of one granularity: a part of a statement, which the planner looks at by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UnionBranch {
    /// Each by itself: a partition is looked into for what may be there.
    Listed(Granularity, Vec<DateTime<Utc>>),
    /// All from one to before another.
    Ranged(Granularity, DateTime<Utc>, DateTime<Utc>),
}

impl UnionBranch {
    /// One of each granularity that has periods among these.
    pub(super) fn listed<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> Vec<Self> {
        let mut periods = Granularity::ALL.map(|granularity| (granularity, Vec::new()));
        for segment in segments {
            let mine = periods.iter_mut().find(|(g, _)| *g == segment.granularity);
            if let Some((_, periods)) = mine {
                periods.extend(segment.periods().map(at));
            }
        }
        let used = periods.into_iter().filter(|(_, list)| !list.is_empty());
        used.map(|(granularity, list)| Self::Listed(granularity, list))
            .collect()
    }

    /// One of each segment.
    pub(super) fn ranged<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> Vec<Self> {
        let range =
            |segment: &Segment| Self::Ranged(segment.granularity, at(segment.from), at(segment.to));
        segments.into_iter().map(range).collect()
    }

    /// Gives a statement the parameters of this branch, of which there are [`UnionBranch::parameters`].
    pub(super) fn bind<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        match self {
            Self::Listed(_, periods) => query.bind(periods),
            Self::Ranged(_, from, to) => query.bind(from).bind(to),
        }
    }

    pub(super) const fn parameters(&self) -> usize {
        match self {
            Self::Listed(..) => 1,
            Self::Ranged(..) => 2,
        }
    }
}

/// How many periods of a granularity there are.
pub(super) fn periods(segments: &[Segment], granularity: Granularity) -> usize {
    let of_it = |segment: &&Segment| segment.granularity == granularity;
    let segments = segments.iter().filter(of_it);
    segments.map(|segment| segment.periods().len()).sum()
}

/// Whether the periods are so few that they can be named one by one.
pub(super) fn are_few(segments: &[Segment]) -> bool {
    let few = |granularity| periods(segments, granularity) <= MOST_LISTED;
    Granularity::ALL.into_iter().all(few)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixSeconds;

    const fn segment(granularity: Granularity, from: UnixSeconds, periods: i64) -> Segment {
        Segment {
            granularity,
            from,
            to: from + periods * granularity.seconds(),
        }
    }

    const SEGMENTS: [Segment; 3] = [
        segment(Granularity::Minute, 0, 2),
        segment(Granularity::Hour, 3_600, 100),
        segment(Granularity::Minute, 600, 1),
    ];

    #[test]
    fn a_list_has_the_periods_of_all_segments_of_a_granularity() {
        let [_, hours, _] = SEGMENTS;
        assert_eq!(
            UnionBranch::listed(&SEGMENTS),
            [
                UnionBranch::Listed(Granularity::Minute, [0, 60, 600].map(at).to_vec()),
                UnionBranch::Listed(Granularity::Hour, hours.periods().map(at).collect()),
            ]
        );
        assert_eq!(UnionBranch::listed(&[]), []);
    }

    #[test]
    fn a_range_is_an_arm_of_its_own() {
        assert_eq!(
            UnionBranch::ranged(&SEGMENTS[..2]),
            [
                UnionBranch::Ranged(Granularity::Minute, at(0), at(120)),
                UnionBranch::Ranged(Granularity::Hour, at(3_600), at(3_600 + 100 * 3_600)),
            ]
        );
    }

    #[test]
    fn periods_are_few_as_long_as_none_of_the_granularities_has_more_than_a_hundred() {
        assert!(are_few(&SEGMENTS));
        let one_more = segment(Granularity::Hour, 500 * 3_600, 1);
        assert!(!are_few(&[&SEGMENTS[..], &[one_more]].concat()));
    }
}
