//! How long a point on the time axis is.

use api_metrics_store::{
    query::{TimeRange, TimeStep},
    time::Granularity,
};
use chrono_tz::Tz;
use utoipa::IntoParams;

use super::{Params, shown};
use crate::response::Problem;

/// `auto` chooses the finest step that gives at most so many points.
const AUTO_POINTS: i64 = 300;
/// The most points that a caller can ask for by name.
const MAX_POINTS: i64 = 11_000;

/// `granularity`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes for the document what `take_step` reads"
)]
pub(crate) struct StepParams {
    /// The length of a point: 1m, 5m, 1h, 1d, 1w, auto for at most about 300 points, or none for
    /// one row a group over the whole range.
    #[param(inline, example = "auto", schema_with = step_schema)]
    granularity: Option<String>,
}

fn step_schema() -> utoipa::openapi::schema::Object {
    crate::request::choice(
        "The length of a point: 1m, 5m, 1h, 1d, 1w, auto for at most about 300 points, or none for one row a group over the whole range.",
        &["auto", "none", "1m", "5m", "1h", "1d", "1w"],
        Some("auto"),
    )
}

/// A step with the name under which answers report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) seconds: i64,
}

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

/// Reads `granularity`; `None` for one point over the whole range.
pub(crate) fn take_step(params: &mut Params, range: TimeRange) -> Result<Option<Step>, Problem> {
    let name = params.take("granularity")?;
    step_of(name.as_deref(), range)
}

/// The step of this name in `range`.
pub(crate) fn step_of(name: Option<&str>, range: TimeRange) -> Result<Option<Step>, Problem> {
    let auto = Step::auto(range);
    let step = match name {
        None | Some("auto") => return Ok(Some(auto)),
        Some("none") => return Ok(None),
        Some(name) => STEPS
            .into_iter()
            .find(|step| step.name == name)
            .ok_or_else(|| {
                Problem::parameter(
                    "granularity",
                    format!(
                        "`{}` is none of auto, none, 1m, 5m, 1h, 1d, 1w",
                        shown(name)
                    ),
                )
            })?,
    };
    if (range.to - range.from) / step.seconds > MAX_POINTS {
        return Err(Problem::parameter(
            "granularity",
            format!(
                "{} would give more than {MAX_POINTS} points in this range; the finest that fits \
                 well is {}",
                step.name, auto.name
            ),
        ));
    }
    Ok(Some(step))
}
