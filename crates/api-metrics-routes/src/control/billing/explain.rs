//! `GET /api-metrics/billing/keys/{keyId}`: why a key's bill is what it is.
//!
//! Days with the positions that they reach, the plans that priced them, what will come of it, what other plans would make
//! of the same counts, and the month before. Amounts are exact; only the lines of the invoice are rounded.

use std::collections::BTreeMap;

use api_metrics_store::{
    calendar::{Tz, start_of_day},
    control::billing::{
        Alternative, BillExplanation, Currency, ExplainedDay, Money, MonthBefore, ProjectedBill,
        ROUNDING_RULE, explain_bill,
    },
    query::TimeRange,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::{invoice::InvoiceView, report::range_of};
use crate::{
    auth::Caller,
    control::{Amount, KeyLabel, plans::PricePlan},
    request::{Id, Month, Validated, nothing, query_params},
    response::{Problem, UtcDay, time},
    router::App,
};

/// A day of a month, and where its count ends.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ExplainedDay))]
pub(crate) struct DayView {
    #[serde(flatten)]
    day: UtcDay,
    /// Requests that are billed.
    requests: u64,
    /// Requests whose status does not count.
    not_counted: u64,
    /// What was used of units.
    units: BTreeMap<String, u64>,
    /// Requests of the month up to the day's end: from there on the next day is priced.
    position: u64,
    /// What the day costs, exactly.
    cost: Amount,
}

impl From<ExplainedDay> for DayView {
    fn from(explained: ExplainedDay) -> Self {
        let day = explained.day;
        Self {
            day: day.date.into(),
            requests: day.requests,
            not_counted: day.not_counted,
            position: explained.position,
            cost: Amount::new(day.cost, day.currency),
            units: day.units,
        }
    }
}

/// A version of a plan that is in effect in the month.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanInEffect {
    /// The first day of the month on which it counts.
    first_day: NaiveDate,
    /// The version.
    plan: PricePlan,
}

/// What the month will cost.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectedRange {
    /// At the pace of the month so far.
    cost: Amount,
    /// If the rest of the month goes like the cheapest of the last weeks.
    low: Amount,
    /// If it goes like the dearest of them.
    high: Amount,
}

impl From<&ProjectedBill> for ProjectedRange {
    fn from(bill: &ProjectedBill) -> Self {
        let amount = |amount| Amount::new(amount, bill.currency);
        Self {
            cost: amount(bill.cost),
            low: amount(bill.low),
            high: amount(bill.high),
        }
    }
}

/// What the same counts cost by another plan.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = PlanAlternative))]
pub(crate) struct AlternativeView {
    /// The version of the month's last day, or of today.
    plan: PricePlan,
    /// Whether it is the plan that the key is on.
    is_current: bool,
    /// What the month so far would cost, had it counted on all of its days.
    cost: Amount,
    /// That, less what the month costs; null where it is of another currency.
    difference: Option<String>,
    /// What the whole month would cost at the pace so far; null for a month that is over.
    projected_cost: Option<Amount>,
}

impl From<Alternative> for AlternativeView {
    fn from(of: Alternative) -> Self {
        let currency = of.plan.currency;
        Self {
            is_current: of.is_current,
            cost: Amount::new(of.cost, currency),
            difference: of.difference.map(|difference| difference.to_string()),
            projected_cost: of.projected.map(|cost| Amount::new(cost, currency)),
            plan: of.plan.into(),
        }
    }
}

/// The days of the month that are over, and the same days of the month before.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = MonthBefore))]
pub(crate) struct MonthBeforeView {
    /// The first day of the month before.
    month: NaiveDate,
    /// How many days from the first on are compared.
    days: u32,
    /// Requests billed in those days of this month.
    requests: u64,
    /// Requests billed in them in the month before.
    requests_before: u64,
    /// What those days of this month cost; one amount a currency.
    cost: Vec<Amount>,
    /// What those of the month before did.
    cost_before: Vec<Amount>,
    /// What of the difference is because of more or less usage, at the prices of the month before; null where not
    /// all is of one currency.
    by_usage: Option<String>,
    /// What of it is because of other prices; the two add up to the difference.
    by_prices: Option<String>,
}

