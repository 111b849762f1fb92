//! `GET /api/flaky`: fails now and then.

use std::sync::atomic::{AtomicU64, Ordering};

use api_metrics::ErrorDetail;
use axum::{
    Extension,
    http::StatusCode,
    response::{IntoResponse, Response},
};

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Every seventh call fails. Counted instead of drawn, so that whoever watches can check the rate. Every third of
/// those fails for another reason: two groups of errors, whatever the numbers in their messages.
pub(super) async fn flaky() -> Result<&'static str, Response> {
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    if call % 7 != 6 {
        return Ok("fine\n");
    }
    tracing::warn!(call, "the warehouse is slow");
    let detail = if call.is_multiple_of(3) {
        ErrorDetail::new(format!("the ledger is locked by order {call}")).with_type("ledger_locked")
    } else {
        let waited = 200 + call % 50;
        tracing::error!(waited, "gave the warehouse up");
        ErrorDetail::new(format!(
            "the warehouse did not answer within {waited} ms (attempt {call})"
        ))
        .with_type("upstream_timeout")
    };
    let answer = (
        StatusCode::SERVICE_UNAVAILABLE,
        Extension(detail),
        "not now\n",
    );
    Err(answer.into_response())
}
