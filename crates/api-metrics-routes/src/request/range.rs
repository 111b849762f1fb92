//! Which time is asked about.

use api_metrics_store::{query::TimeRange, time::UnixSeconds};
use chrono::{DateTime, NaiveDate, Utc};
use utoipa::IntoParams;

use super::{Params, shown};
use crate::{read::floor_minute, response::Problem};

/// The longest range: a hundred years. It exists so that arithmetic on dates can't overflow.
const MAX_RANGE_SECONDS: i64 = 100 * 366 * 86_400;

const PERIODS: [(&str, i64); 9] = [
    ("5m", 300),
    ("15m", 900),
    ("1h", 3_600),
    ("6h", 21_600),
    ("24h", 86_400),
    ("7d", 7 * 86_400),
    ("30d", 30 * 86_400),
    ("90d", 90 * 86_400),
    ("1y", 365 * 86_400),
];

/// `period`, or `from` and `to`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes for the document what `take_range` reads"
)]
pub(crate) struct TimeParams {
    /// The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`.
    #[param(inline, example = "24h", schema_with = period_schema)]
    period: Option<String>,
    /// The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
    #[param(example = "2015-05-17T00:00:00Z")]
    from: Option<String>,
    /// The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
    /// the range goes up to now.
    #[param(example = "2015-05-18T00:00:00Z")]
    to: Option<String>,
}

fn period_schema() -> utoipa::openapi::schema::Object {
    crate::request::choice(
        "The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`.",
        &PERIODS.map(|(name, _)| name),
        Some("24h"),
    )
}

/// The seconds of a period of this name.
pub(crate) fn period_seconds(name: &str) -> Option<i64> {
    PERIODS.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
}

/// Reads `period`, or `from` and `to`; a day up to now where neither is given.
///
/// A range up to now ends at the end of the running minute, so that what has just finished belongs
/// to it, and so that all questions within a minute are the same question to the cache.
pub(crate) fn take_range(params: &mut Params, now: UnixSeconds) -> Result<TimeRange, Problem> {
    take_range_or(params, now, 86_400)
}

fn take_range_or(
    params: &mut Params,
    now: UnixSeconds,
    default: i64,
) -> Result<TimeRange, Problem> {
    let period = params.take("period")?;
    let from = params.take("from")?;
    let to = params.take("to")?;
    let end = floor_minute(now).saturating_add(60);
    let Some(from) = from else {
        if to.is_some() {
            return Err(Problem::parameter("to", "needs `from` beside it"));
        }
        let seconds = match period {
            None => default,
            Some(name) => period_seconds(&name).ok_or_else(|| {
                Problem::parameter(
                    "period",
                    format!(
                        "`{}` is none of {}",
                        shown(&name),
                        PERIODS.map(|(n, _)| n).join(", ")
                    ),
                )
            })?,
        };
        return Ok(TimeRange::new(end - seconds, end));
    };
    if period.is_some() {
        return Err(Problem::parameter(
            "period",
            "can't stand beside `from`: give one of them",
        ));
    }
    let start = instant("from", &from)?.timestamp();
    let stop = match to {
        None => end,
        Some(text) => {
            let at = instant("to", &text)?;
            // A half-open range of whole seconds that ends inside a second includes that second.
            at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
        }
    };
    if stop <= start {
        return Err(Problem::parameter(
            "to",
            "must be later than `from`, which belongs to the range while `to` does not",
        ));
    }
    if stop - start > MAX_RANGE_SECONDS {
        return Err(Problem::parameter(
            "from",
            "the range is longer than 100 years",
        ));
    }
    let range = TimeRange::new(start, stop);
    if !is_sane(range) {
        return Err(Problem::parameter(
            "from",
            "the range lies outside of the years 1 to 9998",
        ));
    }
    Ok(range)
}

/// Whether a range that came from elsewhere could have been read by [`take_range`].
pub(super) fn is_sane(range: TimeRange) -> bool {
    // The years 1 to 9998. RFC 3339 knows 0 to 9999, but whole periods and other zones' days reach
    // a little beyond a range, and an answer has to name those too.
    const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_370_764_800;
    !range.is_empty()
        && YEARS.contains(&range.from)
        && YEARS.contains(&range.to)
        && range.to - range.from <= MAX_RANGE_SECONDS
}

fn instant(name: &'static str, text: &str) -> Result<DateTime<Utc>, Problem> {
    let wrong = || {
        Problem::parameter(
            name,
            format!(
                "`{}` is no RFC 3339 time like 2015-05-17T00:00:00Z, and no date like 2015-05-17",
                shown(text)
            ),
        )
    };
    if text.len() > 64 {
        return Err(wrong());
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    // An unescaped `+` of an offset arrives as a space.
    let mut repaired = text.to_owned();
    if let Some(at) = text.len().checked_sub(6)
        && text.as_bytes().get(at) == Some(&b' ')
    {
        repaired.replace_range(at..=at, "+");
    }
    DateTime::parse_from_rfc3339(&repaired)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| wrong())
}
