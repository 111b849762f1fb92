//! `GET /api-metrics/realtime` and `GET /api-metrics/stream`: the last five minutes, once and live.
//!
//! Both routes read the same snapshot; the first keeps it for a second.

use api_metrics_store::query::Filter;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use super::snapshot::snapshot;
use crate::{
    auth::Caller,
    live::{self, FeedReading, Subscription},
    request::Validated,
    response::Problem,
    router::App,
};

/// The last five minutes, unfolded data included
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/realtime",
    tag = "metrics",
    params(Validated<Filter>),
    responses((status = 200, description = "The last five minutes", body = super::snapshot::Snapshot,
        example = json!(super::examples::snapshot()))),
))]
pub(super) async fn realtime(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params: filter, .. }: Validated<Filter>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .cache
        .answer(
            "realtime",
            &caller.scope,
            &filter,
            app.lifetimes.realtime,
            snapshot(&app, &caller.scope, &filter),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// The last five minutes, as server-sent events
///
/// An event `metrics-update` every five seconds, or sooner when traffic begins or the share of errors
/// jumps by ten points, each a whole answer of `/api-metrics/realtime`; `metrics-unavailable` with a
/// problem while the store does not answer. The stream ends after an hour, with the caller's token or
/// session, and when the service stops: clients come back by themselves. At most ten streams a principal,
/// admins excepted, and fifty different ones a scope.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/stream",
    tag = "metrics",
    params(Validated<Filter>),
    responses((status = 200, description = "The events", content_type = "text/event-stream",
        body = String, example = "event: metrics-update\nid: 1779000000000000\ndata: {...}\n\n")),
))]
pub(super) async fn stream(
    State(app): State<App>,
    caller: Caller,
    Validated { params: filter, .. }: Validated<Filter>,
) -> Result<Response, Problem> {
    let scope = caller.scope.clone();
    let name = format!("realtime {filter:?}");
    let subscription = Subscription::new(caller.scope.clone(), name, &app, move |app| {
        let (scope, filter) = (scope.clone(), filter.clone());
        async move {
            let snapshot = snapshot(&app, &scope, &filter).await?;
            let as_of_us = snapshot.as_of.timestamp_micros();
            Ok(FeedReading::new(as_of_us, snapshot.sample(), &snapshot))
        }
    });
    live::stream(&app.hub, &caller, subscription)
}
