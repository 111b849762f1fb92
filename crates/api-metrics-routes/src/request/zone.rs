//! In which zone's calendar days and weeks are counted.

use chrono_tz::Tz;
use utoipa::IntoParams;

use super::{Params, shown};
use crate::response::Problem;

/// `tz`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes for the document what `take_zone` reads"
)]
pub(crate) struct ZoneParams {
    /// The IANA zone whose hours, days and weeks are meant; UTC by default.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
}

pub(crate) fn take_zone(params: &mut Params) -> Result<Tz, Problem> {
    let Some(name) = params.take("tz")? else {
        return Ok(Tz::UTC);
    };
    name.parse().map_err(|_| {
        Problem::parameter(
            "tz",
            format!("`{}` is no IANA zone like Europe/Berlin", shown(&name)),
        )
    })
}
