//! `GET /dashboard` and `GET /real-time/{window}`: one window up to now, and what it is made of.
//!
//! Both include what is in this process's memory and what waits in the inbox: what was answered with a 2xx is there at
//! once. The first is kept for a flush interval, the second is read anew each time.
//! | route | range | windows | kept for |
//! |---|---|---|---|
//! | `/dashboard?time_range=1d` | an hour to 90 days | of five minutes to a day, so that a chart has 12 to 168 | a flush interval |
//! | `/real-time/5m` | a minute to a day | none | not at all |
//!
//! A user is active who has done anything: a command, an interaction, the start or end of a session, a named number.
//! Commands and agents are ranked by how often they were used, and equals by their names, so that the same question gets
//! the same answer.
//!
//! Ranges end with the running minute, which is why `partial` is true: the next look at it may find more.

use std::collections::BTreeSet;

use api_metrics_store::{
    calendar::Step,
    query::{Answer, Detail, Query, Scope, TimeRange, TopK},
    time::{Granularity, UnixSeconds},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::{
    figures::WindowRow,
    params::{OfTeam, OfUser, WINDOW, filter},
    windows::{KINDS, Question},
};
use crate::{
    auth::Caller,
    ingest::Shape,
    request::{Context, OneOf, ParamDocs, Params, QueryParams, Validated, query_params},
    response::{Figures, Kind, Problem, time_us},
    router::App,
};

/// How many commands and agents an overview names.
const TOP: usize = 10;
/// Seconds of an hour.
const HOUR: i64 = 3_600;
/// Seconds of a day.
const DAY: i64 = 24 * HOUR;

/// `time_range`, with the window by which it is divided.
const TIME_RANGE: OneOf<(i64, Step)> = OneOf {
    name: "time_range",
    description: "How long a range up to now.",
    options: &[
        ("1h", (HOUR, Step::FiveMinutes)),
        ("6h", (6 * HOUR, Step::QuarterHour)),
        ("1d", (DAY, Step::Hour)),
        ("7d", (7 * DAY, Step::Hour)),
        ("30d", (30 * DAY, Step::Day)),
        ("90d", (90 * DAY, Step::Day)),
    ],
    default: (DAY, Step::Hour),
};

/// The range of an overview.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    /// How long it is.
    seconds: i64,
    /// How long its windows are.
    step: Step,
}

impl QueryParams for Within {
    fn describe(docs: &mut ParamDocs) {
        TIME_RANGE.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        let (seconds, step) = TIME_RANGE.take(params)?;
        Ok(Self { seconds, step })
    }
}

/// A command or an agent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct NamedRow {
    /// What it is called.
    name: String,
    /// How often it was used.
    count: u64,
    /// Errors in percent.
    error_rate: Option<f64>,
    /// How long it took on average, in milliseconds.
    avg_execution_time_ms: Option<f64>,
}

/// One window up to now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct RealTime {
    /// Its numbers.
    #[serde(flatten)]
    row: WindowRow,
    /// Users of whom there was an event.
    active_users: u64,
    /// The commands that were used most, at most 10.
    top_commands: Vec<NamedRow>,
    /// The agents that were used most, at most 10.
    top_agents: Vec<NamedRow>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
}

/// The same with the windows that it is divided into.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Dashboard {
    /// The whole range.
    #[serde(flatten)]
    total: RealTime,
    /// How long a window is.
    aggregation_window: &'static str,
    /// The windows, the earliest first.
    windows: Vec<WindowRow>,
}

query_params! {
    /// The parameters of [`dashboard`].
    pub(super) struct DashboardParams {
        /// The range up to now.
        within: Within,
        /// Whose events count.
        team: OfTeam,
    }
}

