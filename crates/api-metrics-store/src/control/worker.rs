//! The control plane's recurring work, in one call for a host's loop.
//!
//! # A tick
//!
//! | step | how often | by whom | lease | writes |
//! |---|---|---|---|---|
//! | make ready-made rules | once a process | the leader | none | rules |
//! | evaluate alerts | once a minute | the leader | none: each rule's `evaluated_to` | states, events, notices |
//! | record utilization | once a minute | the leader | `utilization` | `rate_limit_utilization` |
//! | evaluate limits | every 5 s | the leader | `limits` | notices |
//! | evaluate quotas | every 60 s | the leader | `quotas` | notices |
//! | sum up the week | once a week, where it is set | the leader | `digest` | a notice |
//! | forget | every hour, at once again while more is left | the leader | `forget` | removes notices, events and health samples |
//! | deliver | each tick | every process | one a delivery | deliveries |
//!
//! Where no request was made since the last round, limits, quotas and utilization have nothing to do, see
//! [`evaluate_at_rest`](ControlWorker::evaluate_at_rest).
//!
//! The steps run one after the other. A step that fails does not stop the next; one of the
//! errors is returned at the end. Nothing is kept in memory that decides: after a crash or a change of leader the
//! next tick goes on from what the tables say.
//!
//! # Which minutes count
//!
//! A minute is evaluated `evaluation_delay` after its end, 12 s by default, so that every process has
//! flushed it. At 12:05:12 the minute from 12:04:00 to 12:05:00 is due.
//! [`until_due`](ControlWorker::until_due) tells a loop how long to sleep until then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use uuid::Uuid;

use crate::{
    control::{
        ControlStore,
        alerts::{Evaluated, Evaluator, RuleSettings},
        billing::BillingSettings,
        digest::{WeeklyDigest, publish_digest},
        health::{self, HealthSample},
        limits::{LimitSettings, evaluate_limits, record_utilization},
        notify::{Delivered, LogNotifier, Notifier, Published, dispatcher},
        quotas::{QuotaSettings, evaluate_quotas},
    },
    request_log::RequestLogStore,
    store::{StoreError, Writer},
};

/// The lease of removing what is old.
const LEASE: &str = "forget";
/// How often the worker looks for something to remove once all was removed.
const FORGET_EVERY_SECONDS: u32 = 3_600;

/// What a [`ControlWorker`] does, and how: the defaults, of which fields are changed.
///
/// ```
/// use std::sync::Arc;
/// use api_metrics_store::control::{ControlSettings, ControlWorker, notify::BroadcastNotifier};
///
/// let bus = BroadcastNotifier::new(64);
/// let mut settings = ControlSettings::default();
/// settings.notifiers.push(Arc::new(bus.clone()));
/// settings.limits.threshold_pct = 90.0;
/// let worker = ControlWorker::new(settings);
/// # let _ = worker;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ControlSettings {
    /// Whether each notice is also written to the log, under the channel name `log`: as a `tracing`
    /// event of the target `api_metrics::alerts`, an error where it is high or critical, a warning where
    /// it is less, and information where something is over. On by default.
    pub log_notices: bool,
    /// Where else notices are delivered; nowhere by default. Of several with one channel name the
    /// first counts.
    pub notifiers: Vec<Arc<dyn Notifier>>,
    /// From when on a key is near its rate limit, and how long utilization is kept.
    pub limits: LimitSettings,
    /// How quotas are counted, and at which percentages a notice is sent.
    pub quotas: QuotaSettings,
    /// When the week is summed up in a notice; never by default.
    pub weekly_digest: Option<WeeklyDigest>,
    /// How usage is billed, for the digest.
    pub billing: BillingSettings,
    /// How long after its end a minute is evaluated: a little more than the flush interval. 12 s by
    /// default; alerts count whole seconds of it.
    pub evaluation_delay: Duration,
    /// Whether there are ready-made rules over our own health: `Some(true)` makes those that were never made, which is
    /// what the facade asks for, and `Some(false)` removes those that nobody has changed. `None`, the default, leaves
    /// them as they are. One that was changed or deleted stays so.
    pub health_rules: Option<bool>,
    /// How long events of alerts are kept after their end. A year by default.
    pub keep_events: Duration,
    /// The log of requests, which names the largest groups of errors behind an alert; none by default. An alert never
    /// waits for it for more than two seconds, and fires without it where it fails.
    pub requests: Option<Arc<dyn RequestLogStore>>,
    /// Where people reach the dashboard, such as `https://example.com/admin`: notices then carry a link to what they are
    /// about. None by default.
    pub public_url: Option<String>,
}

