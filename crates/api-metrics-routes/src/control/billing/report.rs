//! `GET /api-metrics/billing`: usage and cost, by key, tenant and day.
//!
//! Days are UTC days. A projection is made only for the running month, from its first day on.

use std::collections::BTreeMap;

use api_metrics_store::{
    calendar::{Step, Tz, local_date, start_of_day},
    control::billing::{BillingReport, DayCost, KeyBill, Projection, billing_report},
    query::{Scope, TimeRange},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::{narrow::Part, usage::Usage};
use crate::{
    auth::Caller,
    control::{Amount, KeyLabel},
    request::{Days, NO_RANGE, Page, Validated, query_params},
    response::{AxisView, Problem, page_of, time, utc_axis},
    router::{App, AppState},
};

/// What a key used.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyUsage {
    #[serde(flatten)]
    key: KeyLabel,
    #[serde(flatten)]
    usage: Usage,
}

/// What the keys of a tenant used together.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantUsage {
    /// The tenant; null: keys of none.
    tenant_id: Option<String>,
    #[serde(flatten)]
    usage: Usage,
}

/// What the current month will cost at the pace so far.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Projection))]
pub(crate) struct ProjectionView {
    /// Requests billed so far.
    requests: u64,
    /// What they cost, exactly.
    cost: Amount,
    /// Requests at the month's end.
    projected_requests: u64,
    /// What they will cost, by the tiers that they will reach.
    projected_cost: Amount,
}

impl From<&Projection> for ProjectionView {
    fn from(projection: &Projection) -> Self {
        let amount = |amount| Amount::new(amount, projection.currency);
        Self {
            requests: projection.requests,
            cost: amount(projection.cost),
            projected_requests: projection.projected_requests,
            projected_cost: amount(projection.projected_cost),
        }
    }
}

/// A page of usage by key, and the sums over all of them.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingPage {
    /// The keys with requests, in the order of their numbers.
    data: Vec<KeyUsage>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// By tenant; on every page all of them.
    tenants: Vec<TenantUsage>,
    /// All keys together; on every page all of them.
    total: Usage,
    /// Requests without a key, or of keys beyond the recorder's bound: never billed.
    unbilled_requests: u64,
    /// The current month at its end, one a currency; empty where another range is asked about.
    projection: Vec<ProjectionView>,
    /// The UTC days of the range.
    axis: Option<AxisView>,
    /// The first UTC day.
    from: NaiveDate,
    /// The first UTC day after the range.
    to: NaiveDate,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records near an edge of a day may count in its neighbour.
    approximate: bool,
}

query_params! {
    /// The parameters of [`billing`].
    pub(crate) struct BillingParams of "billing" {
        days: Days,
        part: Part,
        page: Page<i64>,
    }
}

/// Usage and cost, by key, tenant and day
///
/// Amounts are exact; only the lines of an invoice are rounded.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/billing",
    tag = "billing",
    params(Validated<BillingParams>),
    responses((status = 200, description = "Usage and cost", body = BillingPage,
        example = json!(crate::control::examples::billing()))),
))]
pub(crate) async fn billing(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<BillingParams>,
) -> Result<Response, Problem> {
    let compute = async {
        let scope = params.part.scope(&app, &caller).await?;
        let report = read_report(&app, &scope, params.days).await?;
        Ok(page(report, &params, now))
    };
    let (cached, hit) = app
        .answer(
            "billing",
            &caller.scope,
            &params,
            range_of(params.days),
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// The report that all views of billing are made of.
///
/// # Errors
/// 404 without a control plane, else those of the store.
pub(crate) async fn read_report(
    app: &AppState,
    scope: &Scope,
    days: Days,
) -> Result<BillingReport, Problem> {
    let own = app.client.writer().map(|writer| &**writer);
    let store = app.client.control()?;
    app.client
        .bounded(
            "billing",
            billing_report(store, &app.control.billing, scope, days.from, days.to, own),
        )
        .await
}

/// The time that an answer about these days is about.
pub(super) fn range_of(days: Days) -> TimeRange {
    TimeRange::new(
        start_of_day(Tz::UTC, days.from),
        start_of_day(Tz::UTC, days.to),
    )
}

/// Makes a page of a report.
fn page(report: BillingReport, params: &BillingParams, now: i64) -> BillingPage {
    let days = params.days;
    let mut tenants: BTreeMap<Option<String>, Vec<&DayCost>> = BTreeMap::new();
    for bill in &report.keys {
        let tenant = bill.key.spec.tenant_id.clone();
        tenants.entry(tenant).or_default().extend(&bill.days);
    }
    let tenants = tenants
        .into_iter()
        .map(|(tenant_id, days)| TenantUsage {
            tenant_id,
            usage: Usage::of(days.into_iter()),
        })
        .collect();
    let total = Usage::of(report.keys.iter().flat_map(|bill| &bill.days));
    // It goes on from the whole month so far, so nothing less can be projected.
    let today = local_date(Tz::UTC, now);
    let current = days.from == Step::Month.dates_around(today).0 && today < days.to;
    let projection = if current {
        report
            .projection()
            .iter()
            .map(ProjectionView::from)
            .collect()
    } else {
        Vec::new()
    };
    let number = |bill: &KeyBill| bill.key.id;
    let unbilled_requests = report.unbilled.values().sum();
    let page = page_of(
        report.keys,
        number,
        params.page.after(),
        params.page.limit.rows(),
    );
    let last = page.rows.last().filter(|_| page.more).map(number);
    BillingPage {
        data: page
            .rows
            .iter()
            .map(|bill| KeyUsage {
                key: KeyLabel::from(&bill.key),
                usage: Usage::of(bill.days.iter()),
            })
            .collect(),
        next_cursor: last.map(|id| params.page.next(NO_RANGE, id)),
        tenants,
        total,
        unbilled_requests,
        projection,
        axis: utc_axis(range_of(days), Step::Day),
        from: report.from,
        to: report.to,
        as_of: time(report.at),
        approximate: report.approximate,
    }
}
