//! What is asked: dates, windows, users and teams.
//!
//! `start_date` and `end_date` are instants of RFC 3339 or dates in UTC; a date as the end belongs to the range.
//! Without them the range is the day up to now.
//! | query string, asked at 12:00:30Z | range |
//! |---|---|
//! | nothing | the day up to 12:01:00Z |
//! | `start_date=2026-05-17` | midnight of that day in UTC up to 12:01:00Z |
//! | `start_date=2026-05-17&end_date=2026-05-17` | that UTC day |
//! | `end_date=2026-05-17T06:00:00Z` | the day up to that instant |
//! | `start_date=2026-05-18&end_date=2026-05-17` | 400: it ends before it begins |
//!
//! Ranges are half-open in whole seconds, last at most a hundred years, and have at most as many windows as a chart
//! shows. A range up to now ends with the running minute, so that all who ask within one minute ask the same.

use api_metrics_store::{
    calendar::Step,
    query::{Filter, TimeRange},
    time::Granularity,
};

use super::sessions::user_of;
use crate::{
    request::{
        Context, Form, MAX_TENANT_BYTES, OneOf, ParamDocs, Params, Parsed, QueryParams, Text,
        check_points, date_or_instant, is_sane, is_whole_date,
    },
    response::Problem,
};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// `start_date`, as it was given: whether it is a date decides nothing for the start.
const START: Parsed<String> = Parsed {
    name: "start_date",
    description: "The first instant of the range, RFC 3339, or a date for its midnight in UTC. A day ago by default.",
    example: Some("2026-05-17"),
    form: Form::Text,
    read: |text| date_or_instant(text).map(|_| text.to_owned()),
    wrong: "no RFC 3339 time like 2026-05-17T00:00:00Z, and no date like 2026-05-17",
};

/// `end_date`, as it was given: a date stands for its whole day.
const END: Parsed<String> = Parsed {
    name: "end_date",
    description: "The first instant after the range, RFC 3339, or the last date of it in UTC. Now by default.",
    example: Some("2026-05-18"),
    ..START
};

/// `user_id`.
const USER: Text = Text {
    name: "user_id",
    description: "Only this user: the API keys with this id.",
    example: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    max_bytes: MAX_TENANT_BYTES,
};

/// `team_id`.
const TEAM: Text = Text {
    name: "team_id",
    description: "Only this team: the API keys with this id.",
    example: "platform",
    max_bytes: MAX_TENANT_BYTES,
};

/// `aggregation_window`.
pub(super) const WINDOW: OneOf<Step> = OneOf {
    name: "aggregation_window",
    description: "How long a window is. Minutes are kept for a day, 5 minutes for a week, hours for 90 days, unless \
                  the service says otherwise.",
    options: &[
        ("1m", Step::Minute),
        ("5m", Step::FiveMinutes),
        ("15m", Step::QuarterHour),
        ("1h", Step::Hour),
        ("1d", Step::Day),
    ],
    default: Step::Hour,
};

/// The range of `start_date` and `end_date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates(pub(super) TimeRange);

impl QueryParams for Dates {
    fn describe(docs: &mut ParamDocs) {
        START.describe(docs);
        END.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let (start, end) = (START.take(params)?, END.take(params)?);
        let now = Granularity::Minute.floor(context.now).saturating_add(60);
        let seconds = |text: &str| date_or_instant(text).map(|at| at.timestamp());
        let to = match end.as_deref() {
            None => now,
            Some(text) => {
                let day = if is_whole_date(text) { DAY } else { 0 };
                seconds(text).unwrap_or(now).saturating_add(day)
            }
        };
        let from = match start.as_deref() {
            None => to.saturating_sub(DAY),
            Some(text) => seconds(text).unwrap_or(to),
        };
        let range = TimeRange::new(from, to);
        if !is_sane(range) {
            let named = params.given_of(&[END.name, START.name], END.name);
            let detail = "the range has to end after it begins, and to lie within a hundred years";
            return Err(Problem::parameter(named, detail));
        }
        Ok(Self(range))
    }
}

/// `user_id`: whose events count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfUser(pub(super) Option<String>);

impl QueryParams for OfUser {
    fn describe(docs: &mut ParamDocs) {
        USER.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(USER.take(params)?.map(|user| user_of(&user))))
    }
}

/// `team_id`: whose events count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfTeam(pub(super) Option<String>);

impl QueryParams for OfTeam {
    fn describe(docs: &mut ParamDocs) {
        TEAM.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(TEAM.take(params)?))
    }
}

/// The filter of these, of all protocols: each question names its own.
pub(super) fn filter(user: Option<&String>, team: Option<&String>) -> Filter {
    let mut filter = Filter::everything();
    filter.user_id = user.cloned();
    filter.team_id = team.cloned();
    filter
}

/// What windows are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windowed {
    /// The range.
    pub(super) range: TimeRange,
    /// Whose events count.
    pub(super) user: Option<String>,
    /// How long a window is.
    pub(super) step: Step,
}

impl QueryParams for Windowed {
    fn describe(docs: &mut ParamDocs) {
        Dates::describe(docs);
        OfUser::describe(docs);
        WINDOW.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let Dates(range) = QueryParams::take(params, context)?;
        let OfUser(user) = QueryParams::take(params, context)?;
        let step = WINDOW.take(params)?;
        check_points(WINDOW.name, step, range)?;
        Ok(Self { range, user, step })
    }
}
