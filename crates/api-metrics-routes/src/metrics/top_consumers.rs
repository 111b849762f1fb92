//! `GET /api-metrics/top-consumers`: who asks most, fails most, moves most, uses most of a unit.
//!
//! Requests without a key are no consumer, but they count in the whole that shares are of.
//!
//! All consumers of the range are read and ranked here, because a rate can't be ranked by a sum. Equal
//! ones stand in the order of their numbers, so that the same data always gives the same list.
//!
//! The next page begins below the last place of this one. Counts that grow between two pages may move a
//! consumer across that edge, so that it is on both or on neither.

use std::cmp::Ordering;

use api_metrics_layer::{INVALID_UNIT, MAX_UNIT_BYTES, OTHER_UNIT, is_unit_name};
use api_metrics_store::query::{Filter, Row, TimeRange};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::consumer::{Consumer, consumer_rows, query};
use crate::{
    auth::Caller,
    request::{Context, Form, OneOf, Page, ParamDocs, Params, Parsed, QueryParams, Validated},
    response::{Problem, percent, time, time_us},
    router::App,
};

/// By what consumers are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// By requests.
    Volume,
    /// By errors in percent of the requests.
    ErrorRate,
    /// By bytes of both directions.
    Bandwidth,
    /// By the sum of a unit.
    Unit,
}

/// `sort`.
const SORT: OneOf<Sort> = OneOf {
    name: "sort",
    description: "By requests (volume), by errors in percent of the requests (errorRate), by bytes (bandwidth), or by the sum of a unit (unit), which `unit` names.",
    options: &[
        ("volume", Sort::Volume),
        ("errorRate", Sort::ErrorRate),
        ("bandwidth", Sort::Bandwidth),
        ("unit", Sort::Unit),
    ],
    default: Sort::Volume,
};

/// `unit`.
const UNIT: Parsed<String> = Parsed {
    name: "unit",
    description: "The unit that consumers are ranked by, where sort is unit. Shares are then of its sum.",
    example: Some("tokens"),
    form: Form::Bounded(MAX_UNIT_BYTES),
    read: |text| known_unit(text).then(|| text.to_owned()),
    wrong: "no name of a unit",
};

/// Whether something can be counted under that name.
fn known_unit(name: &str) -> bool {
    is_unit_name(name) || [OTHER_UNIT, INVALID_UNIT].contains(&name)
}

/// The parameters of [`top_consumers`].
#[derive(Debug, Clone)]
pub(crate) struct TopParams {
    /// Which time is asked about.
    range: TimeRange,
    /// By what consumers are ranked.
    sort: Sort,
    /// The unit that they are ranked by; only where they are.
    unit: Option<String>,
    /// Which series count.
    filter: Filter,
    /// How many are answered, and after which.
    page: Page<Place, 10>,
}

/// A consumer's place: by what it is ranked, its requests, its number. Rates stand as their bits, whose order
/// is theirs, because none is negative.
type Place = (u64, u64, i64);

impl QueryParams for TopParams {
    const LIST: &'static str = "top-consumers";

    fn describe(docs: &mut ParamDocs) {
        SORT.describe(docs);
        UNIT.describe(docs);
        Page::<Place, 10>::describe(docs);
        TimeRange::describe(docs);
        Filter::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let sort = SORT.take(params)?;
        let unit = UNIT.take(params)?;
        if unit.is_some() != (sort == Sort::Unit) {
            let detail = "goes with sort=unit, which asks for it";
            return Err(Problem::parameter(UNIT.name, detail));
        }
        Ok(Self {
            range: QueryParams::take(params, context)?,
            sort,
            unit,
            filter: QueryParams::take(params, context)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// One consumer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopConsumer {
    /// Who it is, and what it asked for.
    #[serde(flatten)]
    consumer: Consumer,
    /// Its requests in percent of all that the caller may see; its part of the unit where that ranks.
    share: Option<f64>,
}

/// The top consumers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopConsumers {
    /// The consumers, the top one first. Requests without a key are no consumer.
    data: Vec<TopConsumer>,
    /// Asks for the consumers after these; null on the last page.
    next_cursor: Option<String>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// Who asks most, fails most or moves most
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/top-consumers",
    tag = "metrics",
    params(Validated<TopParams>),
    responses((status = 200, description = "The top consumers", body = TopConsumers,
        example = json!(super::examples::top_consumers()))),
))]
pub(crate) async fn top_consumers(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<TopParams>,
) -> Result<Response, Problem> {
    let range = params.page.range_or(params.range);
    let compute = async {
        let answer = app
            .client
            .read(&query(&caller.scope, &params.filter, range))
            .await?;
        app.client
            .found(&caller.scope, &params.filter, answer.matched)
            .await?;
        let part = |row: &Row| match &params.unit {
            Some(unit) => row.bucket.units.sum(unit),
            None => row.bucket.request_count,
        };
        let total = answer
            .rows
            .iter()
            .fold(0_u64, |sum, row| sum.saturating_add(part(row)));
        let mut rows = answer.rows;
        rows.retain(|row| row.group.api_key_id != Some(0));
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|row| (place(&row, &params), row))
            .collect();
        rows.sort_by(|(a, _), (b, _)| order(a, b));
        if let Some(after) = params.page.after() {
            rows.retain(|(place, _)| order(place, after).is_gt());
        }
        let limit = params.page.limit.rows();
        let last = rows
            .get(limit.saturating_sub(1))
            .filter(|_| rows.len() > limit)
            .map(|(place, _)| *place);
        let rows: Vec<Row> = rows.into_iter().take(limit).map(|(_, row)| row).collect();
        Ok(TopConsumers {
            data: consumer_rows(&app, &rows)
                .await?
                .into_iter()
                .zip(&rows)
                .map(|(consumer, row)| TopConsumer {
                    share: percent(part(row), total),
                    consumer,
                })
                .collect(),
            next_cursor: last.map(|place| params.page.next(range, place)),
            from: time(answer.range.from),
            to: time(answer.range.to),
            as_of: time_us(answer.as_of_us),
            approximate: answer.approximate,
            incomplete: answer.incomplete,
        })
    };
    let (cached, hit) = app
        .answer(
            "top-consumers",
            &caller.scope,
            &params,
            params.range,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Where a consumer stands.
fn place(row: &Row, params: &TopParams) -> Place {
    let bucket = &row.bucket;
    let by = match params.sort {
        Sort::Volume => bucket.request_count,
        Sort::Bandwidth => bucket.request_bytes.saturating_add(bucket.response_bytes),
        Sort::ErrorRate => bucket.error_rate().unwrap_or_default().to_bits(),
        Sort::Unit => {
            let unit = params.unit.as_deref();
            unit.map_or(0, |unit| bucket.units.sum(unit))
        }
    };
    // Equal rates by requests; other equals by their numbers alone, as ever.
    let requests = match params.sort {
        Sort::ErrorRate => bucket.request_count,
        Sort::Volume | Sort::Bandwidth | Sort::Unit => 0,
    };
    (by, requests, row.group.api_key_id.unwrap_or_default())
}

/// The top first; consumers that are equal by the key number.
fn order(a: &Place, b: &Place) -> Ordering {
    (b.0, b.1).cmp(&(a.0, a.1)).then(a.2.cmp(&b.2))
}
