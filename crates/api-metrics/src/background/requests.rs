//! The request log of a process: flushed by itself, and never waited for by what counts.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::{
    request_log::{RequestLogBuffer, RequestLogStore},
    store::{Maintained, StoreError},
};
use tokio::time::{Instant, timeout_at};

use super::{Shared, task::TaskError};
use crate::task::Task;

/// How often chosen requests are stored.
const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// How often they are stored while somebody follows the log, in whichever process.
pub(super) const FOLLOWED_INTERVAL: Duration = Duration::from_secs(1);

/// A request log and where it is kept.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) log: Arc<RequestLogBuffer>,
    pub(crate) store: Arc<dyn RequestLogStore>,
    /// When they were stored last by the clock of the background work.
    flushed: Mutex<Option<Instant>>,
}

impl Requests {
    pub(crate) fn new(log: Arc<RequestLogBuffer>, store: Arc<dyn RequestLogStore>) -> Self {
        Self {
            log,
            store,
            flushed: Mutex::default(),
        }
    }

    /// Whether it is time to store what waits. In between only whoever has something that waits asks whether
    /// somebody follows.
    async fn is_due(&self) -> Result<bool, StoreError> {
        let last = *self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        // Ticks come a little early at times.
        if last.is_none_or(|at| at.elapsed() + FOLLOWED_INTERVAL / 2 >= FLUSH_INTERVAL) {
            return Ok(true);
        }
        Ok(self.log.counts().waiting > 0 && self.store.request_tail().await?.followed)
    }
}

impl Shared {
    /// Stores what is due of the request log, or with the `last` flush all of it.
    pub(super) async fn store_requests(&self, last: bool) -> Result<(), StoreError> {
        if let Some(Requests { log, store, .. }) = &self.requests {
            let stored = store.flush_requests(log, last);
            // What storing logs would be stored the next time, and so on.
            #[cfg(feature = "tracing")]
            let stored = api_metrics_layer::without_events(stored);
            stored.await?;
        }
        Ok(())
    }

    /// Stores what is due, every two seconds, or every second while somebody follows.
    pub(super) async fn store_due_requests(&self) -> Result<(), StoreError> {
        let Some(requests) = &self.requests else {
            return Ok(());
        };
        if !requests.is_due().await? {
            return Ok(());
        }
        self.store_requests(false).await?;
        *requests
            .flushed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }

    /// Stores what is due, its outcome noted.
    pub(crate) async fn flush_requests(&self) {
        if self.requests.is_none() {
            return;
        }
        match self.store_requests(false).await {
            Ok(()) => self.succeeded(Task::FlushRequests),
            Err(error) => self.failed(Task::FlushRequests, &TaskError::Store(error)),
        }
    }

    /// A step of the request log's retention.
    pub(super) async fn retain_requests(&self) -> Result<Maintained, StoreError> {
        match &self.requests {
            Some(Requests { log, store, .. }) => store.retain_requests(log.settings()).await,
            None => Ok(Maintained::default()),
        }
    }

    /// Stores what is left of the request log, once and after everything that counts. What is not stored by the
    /// deadline is told, and is no error.
    pub(super) async fn deliver_requests(&self, deadline: Instant) {
        let Some(Requests { log, .. }) = &self.requests else {
            return;
        };
        let error = match timeout_at(deadline, self.store_requests(true)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not answer in time".to_owned(),
        };
        tracing::warn!(
            error,
            database = self.database,
            requests = log.counts().waiting,
            "the last requests of the log could not be stored; no count is affected"
        );
    }
}
