//! How long a point on the time axis is.
//!
//! `auto` keeps charts readable; a named step is refused where it would give more points than any
//! chart shows.

use api_metrics_store::{
    query::{TimeRange, TimeStep},
    time::Granularity,
};
use chrono_tz::Tz;

use super::{OneOf, ParamDocs, Params};
use crate::response::Problem;

/// `auto` chooses the finest step that gives no more points than this.
const AUTO_POINTS: i64 = 300;
/// The most points that a caller can ask for by name.
const MAX_POINTS: i64 = 11_000;

/// What `granularity` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The finest step with at most [`AUTO_POINTS`] points.
    Auto,
    /// One point over the whole range.
    Whole,
    /// A step by its name.
    Named(Step),
}

/// `granularity`.
const GRANULARITY: OneOf<Wanted> = OneOf {
    name: "granularity",
    description: "The length of a point: 1m, 5m, 1h, 1d, 1w, auto for at most about 300 points, or none for one row a group over the whole range.",
    options: &[
        ("auto", Wanted::Auto),
        ("none", Wanted::Whole),
        ("1m", Wanted::Named(STEPS[0])),
        ("5m", Wanted::Named(STEPS[1])),
        ("1h", Wanted::Named(STEPS[2])),
        ("1d", Wanted::Named(STEPS[3])),
        ("1w", Wanted::Named(STEPS[4])),
    ],
    default: Wanted::Auto,
};

/// A step with the name under which answers report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// `1m`, `5m`, `1h`, `1d` or `1w`.
    pub(crate) name: &'static str,
    /// The length without changes of the clock.
    pub(crate) seconds: i64,
}

/// The steps by name, the finest first.
const STEPS: [Step; 5] = [
    Step {
        name: "1m",
        seconds: 60,
    },
    Step {
        name: "5m",
        seconds: 300,
    },
    Step {
        name: "1h",
        seconds: 3_600,
    },
    Step {
        name: "1d",
        seconds: 86_400,
    },
    Step {
        name: "1w",
        seconds: 7 * 86_400,
    },
];

impl Step {
    /// The step in the calendar of `zone`.
    pub(crate) const fn in_zone(self, zone: Tz) -> TimeStep {
        match self.seconds {
            60 => TimeStep::Fixed(Granularity::Minute),
            300 => TimeStep::Fixed(Granularity::FiveMinutes),
            3_600 => TimeStep::Hour(zone),
            86_400 => TimeStep::Day(zone),
            _ => TimeStep::Week(zone),
        }
    }

    /// The finest step with at most [`AUTO_POINTS`] points in `range`.
    pub(crate) fn auto(range: TimeRange) -> Self {
        let length = range.to - range.from;
        STEPS
            .into_iter()
            .find(|step| length <= AUTO_POINTS * step.seconds)
            .unwrap_or(STEPS[4])
    }
}

/// Adds `granularity` to the document.
pub(crate) fn describe_step(docs: &mut ParamDocs) {
    GRANULARITY.describe(docs);
}

/// Reads `granularity`, whose bound on points depends on the range; `None` for one point over all
/// of it.
///
/// # Errors
/// 400 that names `granularity`, where the step is unknown or gives more than 11,000 points.
pub(crate) fn take_step(params: &mut Params, range: TimeRange) -> Result<Option<Step>, Problem> {
    let auto = Step::auto(range);
    let step = match GRANULARITY.take(params)? {
        Wanted::Auto => return Ok(Some(auto)),
        Wanted::Whole => return Ok(None),
        Wanted::Named(step) => step,
    };
    if (range.to - range.from) / step.seconds > MAX_POINTS {
        return Err(Problem::parameter(
            GRANULARITY.name,
            format!(
                "{} would give more than {MAX_POINTS} points in this range; the finest that fits \
                 well is {}",
                step.name, auto.name
            ),
        ));
    }
    Ok(Some(step))
}
