//! `POST /v1/metrics` and `POST /v1/traces`: what OpenTelemetry's libraries have counted of a service's requests,
//! and single ones of them.
//!
//! | file | what it does |
//! |---|---|
//! | `body` | protobuf or JSON, and the answer in the same form |
//! | `metrics` | which metrics are counted, and as what |
//! | `spans` | which spans are offered to the request log |
//! | `attributes` | method, template, status and outcome |
//! | `template` | templates of other frameworks in axum's syntax |
//!
//! Taken are the duration and the body sizes of HTTP servers, by their stable names and their old ones, as explicit or
//! exponential histograms, cumulative or as deltas. Other metrics are left alone: an exporter sends all that it has.
//!
//! # What an exporter makes of an answer
//!
//! | answer | exporters |
//! |---|---|
//! | 200, with `partialSuccess` or without | go on; what was rejected is logged by most of them, and sent no more |
//! | 400, 401, 413, 415 | drop the body: it would be no better the next time |
//! | 429, 503 | send the same body again, after `Retry-After` or a pause of their own |
//! | none within ten seconds | send it again, too, although it may have been counted |
//!
//! So a body that nobody knows to be counted is answered by 503, and counting it again has to be harmless.
//!
//! # Once
//!
//! The store compares cumulative points with those before, so that a point that comes again adds nothing. A body of
//! deltas that comes again within a day is recognised as a whole, a delta within six hours by what it carries.

mod attributes;
mod body;
mod metrics;
mod spans;
mod template;

use std::time::Duration;

use api_metrics_store::ingest::IngestBatch;
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{
    IngestParts, IngestState, payload, report,
    writer::{Authenticated, Counted, Writer},
};
use crate::response::{Kind, Problem};
use body::{Form, Rejected};

/// How long the database may take: exporters wait for ten seconds and send again then.
const PATIENCE: Duration = Duration::from_secs(9);

/// Counts what an exporter of metrics sends. Answers once it is durable.
///
/// # Errors
/// 400, 413 and 415 for a body that can't be read, 429 beyond the limit of batches, 503 where the database does not
/// answer: exporters send it again.
pub(super) async fn report_metrics(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
    request: Request,
) -> Result<Response, Problem> {
    let now = state.0.clock.wall();
    let read = move |form: Form, bytes: &[u8]| {
        let sent = form.decode(bytes, "resourceMetrics")?;
        let read = metrics::read(&sent, now);
        let batch = IngestBatch::of_points(read.points, bytes);
        Ok((batch, read.rejected))
    };
    take(&state.0, &writer, request, read, "rejectedDataPoints").await
}

/// Offers what an exporter of traces sends to the request log.
///
/// # Errors
/// As of metrics.
pub(super) async fn report_traces(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
    request: Request,
) -> Result<Response, Problem> {
    let now = state.0.clock.wall();
    let read = move |form: Form, bytes: &[u8]| {
        let sent = form.decode(bytes, "resourceSpans")?;
        let read = spans::read(&sent, now);
        let batch = IngestBatch::of_spans(read.items, bytes);
        Ok((batch, read.rejected))
    };
    take(&state.0, &writer, request, read, "rejectedSpans").await
}

/// Reads a body and submits what it holds.
async fn take<F>(
    parts: &IngestParts,
    writer: &Writer,
    request: Request,
    read: F,
    rejected_name: &str,
) -> Result<Response, Problem>
where
    F: FnOnce(Form, &[u8]) -> Result<(IngestBatch, Rejected), Problem> + Send + 'static,
{
    let form = Form::of(request.headers())?;
    let verdict = parts.writers.count(writer, Counted::Batch);
    if let Some(problem) = verdict.refusal() {
        let mut response = problem.into_response();
        verdict.write(response.headers_mut());
        return Ok(response);
    }
    let (batch, rejected) = payload::read_as(request, move |bytes| read(form, &bytes)).await?;
    let mut rejected = rejected;
    if !batch.is_empty() {
        match timeout(PATIENCE, parts.queue.submit(&writer.token, batch)).await {
            Ok(answer) => {
                for refused in answer.map_err(report::problem)?.refused {
                    rejected.add(1, refused.reason);
                }
            }
            Err(_) => {
                let detail = "whether it is counted is not known: sent again, it is counted once";
                return Err(Problem::new(Kind::StoreUnavailable, detail).retry_after(1));
            }
        }
    }
    let mut response = form.answer(&rejected, rejected_name);
    verdict.write(response.headers_mut());
    Ok(response)
}

/// Reads a body whose first byte says of which form it is, and checks what comes out.
#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(data: &[u8], now: std::time::SystemTime) {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    let form = if kind % 2 == 0 {
        Form::Protobuf
    } else {
        Form::Json
    };
    match form.decode(body, "resourceMetrics") {
        Ok(sent) => {
            for point in metrics::read(&sent, now).points {
                assert!(point.endpoint.len() <= 1_024, "{}", point.endpoint);
                assert!(point.sum.is_finite() && point.sum >= 0.0, "{}", point.sum);
                assert!(point.quantile_error().is_finite());
            }
        }
        Err(problem) => assert_eq!(problem.status().as_u16(), 400, "{}", problem.detail()),
    }
    match form.decode(body, "resourceSpans") {
        Ok(sent) => {
            for item in spans::read(&sent, now).items {
                assert!(item.endpoint.len() <= 1_024, "{}", item.endpoint);
                assert!(item.latency.is_some());
            }
        }
        Err(problem) => assert_eq!(problem.status().as_u16(), 400, "{}", problem.detail()),
    }
}