impl Default for ControlSettings {
    fn default() -> Self {
        Self {
            log_notices: true,
            notifiers: Vec::new(),
            limits: LimitSettings::default(),
            quotas: QuotaSettings::default(),
            weekly_digest: None,
            billing: BillingSettings::default(),
            evaluation_delay: Duration::from_secs(12),
            health_rules: None,
            keep_events: Duration::from_secs(365 * 86_400),
            requests: None,
            public_url: None,
        }
    }
}

/// Evaluates alerts, limits and quotas, records utilization, and delivers notices. Every process runs
/// one for its whole life; the leader evaluates, and whichever process claims a notice first delivers
/// it.
///
/// ```no_run
/// # async fn example(store: std::sync::Arc<dyn api_metrics_store::control::ControlStore>) {
/// use api_metrics_store::control::ControlWorker;
///
/// let worker = ControlWorker::default();
/// // every few seconds:
/// worker.tick(&*store, None).await.ok();
/// # }
/// ```
#[derive(Debug)]
pub struct ControlWorker {
    settings: ControlSettings,
    evaluator: Evaluator,
    published: Published,
    /// Whether the ready-made rules are as they should be.
    ready_made: AtomicBool,
}

impl Default for ControlWorker {
    fn default() -> Self {
        Self::new(ControlSettings::default())
    }
}

impl ControlWorker {
    /// A worker with these settings.
    #[must_use]
    pub fn new(mut settings: ControlSettings) -> Self {
        if settings.log_notices {
            settings.notifiers.insert(0, Arc::new(LogNotifier));
        }
        dispatcher::drop_unusable(&mut settings.notifiers);
        Self {
            settings,
            evaluator: Evaluator::default(),
            published: Published::default(),
            ready_made: AtomicBool::new(false),
        }
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
    ) -> Result<(Evaluated, Delivered), StoreError> {
        let evaluated = self.evaluate(store, own).await;
        let delivered = self.deliver(store, None).await?;
        Ok((evaluated?, delivered))
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
    ) -> Result<Evaluated, StoreError> {
        let mut parts = Parts::default();
        self.evaluate_alerts(store, own, &mut parts).await;
        let ControlSettings {
            limits,
            quotas,
            evaluation_delay: delay,
            ..
        } = &self.settings;
        let rows = record_utilization(store, limits, *delay, own).await;
        parts.done.utilization = parts.count(rows);
        let new = evaluate_limits(store, limits, own, &self.published).await;
        parts.done.notices += parts.count(new);
        let new = evaluate_quotas(store, quotas, own, &self.published).await;
        parts.done.notices += parts.count(new);
        self.evaluate_time(store, own, &mut parts).await;
        parts.end()
    }

