//! Granularities: the four lengths of a period.
//!
//! | name | seconds | kept by default | parent |
//! |---|---|---|---|
//! | `1m` | 60 | 24 hours | `5m` |
//! | `5m` | 300 | 7 days | `1h` |
//! | `1h` | 3,600 | 90 days | `1d` |
//! | `1d` | 86,400 | forever | none |
//!
//! Each length divides the next, so that a parent is the exact union of its children and a rollup never
//! splits a bucket. `start = at - at mod length` with a non-negative remainder, also before 1970.

use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, negative before it.
pub type UnixSeconds = i64;

/// The length of a bucket's period. Periods are half-open and start on UTC multiples of their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// `1m`
    Minute,
    /// `5m`
    FiveMinutes,
    /// `1h`
    Hour,
    /// `1d`
    Day,
}

impl Granularity {
    /// All of them, the finest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::FiveMinutes, Self::Hour, Self::Day];

    /// The name used in SQL, in URLs and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    /// The granularity with that name, `None` for any other text.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == name)
    }

    /// The length of a period in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The start of the period that contains `at`.
    ///
    /// ```
    /// use api_metrics_store::time::Granularity;
    ///
    /// assert_eq!(Granularity::Minute.floor(119), 60);
    /// assert_eq!(Granularity::Day.floor(-1), -86_400);
    /// ```
    #[must_use]
    pub const fn floor(self, at: UnixSeconds) -> UnixSeconds {
        at - at.rem_euclid(self.seconds())
    }

    /// The first period start at or after `at`.
    pub(crate) const fn ceil(self, at: UnixSeconds) -> UnixSeconds {
        self.floor(at + self.seconds() - 1)
    }

    /// The next coarser granularity: the parent of a rollup.
    #[must_use]
    pub(crate) const fn coarser(self) -> Option<Self> {
        match self {
            Self::Minute => Some(Self::FiveMinutes),
            Self::FiveMinutes => Some(Self::Hour),
            Self::Hour => Some(Self::Day),
            Self::Day => None,
        }
    }

    /// The next finer granularity: the children of a rollup.
    pub(crate) const fn finer(self) -> Option<Self> {
        match self {
            Self::Minute => None,
            Self::FiveMinutes => Some(Self::Minute),
            Self::Hour => Some(Self::FiveMinutes),
            Self::Day => Some(Self::Hour),
        }
    }
}

impl From<Granularity> for &'static str {
    /// The name used in SQL, in URLs and in answers: `1m`, `5m`, `1h`, `1d`.
    fn from(granularity: Granularity) -> Self {
        granularity.as_str()
    }
}

impl fmt::Display for Granularity {
    /// The name used in SQL, in URLs and in answers: `1m`, `5m`, `1h`, `1d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_start_on_utc_multiples_before_1970_too() {
        assert_eq!(Granularity::Minute.floor(119), 60);
        assert_eq!(Granularity::Day.floor(-1), -86_400);
        assert_eq!(Granularity::Hour.ceil(-3_599), 0);
        assert_eq!(Granularity::Hour.ceil(3_600), 3_600);
    }

    #[test]
    fn names_round_trip() {
        for g in Granularity::ALL {
            assert_eq!(Granularity::from_name(g.as_str()), Some(g));
        }
    }
}
