//! `GET /metrics`: our own health and what the service has served, as Prometheus text.
//!
//! Own metrics begin with `api_metrics_`; what the service has served has OpenTelemetry's names.

mod health;
mod served;
mod text;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use crate::{request::Validated, response::Problem, router::App};
use text::MetricsText;

/// The exposition format that every Prometheus reads.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Own health and served requests, for Prometheus
///
/// Served requests are those of all instances on the database: scrape one instance, or take the
/// maximum over instances. Latencies are a histogram with the bounds that OpenTelemetry advises; quantiles by our own
/// sketches, within 1%, are a summary. Counters begin at midnight UTC, quantiles are of the last five
/// minutes. While the store does not answer, `api_metrics_store_up` is 0 and they are absent.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "The metrics", content_type = "text/plain",
        body = String, example = "# HELP api_metrics_store_up Whether the store answers.\n# TYPE api_metrics_store_up gauge\napi_metrics_store_up 1\n")),
)]
pub(crate) async fn metrics(State(app): State<App>, _: Validated<()>) -> Result<Response, Problem> {
    let mut text = MetricsText::default();
    let up = health::write(&app, &mut text).await;
    if up && let Err(problem) = served::write(&app, &mut text).await {
        tracing::warn!(
            detail = problem.detail(),
            "served requests are missing from this scrape"
        );
    }
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text.into_string()).into_response())
}