    /// The part of [`evaluate`](Self::evaluate) that has work where no request was made anywhere since the last time:
    /// alerts, the weekly digest, and what is removed with time. Limits and quotas are left out, which nothing but
    /// requests uses up.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub async fn evaluate_at_rest(
        &self,
        store: &dyn ControlStore,
        own: Option<&Writer>,
    ) -> Result<Evaluated, StoreError> {
        let mut parts = Parts::default();
        self.evaluate_alerts(store, own, &mut parts).await;
        self.evaluate_time(store, own, &mut parts).await;
        parts.end()
    }

    async fn evaluate_alerts(
        &self,
        store: &dyn ControlStore,
        own: Option<&Writer>,
        parts: &mut Parts,
    ) {
        let settings = &self.settings;
        let requests = settings.requests.as_deref();
        let delay = settings.evaluation_delay;
        let rules = RuleSettings::new(settings.quotas.tz, settings.limits.clone());
        let alerts = self.evaluator.evaluate(store, delay, rules, own, requests);
        parts.alerts(alerts.await);
        // Another one leads: it is the one to make them.
        if parts.done.led
            && let Err(error) = self.make_rules(store).await
        {
            parts.note(error);
        }
    }

    /// What follows from time alone.
    async fn evaluate_time(
        &self,
        store: &dyn ControlStore,
        own: Option<&Writer>,
        parts: &mut Parts,
    ) {
        let settings = &self.settings;
        if let Some(digest) = &settings.weekly_digest {
            let (quotas, billing) = (&settings.quotas, &settings.billing);
            let new = publish_digest(store, digest, quotas, billing, own, &self.published).await;
            parts.done.notices += parts.count(new.map(Some));
        }
        if let Err(error) = self.forget(store).await {
            parts.note(error);
        }
    }

    /// Writes what a process says of its own health, a sample a minute, for rules over it. Samples of the same minutes
    /// are replaced.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; nothing was written then.
    pub async fn record_health(
        &self,
        store: &dyn ControlStore,
        instance: Uuid,
        samples: &[HealthSample],
    ) -> Result<(), StoreError> {
        store.put_health_samples(instance, samples).await
    }

    /// Makes the ready-made rules, or removes them, the first time that this process leads.
    async fn make_rules(&self, store: &dyn ControlStore) -> Result<(), StoreError> {
        let Some(wanted) = self.settings.health_rules else {
            return Ok(());
        };
        if !self.ready_made.load(Ordering::Relaxed) && store.put_ready_made_rules(wanted).await? {
            self.ready_made.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Delivers what is due, a bounded number at a time: the second half of [`tick`](Self::tick). On
    /// every channel, or on one: with a task for each of the [`channels`](Self::channels) none waits
    /// for another's receiver. A `channel` without a notifier delivers nothing.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    pub async fn deliver(
        &self,
        store: &dyn ControlStore,
        channel: Option<&str>,
    ) -> Result<Delivered, StoreError> {
        let public_url = self.settings.public_url.as_deref();
        dispatcher::deliver(&self.settings.notifiers, store, channel, public_url).await
    }

    /// The names under which its notifiers' deliveries are kept.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.settings
            .notifiers
            .iter()
            .map(|notifier| notifier.channel())
    }

    /// How long it will be, at `now`, until the next minute can be evaluated.
    #[must_use]
    pub fn until_due(&self, now: SystemTime) -> Duration {
        const MINUTE: Duration = Duration::from_secs(60);
        let settled = now
            .checked_sub(self.settings.evaluation_delay)
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        let into = settled.as_nanos() % MINUTE.as_nanos();
        // Less than a minute's nanoseconds.
        MINUTE.saturating_sub(Duration::from_nanos(into as u64))
    }

    /// Removes up to 1,000 notices and 1,000 events a call, so that no transaction is long. The lease
    /// is released only once nothing is left, so that the next tick goes on.
    async fn forget(&self, store: &dyn ControlStore) -> Result<(), StoreError> {
        let Some(now) = store.acquire_lease(LEASE, FORGET_EVERY_SECONDS).await? else {
            return Ok(());
        };
        let keep = i64::try_from(self.settings.keep_events.as_secs()).unwrap_or(i64::MAX / 2);
        let more = store.forget_notices(now, now.saturating_sub(keep)).await?
            | store
                .forget_health_samples(now - health::KEPT_SECONDS)
                .await?;
        if !more {
            store.release_lease(LEASE, now).await?;
        }
        Ok(())
    }
}

/// What the parts of one round did, and the first error among them: a part that fails does not stop the next.
#[derive(Default)]
struct Parts {
    done: Evaluated,
    failed: Option<StoreError>,
}

impl Parts {
    fn note(&mut self, error: StoreError) {
        self.failed.get_or_insert(error);
    }

    fn alerts(&mut self, outcome: Result<Evaluated, StoreError>) {
        match outcome {
            Ok(done) => self.done = done,
            Err(error) => self.note(error),
        }
    }

    /// How much a part did; nothing where it was not its time, or where it failed.
    fn count(&mut self, outcome: Result<Option<u64>, StoreError>) -> u64 {
        match outcome {
            Ok(count) => count.unwrap_or_default(),
            Err(error) => {
                self.note(error);
                0
            }
        }
    }

    fn end(self) -> Result<Evaluated, StoreError> {
        self.failed.map_or(Ok(self.done), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_due_when_it_has_settled() {
        let watch = ControlWorker::new(ControlSettings {
            evaluation_delay: Duration::from_secs(13),
            ..ControlSettings::default()
        });
        let until = |ms| watch.until_due(UNIX_EPOCH + Duration::from_millis(ms));
        assert_eq!(until(600_000), Duration::from_secs(13));
        assert_eq!(until(612_750), Duration::from_millis(250));
        assert_eq!(until(613_000), Duration::from_secs(60));
        // Clocks before 1970 are wrong, and no reason to fail.
        assert!(watch.until_due(UNIX_EPOCH) <= Duration::from_secs(60));
    }
}
