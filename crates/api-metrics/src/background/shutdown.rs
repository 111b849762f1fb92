//! The end: nothing recorded is left behind, or it is said how much.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{Shared, schedule::Backoff};
use crate::Unflushed;

impl Shared {
    pub(crate) async fn shutdown(&self) -> Result<(), Unflushed> {
        let started = Instant::now();
        let deadline = started + self.shutdown_timeout;
        // Before the stop, which sets off `last_flush` where nobody asked for a shutdown.
        self.shutting_down.store(true, Ordering::SeqCst);
        self.streams.cancel();
        self.stop.cancel();
        #[cfg(feature = "control")]
        self.jobs.end();
        self.tracker.close();
        // A transaction under way may finish; one that hangs must leave time for a fresh try.
        let patience = started + self.shutdown_timeout / 3;
        if timeout_at(patience, self.tracker.wait()).await.is_err() {
            for task in self.tasks().drain(..) {
                task.abort();
            }
        }
        self.deliver(deadline).await;
        self.deliver_requests(deadline).await;
        #[cfg(feature = "control")]
        self.deliver_jobs(deadline).await;
        self.end(deadline).await;
        match self.writer.recorder.status().unflushed_records {
            0 => Ok(()),
            records => Err(Unflushed { records }),
        }
    }

    /// Takes leave of the store once it has everything: the instance no longer counts as live, and a
    /// file is made whole. A file that was deleted meanwhile is written anew with what is still held.
    async fn end(&self, deadline: Instant) {
        for attempt in 0..2 {
            let all = self.writer.recorder.status().unflushed_records == 0;
            if !all || !self.health.is_reachable() {
                return;
            }
            let outcome = timeout_at(deadline, self.store.end(&self.writer)).await;
            let error = match outcome {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it did not answer in time".to_owned(),
            };
            tracing::warn!(
                error,
                database = self.database,
                "everything was delivered, and the store could not be left in order"
            );
            if attempt == 0 && Instant::now() < deadline {
                // What went wrong is in the log and in the health.
                drop(timeout_at(deadline, self.flush()).await);
            }
        }
    }

    /// Flushes until nothing is left, or the deadline.
    async fn deliver(&self, deadline: Instant) {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        while self.writer.recorder.status().unflushed_records > 0 {
            let attempt = async {
                if let Err(error) = self.ensure_ready().await {
                    self.unreachable(&error);
                    return Err(error.to_string());
                }
                self.flush().await.map_err(|error| error.to_string())
            };
            // A connection that went silent must leave time for a fresh one.
            let remaining = deadline.saturating_duration_since(Instant::now());
            let patience = Instant::now() + remaining.mul_f64(2.0 / 3.0);
            let error = match timeout_at(patience, attempt).await {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => error,
                Err(_) => "it did not answer in time".to_owned(),
            };
            let next = Instant::now() + backoff.pause();
            if next >= deadline {
                tracing::error!(
                    error,
                    database = self.database,
                    records = self.writer.recorder.status().unflushed_records,
                    "the last flush failed"
                );
                return;
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

/// Delivers what is left where the last handle was dropped: nobody waits for that, so it is done
/// here. A shutdown delivers by itself.
pub(super) async fn last_flush(shared: Arc<Shared>) {
    shared.stop.cancelled().await;
    #[cfg(feature = "control")]
    shared.jobs.end();
    if shared.shutting_down.load(Ordering::SeqCst) {
        return;
    }
    let deadline = Instant::now() + shared.shutdown_timeout;
    shared.deliver(deadline).await;
    shared.deliver_requests(deadline).await;
    #[cfg(feature = "control")]
    shared.deliver_jobs(deadline).await;
    shared.end(deadline).await;
}
