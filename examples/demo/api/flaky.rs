//! `GET /api/flaky`: fails now and then.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Every seventh call fails. Counted instead of drawn, so that whoever watches can check the rate.
pub(super) async fn flaky() -> Result<&'static str, (StatusCode, &'static str)> {
    if CALLS.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
        Err((StatusCode::SERVICE_UNAVAILABLE, "not now\n"))
    } else {
        Ok("fine\n")
    }
}
