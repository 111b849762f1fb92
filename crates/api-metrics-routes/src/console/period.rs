//! The calendar's day, week or month that a consumer asks about.
//!
//! A period is a day, an ISO week or a month of the caller's zone, so its length depends on the
//! calendar and on changes of the clock.

use api_metrics_store::{
    calendar::{Step, Tz, local_date, start_of_day},
    query::{Filter, TimeRange},
    time::{Granularity, UnixSeconds},
};
use chrono::NaiveDate;

use crate::{
    request::{Context, OneOf, ParamDocs, Params, Parsed, QueryParams, api_key_id, zone},
    response::Problem,
};

/// A length of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// The name in queries and answers.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// The first day of the period that `date` lies in, and the first after it.
    pub(super) fn around(self, date: NaiveDate) -> (NaiveDate, NaiveDate) {
        let step = match self {
            Self::Day => Step::Day,
            Self::Week => Step::Week,
            Self::Month => Step::Month,
        };
        step.dates_around(date)
    }
}

/// `period`, for a route whose periods are described by `description`.
pub(super) const fn period(description: &'static str, default: Period) -> OneOf<Period> {
    OneOf {
        name: "period",
        description,
        options: &[
            ("DAY", Period::Day),
            ("WEEK", Period::Week),
            ("MONTH", Period::Month),
        ],
        default,
    }
}

/// `period`.
const PERIOD: OneOf<Period> = period(
    "The calendar day, the ISO week or the month that now lies in.",
    Period::Day,
);

/// `tz`.
const ZONE: Parsed<Tz> = zone("The IANA zone of the calendar; UTC by default.");

/// `apiKeyId`.
pub(super) const API_KEY: Parsed<i64> =
    api_key_id("Only this API key, where the caller has several.", "3");

/// `period`, `tz` and `apiKeyId`: what a consumer asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PeriodParams {
    /// Which length of the calendar.
    pub(super) period: Period,
    /// Whose calendar.
    zone: Tz,
    /// Only this key.
    api_key_id: Option<i64>,
}

impl QueryParams for PeriodParams {
    fn describe(docs: &mut ParamDocs) {
        PERIOD.describe(docs);
        ZONE.describe(docs);
        API_KEY.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self {
            period: PERIOD.take(params)?,
            zone: ZONE.take(params)?.unwrap_or(Tz::UTC),
            api_key_id: API_KEY.take(params)?,
        })
    }
}

impl PeriodParams {
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
        TimeRange::new(start, end.min(Granularity::Minute.floor(now) + 60))
    }

    /// The series of the API key that was asked about, or all.
    pub(super) fn filter(&self) -> Filter {
        {
            let mut filter = Filter::default();
            filter.api_key_id = self.api_key_id;
            filter
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chrono::DateTime;

    use super::*;

    fn bounds(period: Period, zone: Tz) -> (String, String) {
        let asked = PeriodParams {
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
            bounds(Period::Day, "Pacific/Auckland".parse::<Tz>().unwrap()),
            pair("2026-05-17T12:00:00Z", "2026-05-18T11:59:59Z")
        );
    }

    #[test]
    fn a_period_is_asked_about_as_far_as_it_has_passed() {
        let asked = PeriodParams {
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
