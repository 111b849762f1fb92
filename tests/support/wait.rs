//! Waiting for a state instead of a time.

use std::time::{Duration, Instant};

/// Asks again and again until `probe` has an answer.
///
/// # Panics
/// After 30 s, with `what` was waited for: long enough for a machine that is busy with other tests.
pub async fn eventually<T, F>(what: &str, probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    eventually_within(Duration::from_secs(30), what, probe).await
}

/// The same with a time of one's own.
///
/// # Panics
/// After `limit`.
pub async fn eventually_within<T, F>(limit: Duration, what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(started.elapsed() < limit, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
