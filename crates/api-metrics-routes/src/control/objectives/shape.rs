//! An objective as the API writes and reads it.

use api_metrics_store::{
    control::objectives::{BudgetDay, Indicator, Objective, ObjectiveReport, ObjectiveSpec},
    query::Filter,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    control::own_tenant,
    request::{Body, present},
    response::{Problem, time},
};

/// Parts of a million in a percent.
const PPM_OF_PERCENT: f64 = 10_000.0;
/// Below so many percent of its budget an objective is at risk.
const LITTLE_LEFT: f64 = 25.0;

/// How fast a budget burns over a window up to now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BurnRate {
    /// The window.
    minutes: u32,
    /// 1 uses the budget up at the end of the objective's window; null without requests.
    rate: Option<f64>,
}

/// A UTC day of an objective's range.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = BudgetDay))]
pub(crate) struct DayView {
    /// Its first instant; that of the range for the first one.
    from: DateTime<Utc>,
    /// Its requests that count.
    requests: u64,
    /// Those that were bad.
    bad: u64,
    /// How much of the range's budget was left at its end, in percent.
    budget_left: Option<f64>,
}

/// An objective, and where it stands.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Objective))]
pub(crate) struct ObjectiveView {
    /// Its number.
    id: i64,
    /// A name for people.
    name: String,
    /// `availability`: a request is bad that was answered with 5xx, failed or panicked. `latency`: one that took longer
    /// than `latencyMs`.
    indicator: &'static str,
    /// How many percent of the requests have to be good.
    target: f64,
    /// For latencies: the longest that is good, in milliseconds, at an edge of the sketch; else null.
    latency_ms: Option<f64>,
    /// Over how many days up to now.
    window_days: u32,
    /// Only this service.
    service: Option<String>,
    /// Only this environment.
    environment: Option<String>,
    /// Only this endpoint, exactly or as a glob, with or without a method before it.
    endpoint: Option<String>,
    /// Only this tenant's requests.
    tenant_id: Option<String>,
    /// Counts the edits.
    revision: i64,
    /// Who made it.
    created_by: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// `met`; `at_risk`: less than a quarter of the budget is left, or it burns as fast as its rules look for; `missed`:
    /// more has failed than may; `unknown`: there were no requests.
    state: &'static str,
    /// The first instant of the range: a whole hour in UTC.
    from: DateTime<Utc>,
    /// Its end: now.
    to: DateTime<Utc>,
    /// Requests in the range that count: for latencies those whose latency is known.
    requests: u64,
    /// Those that were bad.
    bad: u64,
    /// How many percent of them were good; null without requests.
    good: Option<f64>,
    /// How much of the budget is left, in percent; below 0 where more has failed than may, null without requests.
    budget_left: Option<f64>,
    /// How many more of the requests so far could be bad.
    bad_left: u64,
    /// Over 60, 5, 360 and 30 minutes up to now.
    burn_rates: Vec<BurnRate>,
    /// Whether the counts are exact. Latencies by t-digests are estimates, and so are those that a service reports in
    /// buckets of its own.
    exact: bool,
    /// Where a service reports latencies in buckets of its own: by which part of itself a latency may be off; else null.
    quantile_error: Option<f64>,
    /// Whether records at the beginning of the range may belong before it.
    approximate: bool,
    /// Each day of the range; only where one objective was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayView>>,
}

impl ObjectiveView {
    pub(super) fn of(
        objective: Objective,
        report: &ObjectiveReport,
        by_day: bool,
        quantile_error: Option<f64>,
    ) -> Self {
        let Objective { spec, .. } = objective;
        let outcomes = report.outcomes;
        Self {
            id: objective.id,
            state: state_of(report),
            name: spec.name,
            indicator: spec.indicator.into(),
            target: f64::from(spec.target_ppm) / PPM_OF_PERCENT,
            latency_ms: spec.indicator.threshold_us().map(|us| us as f64 / 1e3),
            window_days: spec.window_days,
            service: spec.service,
            environment: spec.environment,
            endpoint: spec.endpoint,
            tenant_id: spec.tenant_id,
            revision: objective.revision,
            created_by: objective.created_by,
            created_at: time(objective.created_at),
            updated_at: time(objective.updated_at),
            from: time(report.range.from),
            to: time(report.range.to),
            requests: outcomes.total,
            bad: outcomes.bad,
            good: (outcomes.total > 0)
                .then(|| (outcomes.total - outcomes.bad) as f64 * 100.0 / outcomes.total as f64),
            budget_left: report.budget_left,
            bad_left: report.bad_left,
            burn_rates: report
                .burn_rates
                .iter()
                .map(|(minutes, rate)| BurnRate {
                    minutes: *minutes,
                    rate: *rate,
                })
                .collect(),
            exact: report.exact && quantile_error.is_none(),
            quantile_error,
            approximate: report.approximate,
            days: by_day.then(|| report.days.iter().map(day).collect()),
        }
    }
}

