//! Which UTC days are asked about.

use api_metrics_store::time::UnixSeconds;
use chrono::{Months, NaiveDate};
use utoipa::IntoParams;

use super::{Params, body::date, shown};
use crate::{
    read::{first_of_month, utc_day},
    response::Problem,
};

/// Whole UTC days, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Days {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

/// `month`, or `from` and `to`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes for the document what `take_days` reads"
)]
pub(crate) struct DayParams {
    /// A calendar month in UTC; the current one by default. Not together with `from`.
    #[param(example = "2026-05")]
    month: Option<String>,
    /// The first UTC day.
    #[param(example = "2026-05-01")]
    from: Option<NaiveDate>,
    /// The first UTC day after the range; the day after today by default.
    #[param(example = "2026-05-18")]
    to: Option<NaiveDate>,
}

/// `month`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes for the document what `take_month` reads"
)]
pub(crate) struct MonthParams {
    /// A calendar month in UTC; the current one by default.
    #[param(example = "2026-05")]
    month: Option<String>,
}

fn month_of(day: NaiveDate) -> Days {
    let from = first_of_month(day);
    Days {
        from,
        to: from.checked_add_months(Months::new(1)).unwrap_or(from),
    }
}

/// Reads `month`; the current one where it is not given.
pub(crate) fn take_month(params: &mut Params, now: UnixSeconds) -> Result<Days, Problem> {
    match params.take("month")? {
        None => Ok(month_of(utc_day(now))),
        Some(text) => month_named(&text),
    }
}

fn month_named(text: &str) -> Result<Days, Problem> {
    date(&format!("{text}-01")).map(month_of).ok_or_else(|| {
        let detail = format!("`{}` is no month like 2026-05", shown(text));
        Problem::parameter("month", detail)
    })
}

/// Reads `month`, or `from` and `to`; the current month where none is given.
pub(crate) fn take_days(params: &mut Params, now: UnixSeconds) -> Result<Days, Problem> {
    let month = params.take("month")?;
    let from = take_date(params, "from")?;
    let to = take_date(params, "to")?;
    let Some(from) = from else {
        return match (to, month) {
            (Some(_), _) => Err(Problem::parameter("to", "needs `from` beside it")),
            (None, Some(month)) => month_named(&month),
            (None, None) => Ok(month_of(utc_day(now))),
        };
    };
    if month.is_some() {
        return Err(Problem::parameter(
            "month",
            "can't stand beside `from`: give one of them",
        ));
    }
    let to = to
        .or_else(|| utc_day(now).succ_opt())
        .unwrap_or(NaiveDate::MAX);
    if to <= from {
        return Err(Problem::parameter(
            "to",
            "must be later than `from`, which belongs to the range while `to` does not",
        ));
    }
    Ok(Days { from, to })
}

fn take_date(params: &mut Params, name: &'static str) -> Result<Option<NaiveDate>, Problem> {
    let Some(text) = params.take(name)? else {
        return Ok(None);
    };
    date(&text).map(Some).ok_or_else(|| {
        let detail = format!("`{}` is no date like 2026-05-17", shown(&text));
        Problem::parameter(name, detail)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// 2028-02-29T12:00:00Z
    const LEAP_DAY: UnixSeconds = 1_835_438_400;

    fn days(pairs: &[(&str, &str)]) -> Result<(String, String), Problem> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut params = Params::from_pairs(pairs.collect()).unwrap();
        let days = take_days(&mut params, LEAP_DAY)?;
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
