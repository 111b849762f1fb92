//! How long a point on the time axis is.
//!
//! `auto` keeps charts readable; a named step is refused where it would give more points than any
//! chart shows, and by the store where it is no longer kept.

use api_metrics_store::{
    calendar::{Step, Tz},
    query::{TimeRange, TimeStep},
};

use super::{Form, OneOf, ParamDocs, Params, Parsed};
use crate::response::Problem;

/// `auto` chooses the finest step that gives no more points than this, unless the caller says.
const AUTO_POINTS: u32 = 300;
/// The most points that a caller can ask for by name.
pub(crate) const MAX_POINTS: i64 = 11_000;

/// What `granularity` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The finest step that is kept and gives at most so many points.
    Auto(u32),
    /// One point over the whole range.
    Whole,
    /// A step by its name.
    Named(Step),
}

/// `granularity`.
const GRANULARITY: OneOf<Wanted> = OneOf {
    name: "granularity",
    description: "The length of a point: 1m to 1mo; auto for the finest that is kept for the whole range and gives at most about 300 points; none for one row a group over the whole range. A step that is no longer kept for the whole range is refused.",
    options: &[
        ("auto", Wanted::Auto(AUTO_POINTS)),
        ("none", Wanted::Whole),
        ("1m", Wanted::Named(Step::Minute)),
        ("5m", Wanted::Named(Step::FiveMinutes)),
        ("15m", Wanted::Named(Step::QuarterHour)),
        ("30m", Wanted::Named(Step::HalfHour)),
        ("1h", Wanted::Named(Step::Hour)),
        ("6h", Wanted::Named(Step::SixHours)),
        ("12h", Wanted::Named(Step::HalfDay)),
        ("1d", Wanted::Named(Step::Day)),
        ("1w", Wanted::Named(Step::Week)),
        ("1mo", Wanted::Named(Step::Month)),
    ],
    default: Wanted::Auto(AUTO_POINTS),
};

/// `points`.
const POINTS: Parsed<u32> = Parsed {
    name: "points",
    description: "The most points that `granularity=auto` gives, about.",
    example: Some("300"),
    form: Form::Small {
        minimum: 1,
        maximum: 1_000,
        default: AUTO_POINTS,
    },
    read: |text| {
        text.parse()
            .ok()
            .filter(|points| (1..=1_000).contains(points))
    },
    wrong: "no number from 1 to 1000",
};

impl Wanted {
    /// The step of the store's query, in the calendar of `zone`.
    pub(crate) fn in_zone(self, zone: Tz) -> Option<TimeStep> {
        match self {
            Self::Auto(points) => Some(TimeStep::Auto(i64::from(points), zone)),
            Self::Whole => None,
            Self::Named(step) => Some(TimeStep::Calendar(step, zone)),
        }
    }
}

/// Adds `granularity` to the document.
pub(crate) fn describe_step(docs: &mut ParamDocs) {
    GRANULARITY.describe(docs);
    POINTS.describe(docs);
}

/// Reads `granularity`, whose bound on points depends on the range.
///
/// # Errors
/// 400 that names `granularity`, where the step is unknown or gives more than 11,000 points.
pub(crate) fn take_step(params: &mut Params, range: TimeRange) -> Result<Wanted, Problem> {
    let wanted = GRANULARITY.take(params)?;
    let points = POINTS.take(params)?;
    if let (Wanted::Auto(_), Some(points)) = (wanted, points) {
        return Ok(Wanted::Auto(points));
    }
    if let Wanted::Named(step) = wanted {
        check_points(GRANULARITY.name, step, range)?;
    }
    Ok(wanted)
}

/// Refuses more points than any chart shows.
///
/// # Errors
/// 400 that names `parameter`.
pub(crate) fn check_points(
    parameter: &'static str,
    step: Step,
    range: TimeRange,
) -> Result<(), Problem> {
    let length = range.to - range.from;
    if length / step.seconds() <= MAX_POINTS {
        return Ok(());
    }
    let fits = Step::ALL
        .into_iter()
        .find(|step| length <= i64::from(AUTO_POINTS) * step.seconds())
        .unwrap_or(Step::Month);
    Err(Problem::parameter(
        parameter,
        format!(
            "{step} would give more than {MAX_POINTS} points in this range; the finest that fits well is {fits}"
        ),
    ))
}
