//! Exemplars: of each bucket of latencies the latest request that the request log has kept with a trace.
//!
//! They are looked up when a scraper asks for them, in one page of the log: requests themselves pay nothing.
//!
//! A request is an exemplar of the bucket that its own latency falls into, so its value is never above the bucket's
//! bound. Requests without a trace are none, and neither are events. With thousands of requests a second the page
//! covers less than its five minutes, and a rare bucket may go without one: an exemplar is a help and no promise.

use std::collections::HashMap;

use api_metrics_store::{
    query::Scope,
    request_log::{EntryKind, RequestQuery, StoredRequest},
};
use uuid::Uuid;

use crate::{response::Problem, router::App, timing::BOUNDS};

/// Requests that are looked at.
const PAGE: u32 = 1_000;
/// Of how many minutes.
const MINUTES: i64 = 5;

/// A request behind a bucket's count.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exemplar {
    trace_id: String,
    span_id: Option<String>,
    latency_us: u64,
    at_ms: i64,
}

impl Exemplar {
    fn new(trace_id: Uuid, latency_us: u64, request: &StoredRequest) -> Self {
        Self {
            trace_id: trace_id.simple().to_string(),
            // Whose ids the store has checked: OpenMetrics lets an exemplar have 128 characters.
            span_id: request.span_id.clone().filter(|id| id.len() == 16),
            latency_us,
            at_ms: request.at_ms,
        }
    }

    /// What leads to it, as OpenTelemetry names it.
    pub(super) fn labels(&self) -> Vec<(&'static str, &str)> {
        let mut labels = vec![("trace_id", self.trace_id.as_str())];
        labels.extend(self.span_id.as_deref().map(|id| ("span_id", id)));
        labels
    }

    /// Its latency.
    #[expect(clippy::cast_precision_loss, reason = "no request takes 285 years")]
    pub(super) fn seconds(&self) -> f64 {
        self.latency_us as f64 / 1e6
    }

    /// When it finished, in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    pub(super) fn at(&self) -> f64 {
        self.at_ms as f64 / 1e3
    }
}

/// Whose latencies: service, environment, method and route.
pub(super) type Labels<'a> = [(&'static str, &'a str); 4];

/// Exemplars by the values of their labels and the bucket's place; the last one takes what is above all bounds.
#[derive(Debug, Default)]
pub(super) struct Exemplars(HashMap<([String; 4], usize), Exemplar>);

impl Exemplars {
    /// Those of the last minutes. None where there is no request log.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn read(app: &App) -> Result<Self, Problem> {
        if !app.client.has_requests() {
            return Ok(Self::default());
        }
        let now_ms = app.clock.unix_seconds().saturating_mul(1_000);
        let mut query = RequestQuery::over(now_ms - MINUTES * 60_000, now_ms + 1_000);
        query.scope = Scope::All;
        query.limit = PAGE;
        query.filter.kind = Some(EntryKind::Request);
        let work = app.client.requests()?.requests(&query);
        Ok(Self::of(
            &app.client.bounded("exemplars", work).await?.requests,
        ))
    }

    /// Of requests, the newest first.
    fn of(requests: &[StoredRequest]) -> Self {
        let mut found = HashMap::new();
        for request in requests {
            let (Some(trace_id), Some(latency)) = (request.trace_id, request.latency_us) else {
                continue;
            };
            let labels = [
                request.service.clone(),
                request.environment.clone(),
                request.method.clone(),
                request.endpoint.clone(),
            ];
            let bucket = BOUNDS.partition_point(|(bound, _)| *bound < latency);
            found
                .entry((labels, bucket))
                .or_insert_with(|| Exemplar::new(trace_id, latency, request));
        }
        Self(found)
    }

    /// The one of a bucket.
    pub(super) fn get(&self, labels: &Labels<'_>, bucket: usize) -> Option<&Exemplar> {
        if self.0.is_empty() {
            return None;
        }
        self.0
            .get(&(labels.map(|(_, value)| value.to_owned()), bucket))
    }
}
