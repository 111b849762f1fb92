//! The control plane's recurring work, in one call for a host's loop.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    control::{
        ControlStore,
        alerts::{Evaluated, Evaluator},
        limits::{LimitSettings, evaluate_limits, record_utilization},
        notify::{Delivered, Dispatcher, LogNotifier, Notifier, Published},
        quotas::{QuotaSettings, evaluate_quotas},
    },
    store::{StoreError, Writer},
};

const LEASE: &str = "forget";
const FORGET_EVERY_SECONDS: u32 = 3_600;

/// Evaluates alerts, limits and quotas, records utilization, and delivers notices. Every process runs
/// one; the leader evaluates, and whichever process claims a notice first delivers it.
///
/// ```no_run
/// # async fn example(store: std::sync::Arc<dyn api_metrics_store::control::ControlStore>) {
/// use api_metrics_store::control::{ControlWorker, notify::BroadcastNotifier};
///
/// let bus = BroadcastNotifier::new(64);
/// let worker = ControlWorker::default().notifier(bus.clone());
/// let mut notices = bus.subscribe();
/// // every few seconds:
/// worker.tick(&*store, None).await.ok();
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ControlWorker {
    evaluator: Evaluator,
    limits: LimitSettings,
    quotas: QuotaSettings,
    dispatcher: Dispatcher,
    published: Published,
    delay: Duration,
    keep_events: Duration,
}

impl Default for ControlWorker {
    fn default() -> Self {
        Self {
            evaluator: Evaluator::default(),
            limits: LimitSettings::default(),
            quotas: QuotaSettings::default(),
            dispatcher: Dispatcher::new(vec![Arc::new(LogNotifier)]),
            published: Published::default(),
            delay: Duration::from_secs(12),
            keep_events: Duration::from_secs(365 * 86_400),
        }
    }
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tick {
    /// Alerts that were evaluated.
    pub alerts: Evaluated,
    /// Rows of utilization that were written.
    pub utilization: u64,
    /// Notices about limits and quotas that are new.
    pub notices: u64,
    /// What was delivered.
    pub delivered: Delivered,
}

impl Tick {
    /// Whether there is something new to deliver.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.notices > 0 || self.alerts.fired > 0 || self.alerts.resolved > 0
    }
}

impl ControlWorker {
    /// Delivers through this notifier too.
    pub fn notifier(self, notifier: impl Notifier) -> Self {
        self.shared_notifier(Arc::new(notifier))
    }

