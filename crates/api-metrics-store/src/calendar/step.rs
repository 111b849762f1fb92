//! The length of a period on a time axis.

use std::fmt;

use crate::time::Granularity;

/// The length of a period on a time axis.
///
/// Up to an hour a step is a fixed number of seconds; longer ones follow the zone's wall clock, so that a day
/// has 23 to 25 hours where the clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// `1m`
    Minute,
    /// `5m`
    FiveMinutes,
    /// `15m`
    QuarterHour,
    /// `30m`
    HalfHour,
    /// `1h`
    Hour,
    /// `6h`, beginning at 00, 06, 12 and 18 o'clock
    SixHours,
    /// `12h`, beginning at 00 and 12 o'clock
    HalfDay,
    /// `1d`
    Day,
    /// `1w`, ISO weeks, beginning on Monday
    Week,
    /// `1mo`
    Month,
}

impl Step {
    /// All steps, the finest first.
    pub const ALL: [Self; 10] = [
        Self::Minute,
        Self::FiveMinutes,
        Self::QuarterHour,
        Self::HalfHour,
        Self::Hour,
        Self::SixHours,
        Self::HalfDay,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    /// The name in URLs and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::HalfHour => "30m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::HalfDay => "12h",
            Self::Day => "1d",
            Self::Week => "1w",
            Self::Month => "1mo",
        }
    }

    /// Its usual length in seconds; a month counts as 30 days.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::QuarterHour => 900,
            Self::HalfHour => 1_800,
            Self::Hour => 3_600,
            Self::SixHours => 6 * 3_600,
            Self::HalfDay => 12 * 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
        }
    }

    /// The coarsest granularity that it can be put together from.
    #[must_use]
    pub(crate) const fn granularity(self) -> Granularity {
        match self {
            Self::Minute => Granularity::Minute,
            Self::FiveMinutes | Self::QuarterHour | Self::HalfHour => Granularity::FiveMinutes,
            Self::Hour | Self::SixHours | Self::HalfDay => Granularity::Hour,
            Self::Day | Self::Week | Self::Month => Granularity::Day,
        }
    }
}

impl From<Granularity> for Step {
    /// The step of the granularity's length.
    fn from(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Minute => Self::Minute,
            Granularity::FiveMinutes => Self::FiveMinutes,
            Granularity::Hour => Self::Hour,
            Granularity::Day => Self::Day,
        }
    }
}

impl From<Step> for &'static str {
    /// The name in URLs and answers, such as `15m`, `1w` or `1mo`.
    fn from(step: Step) -> Self {
        step.as_str()
    }
}

impl fmt::Display for Step {
    /// The name in URLs and answers, such as `15m`, `1w` or `1mo`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
