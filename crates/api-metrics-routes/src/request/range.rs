//! Which time is asked about.
//!
//! Ranges are half-open, in whole seconds: the first instant belongs to them, the last does not.
//!
//! | query string, asked at 12:00:30Z | range |
//! |---|---|
//! | nothing | the day up to 12:01:00Z |
//! | `period=1h` | 11:01:00Z to 12:01:00Z |
//! | `from=2015-05-17` | midnight of that day in UTC up to 12:01:00Z |
//! | `from=2015-05-17&to=2015-05-18` | that UTC day |
//! | `from=2015-05-17T00:00:00%2B02:00&to=2015-05-17` | the two hours before midnight in UTC |
//! | `to=2015-05-18` | 400: `to` needs `from` |
//! | `period=1h&from=2015-05-17` | 400: give one of them |
//!
//! A range up to now ends with the running minute. All callers who ask within one minute so ask the
//! same, and the cache answers them once.
//!
//! # Errors
//!
//! A 400 that names the parameter: `period`, `from` or `to`. Ranges end after they begin, last at most
//! a hundred years, and lie within the years 1 to 9998.

use api_metrics_store::{query::TimeRange, time::Granularity};
use chrono::{DateTime, NaiveDate, Utc};

use super::{Context, Form, OneOf, ParamDocs, Params, Parsed, QueryParams};
use crate::response::Problem;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The longest range: a hundred years. It exists so that arithmetic on dates can't overflow.
const MAX_RANGE_SECONDS: i64 = 100 * 366 * 86_400;

/// The range up to now, in seconds.
const PERIOD: OneOf<Option<i64>> = OneOf {
    name: "period",
    description: "The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`.",
    options: &[
        ("5m", Some(300)),
        ("15m", Some(900)),
        ("1h", Some(3_600)),
        ("6h", Some(21_600)),
        ("24h", Some(DAY)),
        ("7d", Some(7 * DAY)),
        ("30d", Some(30 * DAY)),
        ("90d", Some(90 * DAY)),
        ("1y", Some(365 * DAY)),
    ],
    default: None,
};

/// `from`.
const FROM: Parsed<DateTime<Utc>> = Parsed {
    name: "from",
    description: "The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.",
    example: Some("2015-05-17T00:00:00Z"),
    form: Form::Text,
    read: date_or_instant,
    wrong: "no RFC 3339 time like 2015-05-17T00:00:00Z, and no date like 2015-05-17",
};

/// `to`.
const TO: Parsed<DateTime<Utc>> = Parsed {
    name: "to",
    description: "The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it \
                  the range goes up to now.",
    example: Some("2015-05-18T00:00:00Z"),
    ..FROM
};

/// `period`, or `from` and `to`; a day up to now where neither is given.
///
/// A range up to now ends at the end of the running minute, so that what has just finished belongs
/// to it, and so that all questions within a minute are the same question to the cache.
impl QueryParams for TimeRange {
    fn describe(docs: &mut ParamDocs) {
        PERIOD.describe_with(docs, Some("24h"));
        FROM.describe(docs);
        TO.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let period = params.take(PERIOD.name)?;
        let from = params.take(FROM.name)?;
        let to = params.take(TO.name)?;
        let end = Granularity::Minute.floor(context.now).saturating_add(60);
        let Some(from) = from else {
            if to.is_some() {
                return Err(Problem::parameter(TO.name, "needs `from` beside it"));
            }
            let seconds = match period {
                None => None,
                Some(name) => PERIOD.read(&name)?,
            };
            return Ok(Self::new(end - seconds.unwrap_or(DAY), end));
        };
        if period.is_some() {
            return Err(Problem::parameter(
                PERIOD.name,
                "can't stand beside `from`: give one of them",
            ));
        }
        let start = FROM.read(&from)?.timestamp();
        let stop = match to {
            None => end,
            Some(text) => {
                let at = TO.read(&text)?;
                // A half-open range of whole seconds that ends inside a second includes that second.
                at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
            }
        };
        if stop <= start {
            // Without `to` the range ends now, and nothing but `from` can be wrong.
            return Err(if params.given_of(&[TO.name], FROM.name) == FROM.name {
                Problem::parameter(FROM.name, "must lie in the past, where no `to` is given")
            } else {
                Problem::parameter(
                    TO.name,
                    "must be later than `from`, which belongs to the range while `to` does not",
                )
            });
        }
        if stop - start > MAX_RANGE_SECONDS {
            return Err(Problem::parameter(
                FROM.name,
                "the range is longer than 100 years",
            ));
        }
        let range = Self::new(start, stop);
        if !is_sane(range) {
            let from_is_sane = YEARS.contains(&range.from);
            return Err(Problem::parameter(
                if from_is_sane { TO.name } else { FROM.name },
                "the range lies outside of the years 1 to 9998",
            ));
        }
        Ok(range)
    }
}

/// The years 1 to 9998. RFC 3339 knows 0 to 9999, but whole periods and other zones' days reach a little
/// beyond a range, and an answer has to name those too.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_370_764_800;

/// Whether a range that came from elsewhere could have been read from a query string.
pub(crate) fn is_sane(range: TimeRange) -> bool {
    range.from < range.to
        && YEARS.contains(&range.from)
        && YEARS.contains(&range.to)
        && range.to - range.from <= MAX_RANGE_SECONDS
}

/// Whether a text that was read as an instant is a date.
#[cfg(feature = "ingest")]
pub(crate) fn is_whole_date(text: &str) -> bool {
    text.len() <= 64 && text.parse::<NaiveDate>().is_ok()
}

/// An instant of RFC 3339, or the midnight in UTC of a date.
///
/// At most 64 bytes are read. A `+` that the caller forgot to escape has become a space and is
/// repaired.
pub(crate) fn date_or_instant(text: &str) -> Option<DateTime<Utc>> {
    if text.len() > 64 {
        return None;
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc());
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
        .ok()
}