/// A day as the API writes it.
fn day(day: &BudgetDay) -> DayView {
    DayView {
        from: time(day.from),
        requests: day.outcomes.total,
        bad: day.outcomes.bad,
        budget_left: day.budget_left,
    }
}

/// In one word: see `ObjectiveView::state`.
fn state_of(report: &ObjectiveReport) -> &'static str {
    let rate = |minutes: u32| {
        let found = report.burn_rates.iter().find(|(of, _)| *of == minutes);
        found.and_then(|(_, rate)| *rate).unwrap_or_default()
    };
    let burns = |long, short, threshold: f64| rate(long).min(rate(short)) >= threshold;
    match report.budget_left {
        None => "unknown",
        Some(left) if left < 0.0 => "missed",
        Some(left) if left < LITTLE_LEFT || burns(60, 5, 14.4) || burns(360, 30, 6.0) => "at_risk",
        Some(_) => "met",
    }
}

/// What an objective looks at, as far as quantiles may be off by it.
pub(super) fn filter_of(objective: &Objective) -> Filter {
    let mut filter = Filter::default();
    filter.service.clone_from(&objective.spec.service);
    filter.environment.clone_from(&objective.spec.environment);
    filter
}

/// An objective before it is made, or in its place.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `read_spec` reads")]
pub(crate) struct ObjectiveBody {
    /// A name for people, 1 to 200 bytes.
    #[cfg_attr(test, schema(example = "Checkout answers"))]
    name: String,
    /// `availability` or `latency`.
    #[cfg_attr(test, schema(example = "latency"))]
    indicator: String,
    /// How many percent of the requests have to be good: above 0 and below 100, with at most four decimals.
    #[cfg_attr(test, schema(example = 99.9))]
    target: f64,
    /// For latencies, which need it: the longest that is good, in milliseconds.
    #[cfg_attr(test, schema(example = 300))]
    latency_ms: Option<f64>,
    /// Over how many days up to now, 1 to 90.
    #[cfg_attr(test, schema(default = 30))]
    window_days: Option<u32>,
    /// Only this service.
    service: Option<String>,
    /// Only this environment.
    environment: Option<String>,
    /// Only this endpoint, exactly or as a glob, with or without a method before it.
    #[cfg_attr(test, schema(example = "POST /checkout"))]
    endpoint: Option<String>,
    /// Only this tenant's requests. A manager's objectives are its tenant's.
    tenant_id: Option<String>,
    /// Whether two alert rules over its burn rate are made with it. For new objectives only.
    #[cfg_attr(test, schema(default = true))]
    rules: Option<bool>,
    /// The revision that the change is of; 409 where the objective has another. Not for new ones.
    revision: Option<i64>,
}

/// Reads an objective's settings.
///
/// # Errors
/// 400 that names the member that is wrong, 403 where the tenant is not the caller's own.
pub(super) fn read_spec(body: &mut Body, caller: &Caller) -> Result<ObjectiveSpec, Problem> {
    let name = present("name", body.text("name")?)?;
    let indicator = present(
        "indicator",
        body.word("indicator", "availability or latency", |name| {
            name.parse::<Indicator>().ok()
        })?,
    )?;
    let target = present("target", body.number("target")?)?;
    let ppm = (target * PPM_OF_PERCENT).round();
    if !(0.0..=1e6).contains(&ppm) || (target * PPM_OF_PERCENT - ppm).abs() > 1e-6 {
        return Err(Problem::parameter(
            "target",
            "takes percent above 0 and below 100, with at most four decimals".to_owned(),
        ));
    }
    let latency_ms = body.number("latencyMs")?.flatten();
    let indicator = match (indicator, latency_ms) {
        (Indicator::Latency { .. }, Some(ms)) if (0.001..=86_400_000.0).contains(&ms) => {
            Indicator::latency((ms * 1e3).round() as u64)
        }
        (Indicator::Latency { .. }, Some(_)) => {
            return Err(Problem::parameter(
                "latencyMs",
                "takes 0.001 to 86400000, which is a day".to_owned(),
            ));
        }
        (_, Some(_)) => {
            return Err(Problem::parameter(
                "latencyMs",
                "goes with the indicator latency only".to_owned(),
            ));
        }
        (indicator, None) => indicator,
    };
    let mut spec = ObjectiveSpec::new(name, indicator, ppm as u32);
    if let Some(days) = body.small("windowDays")?.flatten() {
        spec.window_days = days;
    }
    spec.service = body.text("service")?.flatten();
    spec.environment = body.text("environment")?.flatten();
    spec.endpoint = body.text("endpoint")?.flatten();
    spec.tenant_id = own_tenant(caller, body.text("tenantId")?.flatten())?;
    Ok(spec)
}