impl From<MonthBefore> for MonthBeforeView {
    fn from(before: MonthBefore) -> Self {
        let each = |costs: &BTreeMap<Currency, Money>| Amount::each(costs);
        Self {
            month: before.month,
            days: before.days,
            requests: before.requests,
            requests_before: before.requests_before,
            cost: each(&before.costs),
            cost_before: each(&before.costs_before),
            by_usage: before.parts.map(|(usage, _)| usage.to_string()),
            by_prices: before.parts.map(|(_, prices)| prices.to_string()),
        }
    }
}

/// Why a key's bill is what it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = BillExplanation))]
pub(crate) struct ExplanationView {
    #[serde(flatten)]
    key: KeyLabel,
    /// The month's first day.
    period_start: NaiveDate,
    /// The first day after it.
    period_end: NaiveDate,
    /// Whether the month is over.
    closed: bool,
    /// The days with requests.
    days: Vec<DayView>,
    /// The plans that price the month's days, in order.
    plans: Vec<PlanInEffect>,
    /// The lines, one invoice a currency.
    invoices: Vec<InvoiceView>,
    /// How amounts of lines are rounded.
    rounding: &'static str,
    /// Requests at the month's end at the pace so far; null for a month that is over.
    projected_requests: Option<u64>,
    /// What the month will cost, one a currency; empty for a month that is over.
    projection: Vec<ProjectedRange>,
    /// Weeks that the range of the projection is made of, at most four; 0: the key is younger than one.
    projection_weeks: u8,
    /// What the same counts would cost by each plan that the key could be on.
    alternatives: Vec<AlternativeView>,
    /// The month before; null where no day of the month is over.
    before: Option<MonthBeforeView>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records near an edge of a day may count in its neighbour.
    approximate: bool,
}

impl ExplanationView {
    /// The explanation of this key's bill.
    fn new(key: KeyLabel, of: BillExplanation) -> Self {
        Self {
            key,
            period_start: of.month,
            period_end: of.end,
            closed: of.closed,
            days: of.days.into_iter().map(DayView::from).collect(),
            plans: of
                .plans
                .into_iter()
                .map(|(first_day, plan)| PlanInEffect {
                    first_day,
                    plan: plan.into(),
                })
                .collect(),
            invoices: of.invoices.into_iter().map(InvoiceView::from).collect(),
            rounding: ROUNDING_RULE,
            projected_requests: of.projected_requests,
            projection: of.projection.iter().map(ProjectedRange::from).collect(),
            projection_weeks: of.weeks,
            alternatives: of
                .alternatives
                .into_iter()
                .map(AlternativeView::from)
                .collect(),
            before: of.before.map(MonthBeforeView::from),
            as_of: time(of.at),
            approximate: of.approximate,
        }
    }
}

query_params! {
    /// The parameters of [`explain`].
    pub(crate) struct ExplainParams of "bill" {
        month: Month,
    }
}

/// Why a key's bill is what it is
///
/// Days and the positions that they reach, plans, lines, the projection with its range, other plans, the month before.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/billing/keys/{keyId}",
    tag = "billing",
    params(("keyId" = i64, Path, description = "The key's number"), Validated<ExplainParams>),
    responses(
        (status = 200, description = "The bill, explained", body = ExplanationView,
            example = json!(crate::control::examples::bill())),
        (status = 404, description = "There is no such key", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn explain(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id,
    Validated { params, .. }: Validated<ExplainParams>,
) -> Result<Response, Problem> {
    let Month(month) = params.month;
    let compute = async {
        let control = app.client.control()?;
        let key = app
            .client
            .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
            .await?
            .into_iter()
            .find(|key| key.id == id)
            .ok_or_else(nothing)?;
        let plans = control.plans(&caller.scope);
        let plans = app.client.bounded("price plans", plans).await?;
        let own = app.client.writer().map(|writer| &**writer);
        let settings = &app.control.billing;
        let explained = explain_bill(control, settings, &key, &plans, month.from, own);
        let explained = app.client.bounded("billing", explained).await?;
        Ok(ExplanationView::new(KeyLabel::from(&key), explained))
    };
    // The month before is in it.
    let days = range_of(month);
    let from = start_of_day(Tz::UTC, month.from) - 31 * 86_400;
    let range = TimeRange::new(from, days.to);
    let (cached, hit) = app
        .answer("bill", &caller.scope, &(id, month), range, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}
