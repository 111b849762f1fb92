//! `GET /api-metrics/billing/invoice`: a month's line items, as a preview.
//!
//! A preview: nothing is stored. The same month asked again gives the same lines, unless late
//! records or new plan versions changed it.

use api_metrics_store::{
    calendar::{Tz, local_date},
    control::billing::{Invoice, InvoiceLine, ROUNDING_RULE, invoices},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use super::{
    csv::invoices_to_csv,
    narrow::Part,
    report::{range_of, read_report},
};
use crate::{
    auth::Caller,
    request::{Context, Month, NO_RANGE, OneOf, Page, ParamDocs, Params, QueryParams, Validated},
    response::{Problem, page_of, time},
    router::App,
};

/// `format`.
const AS_CSV: OneOf<bool> = OneOf {
    name: "format",
    description: "JSON, or CSV with a header and a row for each total.",
    options: &[("json", false), ("csv", true)],
    default: false,
};

/// The parameters of [`invoice`].
#[derive(Debug, Clone)]
pub(crate) struct InvoiceParams {
    /// As CSV instead of JSON.
    as_csv: bool,
    /// The month of the invoice.
    month: Month,
    /// One tenant or one key, or all.
    part: Part,
    /// Which lines, in JSON.
    page: Page<LinePlace>,
}

/// Where a line stands: its currency, its key, and which of the key's lines it is.
type LinePlace = (String, i64, u64);

impl QueryParams for InvoiceParams {
    const LIST: &'static str = "invoice";

    fn describe(docs: &mut ParamDocs) {
        AS_CSV.describe(docs);
        Month::describe(docs);
        Part::describe(docs);
        Page::<LinePlace>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            as_csv: AS_CSV.take(params)?,
            month: QueryParams::take(params, context)?,
            part: QueryParams::take(params, context)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// One line.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = InvoiceLine))]
pub(crate) struct Line {
    /// The key, by its number.
    api_key_id: i64,
    /// The host's own name for it.
    external_id: String,
    /// Its name, or the host's.
    key_name: String,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
    /// What is charged, in words.
    description: String,
    /// The unit that is charged; null for requests.
    unit: Option<String>,
    /// The plan.
    plan: String,
    /// The plan's version: the day from which it counts.
    plan_from: NaiveDate,
    /// From how many requests, or how much of the unit, on the tier counts; null for the free allowance.
    tier_from: Option<u64>,
    /// The first day with such a request.
    first_day: NaiveDate,
    /// The last one.
    last_day: NaiveDate,
    /// Requests, or how much of the unit.
    quantity: u64,
    /// The price of 1,000 of them.
    per_thousand: String,
    /// What they cost, exactly.
    exact: String,
    /// What they cost, rounded.
    amount: String,
}

impl From<InvoiceLine> for Line {
    fn from(line: InvoiceLine) -> Self {
        Self {
            api_key_id: line.api_key_id,
            external_id: line.external_id,
            key_name: line.key_name,
            tenant_id: line.tenant_id,
            description: line.description,
            unit: line.unit,
            plan: line.plan,
            plan_from: line.plan_from,
            tier_from: line.tier_from,
            first_day: line.first_day,
            last_day: line.last_day,
            quantity: line.quantity,
            per_thousand: line.per_thousand.to_string(),
            exact: line.exact.to_string(),
            amount: line.amount.to_string(),
        }
    }
}

/// A month of one currency.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Invoice))]
pub(crate) struct InvoiceView {
    /// The currency's ISO 4217 code.
    currency: String,
    /// By key, then in the order in which they came up: those of this page.
    lines: Vec<Line>,
    /// Lines on all pages.
    line_count: u64,
    /// Requests on all lines.
    quantity: u64,
    /// The sum of the exact amounts.
    exact: String,
    /// The sum of the rounded lines: what is due.
    total: String,
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        Self {
            currency: invoice.currency.to_string(),
            line_count: invoice.lines.len() as u64,
            lines: invoice.lines.into_iter().map(Line::from).collect(),
            quantity: invoice.quantity,
            exact: invoice.exact.to_string(),
            total: invoice.total.to_string(),
        }
    }
}

/// Cuts invoices to a page: their totals stay those of all lines. Answers the place of the last line where more follow.
fn cut(invoices: &mut [InvoiceView], page: &Page<LinePlace>) -> Option<LinePlace> {
    let mut all = Vec::new();
    for invoice in &mut *invoices {
        let mut of_key = (0, 0);
        for line in invoice.lines.drain(..) {
            of_key = match of_key {
                (key, n) if key == line.api_key_id => (key, n + 1),
                _ => (line.api_key_id, 0),
            };
            all.push(((invoice.currency.clone(), of_key.0, of_key.1), line));
        }
    }
    let place = |(place, _): &(LinePlace, Line)| place.clone();
    let cut = page_of(all, place, page.after(), page.limit.rows());
    let last = cut.rows.last().filter(|_| cut.more).map(place);
    for ((currency, ..), line) in cut.rows {
        if let Some(invoice) = invoices.iter_mut().find(|of| of.currency == currency) {
            invoice.lines.push(line);
        }
    }
    last
}

/// A month's invoices.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceAnswer {
    /// One a currency, with totals of all lines on every page; none where nothing was used.
    data: Vec<InvoiceView>,
    /// Asks for the next page of lines; null on the last.
    next_cursor: Option<String>,
    /// The month's first day.
    period_start: NaiveDate,
    /// The first day after it.
    period_end: NaiveDate,
    /// Whether the month is over.
    closed: bool,
    /// How amounts are rounded.
    rounding: &'static str,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
}

/// A month's invoice, as a preview
///
/// Lines come by pages in JSON; CSV has all of them. Prices are of 1,000 requests; only the amounts of lines are rounded, and the total is their sum.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/billing/invoice",
    tag = "billing",
    params(Validated<InvoiceParams>),
    responses((status = 200, description = "The line items", content(
        (InvoiceAnswer = "application/json", example = json!(crate::control::examples::invoice())),
        (String = "text/csv", example = "period_start,period_end,tenant\r\n2026-05-01,2026-06-01,acme\r\n"),
    ))),
))]
pub(crate) async fn invoice(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<InvoiceParams>,
) -> Result<Response, Problem> {
    let InvoiceParams {
        as_csv,
        month: Month(month),
        part,
        page,
    } = params;
    if as_csv {
        let scope = part.scope(&app, &caller).await?;
        let report = read_report(&app, &scope, month).await?;
        let csv = invoices_to_csv(&invoices(&report, month.from));
        let name = format!(
            "attachment; filename=\"invoice_{}.csv\"",
            month.from.format("%Y-%m")
        );
        let name =
            HeaderValue::try_from(name).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
        let media = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
        return Ok((
            [
                (header::CONTENT_TYPE, media),
                (header::CONTENT_DISPOSITION, name),
            ],
            csv,
        )
            .into_response());
    }
    let compute = async {
        let scope = part.scope(&app, &caller).await?;
        let report = read_report(&app, &scope, month).await?;
        let invoices = invoices(&report, month.from);
        let mut data: Vec<_> = invoices.into_iter().map(InvoiceView::from).collect();
        let last = cut(&mut data, &page);
        Ok(InvoiceAnswer {
            next_cursor: last.map(|place| page.next(NO_RANGE, place)),
            period_start: month.from,
            period_end: month.to,
            closed: local_date(Tz::UTC, report.at) >= month.to,
            rounding: ROUNDING_RULE,
            as_of: time(report.at),
            data,
        })
    };
    let asked = (month, &part, &page);
    let (cached, hit) = app
        .answer("invoice", &caller.scope, &asked, range_of(month), compute)
        .await?;
    Ok(cached.response(&headers, hit))
}
