//! The calendar's day, week or month that a consumer asks about.

use api_metrics_store::{
    query::{Filter, TimeRange},
    time::UnixSeconds,
};
use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;
use utoipa::IntoParams;

use crate::{
    extract::{Params, floor_minute, take_api_key_id, take_zone},
    problem::Problem,
    walk::{local_date, start_of_day},
};

/// A length of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// The first day of the period that `date` lies in, and the first after it.
    pub(super) fn around(self, date: NaiveDate) -> (NaiveDate, NaiveDate) {
        let later = |date: NaiveDate, days| {
            date.checked_add_days(Days::new(days))
                .unwrap_or(NaiveDate::MAX)
        };
        match self {
            Self::Day => (date, later(date, 1)),
            Self::Week => {
                let since_monday = u64::from(date.weekday().num_days_from_monday());
                let monday = date
                    .checked_sub_days(Days::new(since_monday))
                    .unwrap_or(NaiveDate::MIN);
                (monday, later(monday, 7))
            }
            Self::Month => {
                let first = date.with_day(1).unwrap_or(date);
                let next = first.checked_add_months(Months::new(1));
                (first, next.unwrap_or(NaiveDate::MAX))
            }
        }
    }
}

/// What a consumer asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(super) period: Period,
    zone: Tz,
    api_key_id: Option<i64>,
}

/// `period`, `tz` and `apiKeyId`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct PeriodParams {
    /// The calendar day, the ISO week or the month that now lies in.
    #[param(inline, schema_with = period_schema)]
    period: Option<String>,
    /// The IANA zone of the calendar; UTC by default.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
    /// Only this API key, where the caller has several.
    #[param(example = 3, minimum = 0)]
    api_key_id: Option<i64>,
}

fn period_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "The calendar day, the ISO week or the month that now lies in.",
        &["DAY", "WEEK", "MONTH"],
        Some("DAY"),
    )
}

/// Reads `period`.
pub(super) fn take_period(params: &mut Params, default: Period) -> Result<Period, Problem> {
    let choices = [
        ("DAY", Period::Day),
        ("WEEK", Period::Week),
        ("MONTH", Period::Month),
    ];
    params.choice("period", &choices, default)
}

impl Asked {
    pub(super) fn take(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            period: take_period(params, Period::Day)?,
            zone: take_zone(params)?,
            api_key_id: take_api_key_id(params)?,
        })
    }

    /// The period's first second, and the first after it.
    pub(super) fn bounds(&self, now: UnixSeconds) -> (UnixSeconds, UnixSeconds) {
        let (first, after) = self.period.around(local_date(self.zone, now));
        (
            start_of_day(self.zone, first),
            start_of_day(self.zone, after),
        )
    }

    /// The part of the period that has passed, the running minute included.
    pub(super) fn so_far(&self, now: UnixSeconds) -> TimeRange {
        let (start, end) = self.bounds(now);
        TimeRange::new(start, end.min(floor_minute(now) + 60))
    }

    pub(super) fn filter(&self) -> Filter {
        Filter::default().api_key_id(self.api_key_id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chrono::DateTime;

    use super::*;

    fn bounds(period: Period, zone: Tz) -> (String, String) {
        let asked = Asked {
            period,
            zone,
            api_key_id: None,
        };
        // Monday, 2026-05-18T09:30:29Z
        let (start, end) = asked.bounds(1_779_096_629);
        let text = |at| {
            DateTime::from_timestamp(at, 0)
                .unwrap()
                .format("%FT%TZ")
                .to_string()
        };
        (text(start), text(end - 1))
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        let utc = |period| bounds(period, Tz::UTC);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            utc(Period::Day),
            pair("2026-05-18T00:00:00Z", "2026-05-18T23:59:59Z")
        );
        assert_eq!(
            utc(Period::Week),
            pair("2026-05-18T00:00:00Z", "2026-05-24T23:59:59Z")
        );
        assert_eq!(
            utc(Period::Month),
            pair("2026-05-01T00:00:00Z", "2026-05-31T23:59:59Z")
        );
        assert_eq!(
            bounds(Period::Day, Tz::Pacific__Auckland),
            pair("2026-05-17T12:00:00Z", "2026-05-18T11:59:59Z")
        );
    }

    #[test]
    fn a_period_is_asked_about_as_far_as_it_has_passed() {
        let asked = Asked {
            period: Period::Month,
            zone: Tz::UTC,
            api_key_id: None,
        };
        let range = asked.so_far(1_779_096_629);
        assert_eq!(range.to, 1_779_096_660);
        // In the last minute of a month it ends with the month.
        let last = asked.bounds(1_779_096_629).1 - 1;
        assert_eq!(asked.so_far(last).to, last + 1);
    }
}
