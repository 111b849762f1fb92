//! Which UTC days are asked about.
//!
//! Bills are of UTC days, so days have no zone here. Ranges are half-open: `to` is the first day after
//! the range.
//!
//! | query string, asked on 2026-05-17 | days |
//! |---|---|
//! | nothing | 2026-05-01 to 2026-05-31 |
//! | `month=2026-04` | 2026-04-01 to 2026-04-30 |
//! | `from=2026-05-10` | 2026-05-10 to 2026-05-17, today included |
//! | `from=2026-05-10&to=2026-05-12` | 2026-05-10 and 2026-05-11 |
//! | `to=2026-05-12` | 400: `to` needs `from` |
//! | `month=2026-04&from=2026-05-10` | 400: give one of them |
//!
//! A route that takes a month alone uses [`Month`]; it refuses `from` and `to` as unknown parameters.
//!
//! # Errors
//!
//! A 400 that names the parameter: `month`, `from` or `to`.

use api_metrics_store::calendar::{Step, Tz, local_date};
use chrono::NaiveDate;

use super::{Context, Form, ParamDocs, Params, Parsed, QueryParams, body::date};
use crate::response::Problem;

/// Whole UTC days, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Days {
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The first day after the range.
    pub(crate) to: NaiveDate,
}

/// `month`, for a route that takes nothing else.
const MONTH: Parsed<Days> = Parsed {
    name: "month",
    description: "A calendar month in UTC; the current one by default.",
    example: Some("2026-05"),
    form: Form::Text,
    read: |text| date(&format!("{text}-01")).map(month_of),
    wrong: "no month like 2026-05",
};

/// `month`, for a route that takes a range of days too.
const MONTH_OR_RANGE: Parsed<Days> = Parsed {
    description: "A calendar month in UTC; the current one by default. Not together with `from`.",
    ..MONTH
};

/// `from`.
const FROM: Parsed<NaiveDate> = Parsed {
    name: "from",
    description: "The first UTC day.",
    example: Some("2026-05-01"),
    form: Form::Date,
    read: date,
    wrong: "no date like 2026-05-17",
};

/// `to`.
const TO: Parsed<NaiveDate> = Parsed {
    name: "to",
    description: "The first UTC day after the range; the day after today by default.",
    example: Some("2026-05-18"),
    ..FROM
};

/// The month that a day lies in.
fn month_of(day: NaiveDate) -> Days {
    let (from, to) = Step::Month.dates_around(day);
    Days { from, to }
}

/// `month`; the current one where it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Month(pub(crate) Days);

impl QueryParams for Month {
    fn describe(docs: &mut ParamDocs) {
        MONTH.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let named = MONTH.take(params)?;
        Ok(Self(named.unwrap_or_else(|| {
            month_of(local_date(Tz::UTC, context.now))
        })))
    }
}

/// `month`, or `from` and `to`; the current month where none is given.
impl QueryParams for Days {
    fn describe(docs: &mut ParamDocs) {
        MONTH_OR_RANGE.describe(docs);
        FROM.describe(docs);
        TO.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let month = params.take(MONTH_OR_RANGE.name)?;
        let from = FROM.take(params)?;
        let to = TO.take(params)?;
        let Some(from) = from else {
            return match (to, month) {
                (Some(_), _) => Err(Problem::parameter(TO.name, "needs `from` beside it")),
                (None, Some(month)) => MONTH_OR_RANGE.read(&month),
                (None, None) => Ok(month_of(local_date(Tz::UTC, context.now))),
            };
        };
        if month.is_some() {
            return Err(Problem::parameter(
                MONTH_OR_RANGE.name,
                "can't stand beside `from`: give one of them",
            ));
        }
        let ends = if to.is_some() { TO.name } else { FROM.name };
        let to = to
            .or_else(|| local_date(Tz::UTC, context.now).succ_opt())
            .unwrap_or(NaiveDate::MAX);
        if to <= from {
            return Err(Problem::parameter(
                ends,
                if ends == TO.name {
                    "must be later than `from`, which belongs to the range while `to` does not"
                } else {
                    "must not lie after today, where no `to` is given"
                },
            ));
        }
        Ok(Self { from, to })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use api_metrics_store::time::UnixSeconds;

    use super::*;

    /// 2028-02-29T12:00:00Z
    const LEAP_DAY: UnixSeconds = 1_835_438_400;

    fn days(pairs: &[(&str, &str)]) -> Result<(String, String), Problem> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut params = Params::from_pairs(pairs.collect()).unwrap();
        let days = Days::take(&mut params, &Context::at(LEAP_DAY))?;
        Ok((days.from.to_string(), days.to.to_string()))
    }

    #[test]
    fn the_current_month_is_asked_about_unless_days_are_named() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(days(&[]).unwrap(), pair("2028-02-01", "2028-03-01"));
        assert_eq!(
            days(&[("month", "2027-12")]).unwrap(),
            pair("2027-12-01", "2028-01-01")
        );
        assert_eq!(
            days(&[("from", "2028-02-10")]).unwrap(),
            pair("2028-02-10", "2028-03-01")
        );
        for wrong in [
            &[("month", "2028-13")][..],
            &[("month", "2028-1")],
            &[("to", "2028-01-01")],
            &[("from", "2028-01-02"), ("to", "2028-01-02")],
            &[("from", "2028-01-02"), ("month", "2027-01")],
            &[("from", "2028-01-02T00:00:00Z")],
        ] {
            assert!(days(wrong).is_err(), "{wrong:?}");
        }
    }
}
