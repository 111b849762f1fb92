//! What each consumer has used, as of some seconds ago, and the middleware that refuses by it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api_metrics::{
    ApiKey, ApiMetrics,
    store::{
        control::quotas::{QuotaSettings, QuotaUsage, quota_usage},
        query::Scope,
        store::StoreError,
        time::{Clock, SystemClock},
    },
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::watch;

/// By the text of the consumer's key; those without a quota are left out.
pub(crate) type Usage = Arc<HashMap<String, QuotaUsage>>;

/// Counts again and again. Where the database does not answer, the last answer stays in force.
pub(crate) async fn refresh(
    metrics: ApiMetrics,
    quotas: QuotaSettings,
    every: Duration,
    answers: watch::Sender<Usage>,
) {
    loop {
        match count(&metrics, &quotas).await {
            Ok(usage) => drop(answers.send_replace(usage)),
            Err(error) => tracing::warn!("quotas are as of the last refresh: {error}"),
        }
        tokio::time::sleep(every).await;
    }
}

async fn count(metrics: &ApiMetrics, quotas: &QuotaSettings) -> Result<Usage, StoreError> {
    let (Some(store), Some(control)) = (metrics.store(), metrics.control()) else {
        return Ok(Usage::default()); // Metrics are off.
    };
    let keys = control.all_keys(&Scope::All).await?;
    let now = SystemClock::default().unix_seconds();
    // With the writer, requests of this process count that are not flushed yet.
    let writer = metrics.writer();
    let usage = quota_usage(&*store, quotas, &keys, now, writer.as_deref()).await?;
    let by_key = usage
        .into_iter()
        .map(|used| (used.key.external_id.clone(), used));
    Ok(Arc::new(by_key.collect()))
}

/// Answers 429 where the quota is used up, and tells everybody else what is left, in the fields of the IETF's
/// draft on RateLimit headers.
pub(crate) async fn enforce(
    State(usage): State<watch::Receiver<Usage>>,
    Extension(key): Extension<ApiKey>,
    request: Request,
    next: Next,
) -> Response {
    let used = usage.borrow().get(&key.to_string()).cloned();
    let Some(used) = used else {
        return next.run(request).await; // It has no quota.
    };
    let now = SystemClock::default().unix_seconds();
    let reset = used.period.to.saturating_sub(now).max(1);
    let mut response = if used.remaining == 0 {
        let retry = [("retry-after", reset.to_string())];
        (StatusCode::TOO_MANY_REQUESTS, retry, "quota used up\n").into_response()
    } else {
        next.run(request).await
    };
    let window = used.period.to - used.period.from;
    let policy = format!("\"quota\";q={};w={window}", used.limit);
    let left = format!("\"quota\";r={};t={reset}", used.remaining);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
