//! `GET /api-metrics/billing/reconciliation`: whether all counts agree.
//!
//! For operators who want to see that inbox, every granularity, views and invoices count the same
//! requests.

use api_metrics_store::control::billing::{
    ReconciledDay, ReconciledMonth, Reconciliation, reconcile,
};
use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Days, Validated},
    response::{Problem, UtcDay, time},
    router::App,
};

/// What one granularity holds of a day.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredCount {
    /// `1m`, `5m`, `1h` or `1d`.
    granularity: &'static str,
    /// Requests in its rows.
    requests: u64,
    /// Requests in its aggregate series.
    totals: u64,
    /// Whether periods wait for their rollup, so that both are behind.
    waiting: bool,
}

/// A day, counted in every place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReconciledDay))]
pub(crate) struct DayView {
    #[serde(flatten)]
    day: UtcDay,
    /// Committed and not folded yet.
    inbox: u64,
    /// The granularities that keep the whole day.
    stored: Vec<StoredCount>,
    /// What views answer.
    ledger: u64,
    /// What is billed.
    billed: u64,
    /// Requests of billed keys whose status does not count.
    not_counted: u64,
    /// Requests without a key, or of keys beyond the recorder's bound.
    unbilled: u64,
    /// Where the counts differ, in words; empty where they agree.
    differences: Vec<String>,
}

impl From<ReconciledDay> for DayView {
    fn from(day: ReconciledDay) -> Self {
        Self {
            day: day.date.into(),
            inbox: day.inbox,
            stored: day
                .stored
                .iter()
                .map(|(granularity, (requests, totals, waiting))| StoredCount {
                    granularity: (*granularity).into(),
                    requests: *requests,
                    totals: *totals,
                    waiting: *waiting,
                })
                .collect(),
            ledger: day.ledger,
            billed: day.billed,
            not_counted: day.not_counted,
            unbilled: day.unbilled,
            differences: day.differences,
        }
    }
}

/// A month's invoices, compared with the usage that they are for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReconciledMonth))]
pub(crate) struct MonthView {
    /// The month's first day.
    month: NaiveDate,
    /// Requests that are to be billed.
    usage: u64,
    /// Requests on all lines of all invoices.
    invoiced: u64,
    /// Where they differ, in words; empty where they agree.
    differences: Vec<String>,
}

impl From<ReconciledMonth> for MonthView {
    fn from(month: ReconciledMonth) -> Self {
        Self {
            month: month.month,
            usage: month.usage,
            invoiced: month.invoiced,
            differences: month.differences,
        }
    }
}

/// A range of days, counted in every place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReconciliationAnswer {
    /// Whether every count agrees.
    agrees: bool,
    /// Every day.
    days: Vec<DayView>,
    /// Every month with usage, from its first day on.
    months: Vec<MonthView>,
    /// The first UTC day.
    from: NaiveDate,
    /// The first UTC day after the range.
    to: NaiveDate,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
}

impl From<Reconciliation> for ReconciliationAnswer {
    fn from(all: Reconciliation) -> Self {
        Self {
            agrees: all.agrees,
            days: all.days.into_iter().map(DayView::from).collect(),
            months: all.months.into_iter().map(MonthView::from).collect(),
            from: all.from,
            to: all.to,
            as_of: time(all.at),
        }
    }
}

/// Whether all counts agree: inbox, every granularity, what views answer, and the invoices
///
/// Counts the database, in one snapshot; what a process has not flushed yet is in none of them. A
/// granularity is compared where it keeps the whole day and no period of it waits for its rollup.
/// At most 366 days.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/billing/reconciliation",
    tag = "billing",
    params(Validated<Days>),
    responses((status = 200, description = "The counts", body = ReconciliationAnswer,
        example = json!(crate::control::examples::reconciliation()))),
))]
pub(crate) async fn reconciliation(
    State(app): State<App>,
    _: Caller,
    Validated { params: days, .. }: Validated<Days>,
) -> Result<Json<ReconciliationAnswer>, Problem> {
    let store = app.client.control()?;
    let all = app
        .client
        .bounded(
            "reconciliation",
            reconcile(store, &app.control.billing, days.from, days.to),
        )
        .await?;
    Ok(Json(all.into()))
}
