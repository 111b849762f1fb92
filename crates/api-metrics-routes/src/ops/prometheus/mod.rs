//! `GET /metrics`: our own health and what the service has served, as Prometheus text.
//!
//! Own metrics begin with `api_metrics_`; what the service has served has OpenTelemetry's names.
//!
//! | file | what it writes |
//! |---|---|
//! | `health` | the state of store, recorder, background tasks, queries, cache and streams |
//! | `routes` | requests to our own routes, and how long they took |
//! | `served` | requests to the service: a histogram, a summary, counters |
//! | `exemplars` | which request of the log stands for a bucket |
//! | `text` | the two formats, and which one a scraper gets |
//!
//! # Formats
//!
//! | format | who gets it | what differs |
//! |---|---|---|
//! | Prometheus text 0.0.4 | who accepts nothing else, or anything | |
//! | OpenMetrics 1.0 | who accepts it at least as gladly, as Prometheus does | exemplars; counters' families without `_total`; `# EOF` |
//!
//! Names, labels and values are the same in both, bounds of buckets too, so that a series goes on where a scraper
//! changes its mind. All samples of one series stand together, which OpenMetrics asks for.
//!
//! # Why no native histograms
//!
//! They have a format of their own, in protobuf, and bins of their own, which would cut those of our sketches once
//! more. Classic buckets at the bounds that OpenTelemetry advises are read by every Prometheus and by every rule that
//! was written for these names. Quantiles within 1% stand beside them in a summary.

mod exemplars;
mod health;
mod routes;
mod served;
mod text;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::{request::Validated, response::Problem, router::App};
use exemplars::Exemplars;
use text::{Format, MetricsText};

/// Own health and served requests, for Prometheus
///
/// Served requests are those of all instances on the database: scrape one instance, or take the
/// maximum over instances. Latencies are a histogram with the bounds that OpenTelemetry advises; quantiles by our own
/// sketches, within 1%, are a summary. Counters begin at midnight UTC, quantiles are of the last five
/// minutes. While the store does not answer, `api_metrics_store_up` is 0 and they are absent.
///
/// Who accepts OpenMetrics gets it: its buckets have exemplars, each the trace of a request in the request log.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "The metrics", content(
        (String = "text/plain", example = "# HELP api_metrics_store_up Whether the store answers.\n# TYPE api_metrics_store_up gauge\napi_metrics_store_up 1\n"),
        (String = "application/openmetrics-text", example = "# HELP api_metrics_store_up Whether the store answers.\n# TYPE api_metrics_store_up gauge\napi_metrics_store_up 1\n# EOF\n"),
    ))),
))]
pub(crate) async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
    _: Validated<()>,
) -> Result<Response, Problem> {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let format = Format::accepted(&accepted.join(","));
    let mut text = MetricsText::new(format);
    let up = health::write(&app, &mut text).await;
    routes::write(&app, &mut text);
    if up {
        let exemplars = match format {
            Format::Text => Exemplars::default(),
            // A scrape without them is better than none.
            Format::OpenMetrics => Exemplars::read(&app).await.unwrap_or_else(|problem| {
                tracing::warn!(
                    detail = problem.detail(),
                    "exemplars are missing from this scrape"
                );
                Exemplars::default()
            }),
        };
        if let Err(problem) = served::write(&app, &exemplars, &mut text).await {
            tracing::warn!(
                detail = problem.detail(),
                "served requests are missing from this scrape"
            );
        }
    }
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::VARY, "accept"),
    ];
    Ok((headers, text.into_string()).into_response())
}
