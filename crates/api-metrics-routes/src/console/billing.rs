//! `GET billing`: what a consumer has cost in the running day, week or month.

use std::collections::BTreeMap;

use api_metrics_store::{
    billing::{BillingReport, Currency, Money},
    query::Scope,
};
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::period::{Period, take_period};
use crate::{
    auth::Caller,
    control::read_report,
    read::utc_day,
    request::{Days, Params, take_api_key_id},
    response::Problem,
    router::App,
};

/// `period`, `apiKeyId` and `currency`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct BillingParams {
    /// The UTC day, the ISO week or the month that now lies in.
    #[param(inline, schema_with = period_schema)]
    period: Option<String>,
    /// Only this API key, where the caller has several.
    #[param(example = 3, minimum = 0)]
    api_key_id: Option<i64>,
    /// Only what is billed in this currency; needed where there are several.
    #[param(example = "USD")]
    currency: Option<String>,
}

fn period_schema() -> utoipa::openapi::schema::Object {
    crate::request::choice(
        "The UTC day, the ISO week or the month that now lies in.",
        &["DAY", "WEEK", "MONTH"],
        Some("MONTH"),
    )
}

/// The period so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentPeriod {
    /// What it costs so far.
    total_cost: f64,
    /// Requests that are billed.
    total_requests: u64,
    /// The former divided by the latter; 0 without requests.
    cost_per_request: f64,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsoleBillingDay)]
pub(crate) struct BillingDay {
    /// The UTC day.
    date: NaiveDate,
    /// Requests that are billed.
    requests: u64,
    /// What they cost.
    cost: f64,
}

/// What a consumer has cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsoleBilling)]
pub(crate) struct Billing {
    current_period: CurrentPeriod,
    /// The days with requests, the earliest first.
    breakdown: Vec<BillingDay>,
}

/// What a consumer has cost in the running day, week or month
///
/// Amounts are numbers of the currency, not rounded; invoices round their lines.
#[utoipa::path(
    get,
    path = "/billing",
    tag = "console",
    params(BillingParams),
    responses((status = 200, description = "The cost", body = Billing,
        example = json!({"currentPeriod": {"totalCost": 0.024, "totalRequests": 1200,
            "costPerRequest": 0.000_02}, "breakdown": [
                {"date": "2026-05-17", "requests": 1000, "cost": 0.02},
                {"date": "2026-05-18", "requests": 200, "cost": 0.004}]}))),
)]
pub(super) async fn get_billing(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let period = take_period(&mut params, Period::Month)?;
    let only = take_api_key_id(&mut params)?;
    let currency =
        match params.take("currency")? {
            None => None,
            Some(code) => Some(Currency::from_code(&code).ok_or_else(|| {
                Problem::parameter("currency", "takes an ISO 4217 code such as USD")
            })?),
        };
    params.finish()?;
    let (from, to) = period.around(utc_day(now));
    let days = Days { from, to };
    let compute = async {
        let scope = match only {
            None => caller.scope.clone(),
            Some(id) => one_key(&app, &caller, id).await?,
        };
        billing(&read_report(&app, &scope, days).await?, currency)
    };
    let asked = (days, only, currency, Tz::UTC.name());
    let (cached, hit) = app
        .cache
        .answer(
            "console billing",
            &caller.scope,
            &asked,
            app.flush_interval,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

async fn one_key(app: &App, caller: &Caller, id: i64) -> Result<Scope, Problem> {
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
        .await?;
    let own = found.first().filter(|key| key.id == id);
    Ok(Scope::Keys(own.map(|key| key.id).into_iter().collect()))
}

fn billing(report: &BillingReport, asked: Option<Currency>) -> Result<Billing, Problem> {
    let mut by_currency: BTreeMap<Currency, BTreeMap<NaiveDate, (u64, Money)>> = BTreeMap::new();
    for day in report.keys.iter().flat_map(|bill| &bill.days) {
        let days = by_currency.entry(day.currency).or_default();
        let sums = days.entry(day.date).or_insert((0, Money::ZERO));
        sums.0 += day.requests;
        sums.1 += day.cost;
    }
    // Amounts of two currencies have no sum.
    if asked.is_none() && by_currency.len() > 1 {
        let names: Vec<String> = by_currency.keys().map(ToString::to_string).collect();
        return Err(Problem::parameter(
            "currency",
            format!("is needed here: there are costs in {}", names.join(", ")),
        ));
    }
    let currency = asked.or_else(|| by_currency.keys().next().copied());
    let days = currency
        .and_then(|currency| by_currency.remove(&currency))
        .unwrap_or_default();
    let requests = days.values().map(|(requests, _)| requests).sum();
    let cost: Money = days.values().map(|(_, cost)| *cost).sum();
    Ok(Billing {
        current_period: CurrentPeriod {
            total_cost: number(cost.decimal()),
            total_requests: requests,
            cost_per_request: cost.per(requests).map_or(0.0, number),
        },
        breakdown: days
            .into_iter()
            .map(|(date, (requests, cost))| BillingDay {
                date,
                requests,
                cost: number(cost.decimal()),
            })
            .collect(),
    })
}

/// The number nearest to a decimal: what JSON can say.
fn number(decimal: rust_decimal::Decimal) -> f64 {
    decimal.to_string().parse().unwrap_or_default()
}
