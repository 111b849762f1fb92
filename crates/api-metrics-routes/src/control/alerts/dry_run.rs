//! `POST /api-alerts/dry-run`: when a rule would have fired.
//!
//! The range is read by the code of the query strings, so that both refuse the same things in the
//! same words.

use api_metrics_store::query::TimeRange;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    rules::{check_key, follow_objective},
    shape::{AlertBody, read_spec},
};
use crate::{
    auth::Caller,
    request::{Body, Context, Params, QueryParams, Validated, required},
    response::{Problem, time},
    router::App,
};

/// A rule and the range that it is tried on.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `dry_run` reads")]
pub(crate) struct DryRunBody {
    /// The rule, with the members of a new one.
    #[cfg_attr(test, schema(inline))]
    #[cfg_attr(test, schema(value_type = AlertBody))]
    rule: AlertBody,
    /// The range up to now; not together with `from`.
    #[cfg_attr(test, schema(example = "24h", nullable = false))]
    period: Option<String>,
    /// The first instant of the range, RFC 3339.
    #[cfg_attr(test, schema(nullable = false))]
    from: Option<DateTime<Utc>>,
    /// The first instant after the range, RFC 3339; up to now without it.
    #[cfg_attr(test, schema(nullable = false))]
    to: Option<DateTime<Utc>>,
}

/// A breach that would have sent a notice.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRunEvent {
    /// The end of the window that breached.
    fired_at: DateTime<Utc>,
    /// The end of the first window that no longer did; null: it lasted to the end.
    resolved_at: Option<DateTime<Utc>>,
    /// The value that fired.
    value: f64,
    /// The text of the notice.
    message: String,
}

/// Neighbouring windows, as one point of a chart.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRunBin {
    /// The end of its last window.
    at: DateTime<Utc>,
    /// The value of its windows that is closest to breaching, or furthest beyond: the greatest where the rule compares
    /// by `gt` or `gte`, else the least. Null where none of them has one.
    value: Option<f64>,
    /// How many windows were evaluated.
    windows: u64,
    /// How many of them breached.
    breaches: u64,
    /// How many of them had too few requests to be judged.
    too_few: u64,
}

/// What a rule would have done in a range of the past.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRunAnswer {
    /// The range whose windows were evaluated.
    from: DateTime<Utc>,
    /// Its end.
    to: DateTime<Utc>,
    /// How far the ends of two windows lie apart: `1m`, as in reality, or longer where minutes are
    /// no longer kept.
    step: &'static str,
    /// How many windows were evaluated.
    windows: u64,
    /// How many of them breached.
    breaches: u64,
    /// How many of them had too few requests to be judged.
    too_few: u64,
    /// How many more were passed over, because an outage's coarse records can't be told from those beside them.
    passed_over: u64,
    /// The breaches that would have sent a notice, the earliest first.
    events: Vec<DryRunEvent>,
    /// All windows in the order of time, in at most 360 bins.
    curve: Vec<DryRunBin>,
}

/// When a rule would have fired
///
/// Evaluates a rule over the past, as far as data is kept: at most 10,080 windows. Nothing is written
/// and no notice is sent.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/dry-run",
    tag = "alerts",
    request_body(content = DryRunBody, example = json!({
        "rule": crate::control::examples::alert_body(), "period": "24h"})),
    responses((status = 200, description = "What it would have done", body = DryRunAnswer,
        example = json!(crate::control::examples::dry_run()))),
))]
pub(crate) async fn dry_run(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<DryRunAnswer>, Problem> {
    let mut rule = body.object("rule")?;
    let mut spec = read_spec(&mut rule, &caller, None)?;
    rule.finish()?;
    // The same code reads the range of a query, and refuses it in the same words.
    let mut pairs = Vec::new();
    for name in ["period", "from", "to"] {
        if let Some(text) = required(name, body.text(name)?)? {
            pairs.push((name.to_owned(), text));
        }
    }
    body.finish()?;
    let now = app.clock.unix_seconds();
    let mut asked = Params::from_pairs(pairs)?;
    let mut range = TimeRange::take(&mut asked, &Context::at(now))?;
    asked.finish()?;
    // The running minute is not over.
    range.to = range.to.min(now - now.rem_euclid(60));
    check_key(&app, &caller.scope, &spec).await?;
    follow_objective(&app, &caller.scope, &mut spec).await?;
    let settings = api_metrics_store::control::alerts::RuleSettings::new(
        app.control.quotas.tz,
        app.control.limits.clone(),
    );
    let store = app.client.control()?;
    let run = app
        .client
        .bounded(
            "dry run",
            api_metrics_store::control::alerts::dry_run(store, &spec, range, settings),
        )
        .await?;
    Ok(Json(DryRunAnswer {
        from: time(run.range.from),
        to: time(run.range.to),
        step: run.step.into(),
        windows: run.windows,
        breaches: run.breaches,
        too_few: run.too_few,
        passed_over: run.passed_over,
        events: run
            .events
            .into_iter()
            .map(|event| DryRunEvent {
                fired_at: time(event.fired_at),
                resolved_at: event.resolved_at.map(time),
                value: event.value,
                message: event.message,
            })
            .collect(),
        curve: run
            .curve
            .into_iter()
            .map(|bin| DryRunBin {
                at: time(bin.at),
                value: bin.value,
                windows: bin.windows,
                breaches: bin.breaches,
                too_few: bin.too_few,
            })
            .collect(),
    }))
}
