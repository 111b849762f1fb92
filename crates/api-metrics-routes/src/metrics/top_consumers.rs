//! `GET /api-metrics/top-consumers`: who asks most, fails most, moves most.
//!
//! Requests without a key are no consumer, but they count in the whole that shares are of.
//!
//! All consumers of the range are read and ranked here, because a rate can't be ranked by a sum. Equal
//! ones stand in the order of their numbers, so that the same data always gives the same list.

use api_metrics_store::query::{Filter, Row, TimeRange};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::consumer::{Consumer, consumer_rows, query};
use crate::{
    auth::Caller,
    request::{Context, Limit, OneOf, ParamDocs, Params, QueryParams, Validated},
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
}

/// `sort`.
const SORT: OneOf<Sort> = OneOf {
    name: "sort",
    description: "By requests (volume), by errors in percent of the requests (errorRate), or by bytes (bandwidth).",
    options: &[
        ("volume", Sort::Volume),
        ("errorRate", Sort::ErrorRate),
        ("bandwidth", Sort::Bandwidth),
    ],
    default: Sort::Volume,
};

/// The parameters of [`top_consumers`].
#[derive(Debug, Clone)]
pub(super) struct TopParams {
    /// Which time is asked about.
    range: TimeRange,
    /// By what consumers are ranked.
    sort: Sort,
    /// Which series count.
    filter: Filter,
    /// How many are answered.
    limit: Limit<10>,
}

impl QueryParams for TopParams {
    fn describe(docs: &mut ParamDocs) {
        SORT.describe(docs);
        Limit::<10>::describe(docs);
        TimeRange::describe(docs);
        Filter::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            range: QueryParams::take(params, context)?,
            sort: SORT.take(params)?,
            filter: QueryParams::take(params, context)?,
            limit: QueryParams::take(params, context)?,
        })
    }
}

/// One consumer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopConsumer {
    /// Who it is, and what it asked for.
    #[serde(flatten)]
    consumer: Consumer,
    /// Its requests in percent of all that the caller may see.
    share: Option<f64>,
}

/// The top consumers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopConsumers {
    /// The consumers, the top one first. Requests without a key are no consumer.
    data: Vec<TopConsumer>,
    /// Always null: the top of a list has no next page. `/api-metrics/keys` has all.
    next_cursor: Option<String>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
}

/// Who asks most, fails most or moves most
#[utoipa::path(
    get,
    path = "/api-metrics/top-consumers",
    tag = "metrics",
    params(Validated<TopParams>),
    responses((status = 200, description = "The top consumers", body = TopConsumers,
        example = json!(super::examples::top_consumers()))),
)]
pub(super) async fn top_consumers(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<TopParams>,
) -> Result<Response, Problem> {
    let compute = async {
        let answer = app
            .client
            .read(&query(&caller.scope, &params.filter, params.range))
            .await?;
        app.client
            .found(&caller.scope, &params.filter, answer.matched)
            .await?;
        let total = answer.rows.iter().fold(0_u64, |sum, row| {
            sum.saturating_add(row.bucket.request_count)
        });
        let mut rows = answer.rows;
        rows.retain(|row| row.group.api_key_id != Some(0));
        order(&mut rows, params.sort);
        rows.truncate(params.limit.rows());
        Ok(TopConsumers {
            data: consumer_rows(&app, &rows)
                .await?
                .into_iter()
                .map(|consumer| TopConsumer {
                    share: percent(consumer.request_count, total),
                    consumer,
                })
                .collect(),
            next_cursor: None,
            from: time(answer.range.from),
            to: time(answer.range.to),
            as_of: time_us(answer.as_of_us),
            approximate: answer.approximate,
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

/// The top first; consumers that are equal by the key number.
fn order(rows: &mut [Row], sort: Sort) {
    rows.sort_by(|a, b| {
        let (x, y) = (&b.bucket, &a.bucket);
        let by = match sort {
            Sort::Volume => x.request_count.cmp(&y.request_count),
            Sort::Bandwidth => {
                let bytes = |bucket: &api_metrics_store::bucket::Bucket| {
                    bucket.request_bytes.saturating_add(bucket.response_bytes)
                };
                bytes(x).cmp(&bytes(y))
            }
            Sort::ErrorRate => x
                .error_rate()
                .unwrap_or_default()
                .total_cmp(&y.error_rate().unwrap_or_default())
                .then(x.request_count.cmp(&y.request_count)),
        };
        by.then(a.group.api_key_id.cmp(&b.group.api_key_id))
    });
}
