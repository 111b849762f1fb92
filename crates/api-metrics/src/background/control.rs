//! The control plane's part of the background work.

use std::sync::Arc;

use api_metrics_store::{
    control::{ControlStore, ControlWorker, alerts::Evaluated},
    store::{StoreError, Writer},
};
use tokio::sync::watch;

/// Evaluates alerts, limits and quotas, and delivers notices.
#[derive(Debug)]
pub(crate) struct Control {
    store: Arc<dyn ControlStore>,
    worker: ControlWorker,
    /// Changes when an evaluation has left new notices in the outbox.
    news: watch::Sender<()>,
}

/// What one run did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ControlRun {
    /// Whether this process led, where that matters.
    pub(super) led: bool,
    /// Rules evaluated, or deliveries attempted.
    pub(super) steps: u64,
    /// Notices that a notifier has taken.
    pub(super) delivered: u64,
    /// Whether more is due at once.
    pub(super) more: bool,
}

impl Control {
    pub(crate) fn new(store: Arc<dyn ControlStore>, worker: ControlWorker) -> Self {
        Self {
            store,
            worker,
            news: watch::Sender::new(()),
        }
    }

    pub(super) fn worker(&self) -> &ControlWorker {
        &self.worker
    }

    pub(super) fn store(&self) -> &Arc<dyn ControlStore> {
        &self.store
    }

    /// Wakes whenever there are new notices to deliver.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(super) async fn evaluate(&self, writer: &Writer) -> Result<ControlRun, StoreError> {
        self.evaluated(self.worker.evaluate(&*self.store, Some(writer)).await?)
    }

    /// What follows from time alone.
    pub(super) async fn evaluate_at_rest(&self, writer: &Writer) -> Result<ControlRun, StoreError> {
        let done = self.worker.evaluate_at_rest(&*self.store, Some(writer));
        self.evaluated(done.await?)
    }

    fn evaluated(&self, done: Evaluated) -> Result<ControlRun, StoreError> {
        if done.notices > 0 || done.fired > 0 || done.resolved > 0 {
            self.news.send_replace(());
        }
        Ok(ControlRun {
            led: done.led,
            steps: done.rules,
            ..ControlRun::default()
        })
    }

    /// Delivers what is due, on one channel or on all. Any process may, whoever leads.
    pub(super) async fn deliver(&self, channel: Option<&str>) -> Result<ControlRun, StoreError> {
        let done = self.worker.deliver(&*self.store, channel).await?;
        Ok(ControlRun {
            led: true,
            steps: done.delivered + done.retried + done.dead,
            delivered: done.delivered,
            more: done.more,
        })
    }
}
