//! `GET billing`: what a consumer has cost in the running day, week or month.
//!
//! The report is the admin's, narrowed to the caller's keys. Amounts of two currencies have no sum,
//! so a caller with several has to name one.

use std::collections::BTreeMap;

use api_metrics_store::{
    calendar::{Tz, local_date},
    control::billing::{BillingReport, Currency, Money},
    query::Scope,
};
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use http::HeaderMap;
use serde::Serialize;

use super::period::{API_KEY, Period, period};
use crate::{
    auth::Caller,
    control::read_report,
    request::{Context, Days, Form, OneOf, ParamDocs, Params, Parsed, QueryParams, Validated},
    response::Problem,
    router::App,
};

/// `period`.
const PERIOD: OneOf<Period> = period(
    "The UTC day, the ISO week or the month that now lies in.",
    Period::Month,
);

/// `currency`, whose code is read by the handler's struct.
const CURRENCY: Parsed<String> = Parsed {
    name: "currency",
    description: "Only what is billed in this currency; needed where there are several.",
    example: Some("USD"),
    form: Form::Text,
    read: |text| Some(text.to_owned()),
    wrong: "no code",
};

/// The parameters of [`get_billing`].
#[derive(Debug, Clone, Copy)]
pub(super) struct ConsoleBillingParams {
    /// The day, week or month of the calendar.
    period: Period,
    /// Only this key.
    api_key_id: Option<i64>,
    /// Only this currency.
    currency: Option<Currency>,
}

impl QueryParams for ConsoleBillingParams {
    fn describe(docs: &mut ParamDocs) {
        PERIOD.describe(docs);
        API_KEY.describe(docs);
        CURRENCY.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        let period = PERIOD.take(params)?;
        let api_key_id = API_KEY.take(params)?;
        // The refusal names the code that is wanted, not the one that was sent.
        let wrong = || Problem::parameter(CURRENCY.name, "takes an ISO 4217 code such as USD");
        let currency = CURRENCY
            .take(params)?
            .map(|code| code.parse().map_err(|_| wrong()))
            .transpose()?;
        Ok(Self {
            period,
            api_key_id,
            currency,
        })
    }
}

/// The period so far.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentPeriod {
    /// What it costs so far: the number nearest to `totalCostExact`.
    total_cost: f64,
    /// What it costs so far, exactly, as a decimal.
    #[cfg_attr(test, schema(example = "0.024"))]
    total_cost_exact: String,
    /// The currency of all amounts, an ISO 4217 code; null where nothing was billed and none was asked for.
    #[cfg_attr(test, schema(example = "USD"))]
    currency: Option<String>,
    /// Requests that are billed.
    total_requests: u64,
    /// The former divided by the latter; 0 without requests.
    cost_per_request: f64,
}

/// A day.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleBillingDay {
    /// The UTC day.
    date: NaiveDate,
    /// Requests that are billed.
    requests: u64,
    /// What they cost.
    cost: f64,
}

/// What a consumer has cost.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleBilling {
    /// The sums of the period.
    current_period: CurrentPeriod,
    /// The days with requests, the earliest first.
    breakdown: Vec<ConsoleBillingDay>,
}

/// What a consumer has cost in the running day, week or month
///
/// Amounts are numbers of the currency, not rounded; invoices round their lines. `totalCostExact` is the sum as a
/// decimal text: a JSON number may lie beside it.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/billing",
    tag = "console",
    params(Validated<ConsoleBillingParams>),
    responses((status = 200, description = "The cost", body = ConsoleBilling,
        example = json!({"currentPeriod": {"totalCost": 0.024,
            "totalCostExact": "0.024", "currency": "USD", "totalRequests": 1200, "costPerRequest": 0.000_02}, "breakdown": [
                {"date": "2026-05-17", "requests": 1000, "cost": 0.02},
                {"date": "2026-05-18", "requests": 200, "cost": 0.004}]}))),
))]
pub(super) async fn get_billing(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<ConsoleBillingParams>,
) -> Result<Response, Problem> {
    let (from, to) = params.period.around(local_date(Tz::UTC, now));
    let days = Days { from, to };
    let compute = async {
        let scope = match params.api_key_id {
            None => caller.scope.clone(),
            Some(id) => one_key(&app, &caller, id).await?,
        };
        billing(&read_report(&app, &scope, days).await?, params.currency)
    };
    let asked = (days, params);
    let (cached, hit) = app
        .cache
        .answer(
            "console billing",
            &caller.scope,
            &asked,
            app.lifetimes.open,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// The scope of one key, empty where the caller may not see it.
async fn one_key(app: &App, caller: &Caller, id: i64) -> Result<Scope, Problem> {
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
        .await?;
    let own = found.first().filter(|key| key.id == id);
    Ok(Scope::Keys(own.map(|key| key.id).into_iter().collect()))
}

/// Sums a report in one currency.
///
/// # Errors
/// 400 that names `currency`, where there are several and none is chosen.
fn billing(report: &BillingReport, asked: Option<Currency>) -> Result<ConsoleBilling, Problem> {
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
    Ok(ConsoleBilling {
        current_period: CurrentPeriod {
            total_cost: number(cost.into()),
            total_cost_exact: rust_decimal::Decimal::from(cost).normalize().to_string(),
            currency: currency.map(|currency| currency.to_string()),
            total_requests: requests,
            cost_per_request: per_request(cost, requests).map_or(0.0, number),
        },
        breakdown: days
            .into_iter()
            .map(|(date, (requests, cost))| ConsoleBillingDay {
                date,
                requests,
                cost: number(cost.into()),
            })
            .collect(),
    })
}

/// What each request costs, to twelve decimals; `None` where there was none.
fn per_request(cost: Money, requests: u64) -> Option<rust_decimal::Decimal> {
    let each = rust_decimal::Decimal::from(cost).checked_div(requests.into())?;
    Some(each.round_dp(12).normalize())
}

/// The number nearest to a decimal: what JSON can say.
fn number(decimal: rust_decimal::Decimal) -> f64 {
    decimal.to_string().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_has_no_share_of_the_cost() {
        assert_eq!(per_request(Money::ZERO, 0), None);
        assert_eq!(per_request(Money::ZERO, 3), Some(0.into()));
    }
}