/// An overview of a team, or of the whole organisation
#[cfg_attr(test, utoipa::path(
    get,
    path = "/dashboard",
    tag = "read",
    params(Validated<DashboardParams>),
    responses(
        (status = 200, description = "Totals, windows, and what was used most", body = Dashboard),
        (status = 404, description = "There is no such team", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(super) async fn dashboard(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<DashboardParams>,
) -> Result<Response, Problem> {
    let DashboardParams { within, team } = &params;
    let range = up_to(now, within.seconds);
    let compute = async {
        let filter = filter(None, team.0.as_ref());
        let question = Question {
            scope: &caller.scope,
            filter,
            range,
            step: Some(within.step),
            window: None,
            quantiles: true,
        };
        let total = Question {
            step: None,
            ..question.clone()
        };
        // One snapshot, so that the windows add up to the total.
        let mut questions = Vec::from(question.queries());
        questions.extend(real_time_queries(&total));
        let mut answers = app.client.read_each(&questions).await?;
        let of_total = answers.split_off(KINDS.len().min(answers.len()));
        let windows = question.windows(&app.client, &all(answers)?).await?;
        Ok(Dashboard {
            total: real_time_from(&app, &total, all(of_total)?).await?,
            aggregation_window: within.step.into(),
            windows: windows.rows,
        })
    };
    let (cached, hit) = app
        .answer(
            "collector dashboard",
            &caller.scope,
            &params,
            range,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

query_params! {
    /// The parameters of [`real_time`].
    pub(super) struct RealTimeParams {
        /// Whose events count.
        user: OfUser,
    }
}

/// The last minutes, as of now
///
/// What was answered with a 2xx is in it at once.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/real-time/{window}",
    tag = "read",
    params(
        ("window" = String, Path, description = "`1m`, `5m`, `15m`, `1h` or `1d`: the running minute, and those before it"),
        Validated<RealTimeParams>,
    ),
    responses(
        (status = 200, description = "The window up to now", body = RealTime),
        (status = 404, description = "There is no such user", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(super) async fn real_time(
    State(app): State<App>,
    caller: Caller,
    window: Result<Path<String>, PathRejection>,
    Validated { params, now }: Validated<RealTimeParams>,
) -> Result<Json<RealTime>, Problem> {
    let window = window.map(|Path(text)| text).unwrap_or_default();
    let named = |problem: Problem| Problem::parameter("window", problem.detail().to_owned());
    let step = WINDOW.read(&window).map_err(named)?;
    let question = Question {
        scope: &caller.scope,
        filter: filter(params.user.0.as_ref(), None),
        range: up_to(now, step.seconds()),
        step: None,
        window: None,
        quantiles: true,
    };
    real_time_of(&app, question).await.map(Json)
}

/// Questions about one window: its events and its users by kind, commands and agents by name.
const QUESTIONS: usize = 2 * KINDS.len() + 2;

/// The range of so many seconds up to the end of the running minute.
pub(super) const fn up_to(now: UnixSeconds, seconds: i64) -> TimeRange {
    let end = Granularity::Minute.floor(now).saturating_add(60);
    TimeRange::new(end - seconds, end)
}

/// One window, with its users, commands and agents, from one snapshot.
///
/// # Errors
/// 404 for a user or a team that the caller can't see; those of the store.
async fn real_time_of(app: &App, question: Question<'_>) -> Result<RealTime, Problem> {
    let answers = app.client.read_all(&real_time_queries(&question)).await?;
    real_time_from(app, &question, answers).await
}

/// The questions about one window.
fn real_time_queries(question: &Question<'_>) -> [Query; QUESTIONS] {
    let top = |shape| {
        let mut query = question.query(shape);
        query.group_by.method = false;
        query.group_by.endpoint = true;
        query.top = Some(TopK::first(TOP));
        query.detail = Detail::Counts;
        query
    };
    let users = |shape| {
        let mut query = question.query(shape);
        query.group_by.method = false;
        query.group_by.user = true;
        query.detail = Detail::Requests;
        query
    };
    let [a, b, c, d] = question.queries();
    let [e, f, g, h] = KINDS.map(users);
    [
        a,
        b,
        c,
        d,
        top(Shape::Command),
        top(Shape::Agent),
        e,
        f,
        g,
        h,
    ]
}

/// As many answers as there were questions.
///
/// # Errors
/// 500 where the store has answered another number.
fn all<const N: usize>(answers: Vec<Answer>) -> Result<[Answer; N], Problem> {
    let wrong = |_| Problem::new(Kind::Internal, "a question was not answered");
    answers.try_into().map_err(wrong)
}

/// The window that these questions are answered with.
async fn real_time_from(
    app: &App,
    question: &Question<'_>,
    answers: [Answer; QUESTIONS],
) -> Result<RealTime, Problem> {
    let [a, b, c, d, commands, agents, users @ ..] = answers;
    let windows = question.windows(&app.client, &[a, b, c, d]).await?;
    let row = windows.rows.into_iter().next();
    let row = row.ok_or_else(|| Problem::new(Kind::Internal, "a window was not answered"))?;
    let users: BTreeSet<&str> = users
        .iter()
        .flat_map(|answer| &answer.rows)
        .filter(|row| row.bucket.request_count > 0)
        .filter_map(|row| row.group.user_id.as_deref())
        .filter(|user| !user.is_empty())
        .collect();
    Ok(RealTime {
        row,
        active_users: u64::try_from(users.len()).unwrap_or(u64::MAX),
        top_commands: named(&commands),
        top_agents: named(&agents),
        as_of: time_us(windows.as_of_us),
    })
}

/// The rows of the busiest, the busiest first.
fn named(answer: &Answer) -> Vec<NamedRow> {
    let mut rows: Vec<_> = answer.rows.iter().collect();
    rows.sort_by(|a, b| {
        (b.bucket.request_count, &a.group).cmp(&(a.bucket.request_count, &b.group))
    });
    let rows = rows.into_iter().map(|row| {
        let figures = Figures::of(Some(&row.bucket));
        NamedRow {
            name: row.group.endpoint.as_deref().unwrap_or("").to_owned(),
            count: figures.requests,
            error_rate: figures.error_rate,
            avg_execution_time_ms: figures.average_ms,
        }
    });
    rows.collect()
}

/// How many events there were in a range, of any kind of the collector.
///
/// # Errors
/// Those of the store.
pub(super) async fn events_in(app: &App, scope: &Scope, range: TimeRange) -> Result<u64, Problem> {
    let questions = KINDS.map(|shape| {
        let mut query = Query::over(range);
        query.scope = scope.clone();
        query.filter.protocol = Some(shape.protocol().as_str().to_owned());
        query.detail = Detail::Requests;
        query
    });
    let answers = app.client.read_all(&questions).await?;
    let counts = answers.iter().filter_map(Answer::total);
    Ok(counts.map(|total| total.request_count).sum())
}
