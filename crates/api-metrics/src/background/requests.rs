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
    /// The logs of services that report to this process.
    #[cfg(feature = "ingest")]
    pub(crate) reported: api_metrics_store::ingest::IngestLog,
    /// When they were stored last by the clock of the background work.
    flushed: Mutex<Option<Instant>>,
}

impl Requests {
    pub(crate) fn new(log: Arc<RequestLogBuffer>, store: Arc<dyn RequestLogStore>) -> Self {
        Self {
            #[cfg(feature = "ingest")]
            reported: api_metrics_store::ingest::IngestLog::new(
                log.settings().clone(),
                &log.instance().host,
            ),
            log,
            store,
            flushed: Mutex::default(),
        }
    }

    /// The process's own log, and those of services that report to it.
    fn logs(&self) -> Vec<Arc<RequestLogBuffer>> {
        #[cfg(feature = "ingest")]
        let reported = self.reported.buffers();
        #[cfg(not(feature = "ingest"))]
        let reported = [];
        let mut logs = vec![Arc::clone(&self.log)];
        logs.extend(reported);
        logs
    }

    /// How many requests this process's own log has dropped.
    #[cfg(feature = "control")]
    pub(super) fn dropped(&self) -> u64 {
        self.log.counts().dropped.total()
    }

    /// Stores what is due of each log, or all of it. One that fails keeps none of the others from being stored.
    async fn store_all(&self, last: bool) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for log in self.logs() {
            if let Err(error) = self.store.flush_requests(&log, last).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    /// Whether it is time to store what waits. In between only whoever has something that waits asks whether
    /// somebody follows.
    async fn is_due(&self) -> Result<bool, StoreError> {
        let last = *self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        // Ticks come a little early at times.
        if last.is_none_or(|at| at.elapsed() + FOLLOWED_INTERVAL / 2 >= FLUSH_INTERVAL) {
            return Ok(true);
        }
        let waiting = self.logs().iter().any(|log| log.counts().waiting > 0);
        Ok(waiting && self.store.request_tail().await?.followed)
    }
}

impl Shared {
    /// Stores what is due of the request log, or with the `last` flush all of it.
    pub(super) async fn store_requests(&self, last: bool) -> Result<(), StoreError> {
        if let Some(requests) = &self.requests {
            let stored = requests.store_all(last);
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
        let Some(requests) = &self.requests else {
            return;
        };
        let error = match timeout_at(deadline, self.store_requests(true)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not answer in time".to_owned(),
        };
        let waiting: u64 = requests.logs().iter().map(|it| it.counts().waiting).sum();
        tracing::warn!(
            error,
            database = self.database,
            requests = waiting,
            "the last requests of the log could not be stored; no count is affected"
        );
    }
}
