//! `POST /v1/metrics`: what OpenTelemetry's libraries have counted of a service's requests.
//!
//! | file | what it does |
//! |---|---|
//! | `body` | protobuf or JSON, and the answer in the same form |
//! | `metrics` | which metrics are counted, and as what |
//! | `attributes` | method, template, status and outcome of a point |
//! | `template` | templates of other frameworks in axum's syntax |
//!
//! Taken are the duration and the body sizes of HTTP servers, by their stable names and their old ones, as explicit or
//! exponential histograms, cumulative or as deltas. Other metrics are left alone: an exporter sends all that it has.
//!
//! The store compares cumulative points with those before, so that a point that comes again adds nothing. A body of
//! deltas that comes again within a day is recognised as a whole.

mod attributes;
mod body;
mod metrics;
mod template;

use std::time::Duration;

use api_metrics_store::ingest::IngestBatch;
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{
    IngestState, payload, report,
    writer::{Authenticated, Counted},
};
use crate::response::{Kind, Problem};
use body::Form;

/// How long the database may take: exporters wait for ten seconds and send again then.
const PATIENCE: Duration = Duration::from_secs(9);

/// Counts what an exporter sends. Answers once it is durable.
///
/// # Errors
/// 400, 413 and 415 for a body that can't be read, 429 beyond the limit of batches, 503 and 504 where the database
/// does not answer: exporters send it again.
pub(super) async fn report_metrics(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::of(request.headers())?;
    let verdict = state.0.writers.count(&writer, Counted::Batch);
    if let Some(problem) = verdict.refusal() {
        let mut response = problem.into_response();
        verdict.write(response.headers_mut());
        return Ok(response);
    }
    let now = state.0.clock.wall();
    let read = move |bytes: bytes::Bytes| {
        let sent = form.decode(&bytes)?;
        Ok((metrics::read(&sent, now), bytes))
    };
    let (read, bytes) = payload::read_as(request, read).await?;
    if !read.points.is_empty() {
        let batch = IngestBatch::of_points(read.points, &bytes);
        let submitted = state.0.queue.submit(&writer.token, batch);
        match timeout(PATIENCE, submitted).await {
            Ok(answer) => answer.map_err(report::problem)?,
            Err(_) => {
                let detail = "whether it is counted is not known: sent again, it is counted once";
                return Err(Problem::new(Kind::StoreUnavailable, detail).retry_after(1));
            }
        };
    }
    let mut response = form.answer(&read.rejected);
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
    match form.decode(body) {
        Ok(sent) => {
            for point in metrics::read(&sent, now).points {
                assert!(point.endpoint.len() <= 1_024, "{}", point.endpoint);
                assert!(point.sum.is_finite() && point.sum >= 0.0, "{}", point.sum);
                assert!(point.quantile_error().is_finite());
            }
        }
        Err(problem) => assert_eq!(problem.status().as_u16(), 400, "{}", problem.detail()),
    }
}