    /// As [`notifier`](Self::notifier), for one that is shared.
    pub fn shared_notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.dispatcher.add(notifier);
        self
    }

    /// Leaves out the log, or any other notifier added so far.
    pub fn without_notifiers(mut self) -> Self {
        self.dispatcher = Dispatcher::default();
        self
    }

    /// From when on a key is near its rate limit, and how long utilization is kept.
    pub fn limits(mut self, settings: LimitSettings) -> Self {
        self.limits = settings;
        self
    }

    /// How quotas are counted, and at which percentages a notice is sent.
    pub fn quotas(mut self, settings: QuotaSettings) -> Self {
        self.quotas = settings;
        self
    }

    /// How long after its end a minute is evaluated: a little more than the flush interval. 12 s by
    /// default.
    pub fn evaluation_delay(mut self, delay: Duration) -> Self {
        self.evaluator = self.evaluator.evaluation_delay(delay);
        self.delay = delay;
        self
    }

    /// How long events of alerts are kept after their end. A year by default.
    pub fn keep_events(mut self, keep: Duration) -> Self {
        self.keep_events = keep;
        self
    }

    /// One round of everything that is due: [`evaluate`](Self::evaluate), then
    /// [`deliver`](Self::deliver). Call it every few seconds; a round in which nothing is due costs
    /// a handful of short statements. `own` is this process's writer, so that what it has not
    /// flushed yet counts too.
    ///
    /// # Errors
    /// The first of several: `StoreError::Unavailable` when the database cannot be reached,
    /// `StoreError::Timeout` past the statement limit. A part that fails does not stop the others,
    /// and the next round goes on.
    pub async fn tick(
        &self,
        store: &dyn ControlStore,
        own: Option<&Writer>,
    ) -> Result<Tick, StoreError> {
        let evaluated = self.evaluate(store, own).await;
        let delivered = self.deliver(store).await?;
        Ok(Tick {
            delivered,
            ..evaluated?
        })
    }

    /// Evaluates what is due and leaves notices in the outbox: the first half of
    /// [`tick`](Self::tick). In a task of its own it never waits for a receiver.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub async fn evaluate(
        &self,
        store: &dyn ControlStore,
        own: Option<&Writer>,
    ) -> Result<Tick, StoreError> {
        let mut done = Tick::default();
        let mut failed = None;
        let mut note = |error: StoreError| {
            failed.get_or_insert(error);
        };
        match self.evaluator.evaluate(store, own).await {
            Ok(alerts) => done.alerts = alerts,
            Err(error) => note(error),
        }
        match record_utilization(store, &self.limits, self.delay, own).await {
            Ok(rows) => done.utilization = rows.unwrap_or_default(),
            Err(error) => note(error),
        }
        match evaluate_limits(store, &self.limits, own, &self.published).await {
            Ok(new) => done.notices += new.unwrap_or_default(),
            Err(error) => note(error),
        }
        match evaluate_quotas(store, &self.quotas, own, &self.published).await {
            Ok(new) => done.notices += new.unwrap_or_default(),
            Err(error) => note(error),
        }
        if let Err(error) = self.forget(store).await {
            note(error);
        }
        failed.map_or(Ok(done), Err)
    }

    /// Delivers what is due, a bounded number at a time: the second half of [`tick`](Self::tick).
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    pub async fn deliver(&self, store: &dyn ControlStore) -> Result<Delivered, StoreError> {
        self.dispatcher.deliver(store).await
    }

    /// As [`deliver`](Self::deliver), on one of the [`channels`](Self::channels): in a task for each
    /// of them, none waits for another's receiver.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    pub async fn deliver_on(
        &self,
        store: &dyn ControlStore,
        channel: &str,
    ) -> Result<Delivered, StoreError> {
        self.dispatcher.deliver_on(store, channel).await
    }

    /// The names under which its notifiers' deliveries are kept.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.dispatcher.channels()
    }

    /// How long it will be, at `now`, until the next minute can be evaluated.
    #[must_use]
    pub fn until_due(&self, now: SystemTime) -> Duration {
        const MINUTE: Duration = Duration::from_secs(60);
        let settled = now
            .checked_sub(self.delay)
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        let into = settled.as_nanos() % MINUTE.as_nanos();
        // Less than a minute's nanoseconds.
        MINUTE.saturating_sub(Duration::from_nanos(into as u64))
    }

    async fn forget(&self, store: &dyn ControlStore) -> Result<(), StoreError> {
        let Some(now) = store.acquire_lease(LEASE, FORGET_EVERY_SECONDS).await? else {
            return Ok(());
        };
        let keep = i64::try_from(self.keep_events.as_secs()).unwrap_or(i64::MAX / 2);
        let more = store.forget_notices(now, now.saturating_sub(keep)).await?;
        if !more {
            store.release_lease(LEASE, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_due_when_it_has_settled() {
        let watch = ControlWorker::default().evaluation_delay(Duration::from_secs(13));
        let until = |ms| watch.until_due(UNIX_EPOCH + Duration::from_millis(ms));
        assert_eq!(until(600_000), Duration::from_secs(13));
        assert_eq!(until(612_750), Duration::from_millis(250));
        assert_eq!(until(613_000), Duration::from_secs(60));
        // Clocks before 1970 are wrong, and no reason to fail.
        assert!(watch.until_due(UNIX_EPOCH) <= Duration::from_secs(60));
    }
}
