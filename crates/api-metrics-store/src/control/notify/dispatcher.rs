//! Delivers the notices of the outbox.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{
    FutureExt, StreamExt,
    future::join_all,
    stream::{self, select_all},
};
use tracing::warn;

use super::{
    Delivery, DeliveryStatus, NoticeStore, Notifier, NotifyError,
    schedule::{MAX_ATTEMPTS, chance, next_attempt},
};
use crate::store::StoreError;

/// A notifier that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than any attempt: one that outlives it died with its process.
const LEASE_SECONDS: u32 = 90;
/// Deliveries of a channel in flight at once.
const AT_ONCE: u32 = 16;

/// Delivers notices through notifiers.
#[derive(Debug, Clone, Default)]
pub(in crate::control) struct Dispatcher {
    notifiers: Vec<Arc<dyn Notifier>>,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Notices taken by a notifier.
    pub delivered: u64,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    /// Deliveries given up.
    pub dead: u64,
    /// Whether more may be due at once.
    pub more: bool,
}

impl Dispatcher {
    /// A dispatcher for these notifiers. Of several with one name the first counts.
    pub(in crate::control) fn new(notifiers: Vec<Arc<dyn Notifier>>) -> Self {
        let mut dispatcher = Self::default();
        for notifier in notifiers {
            dispatcher.add(notifier);
        }
        dispatcher
    }

    /// Delivers to this notifier too, unless there is one of its name.
    pub(in crate::control) fn add(&mut self, notifier: Arc<dyn Notifier>) {
        if self.channels().any(|name| name == notifier.channel()) {
            warn!(
                channel = notifier.channel(),
                "two notifiers have one name; the second is not used"
            );
        } else {
            self.notifiers.push(notifier);
        }
    }

    /// The names of its channels.
    pub(in crate::control) fn channels(&self) -> impl Iterator<Item = &str> {
        self.notifiers.iter().map(|notifier| notifier.channel())
    }

    /// Delivers what is due on all channels, a bounded number at a time. Safe in several processes
    /// at once: each delivery is one process's.
    ///
    /// # Errors
    /// The first of several: `StoreError::Unavailable` when the database cannot be reached,
    /// `StoreError::Timeout` past the statement limit. What was delivered but could not be written
    /// down is delivered again.
    pub(in crate::control) async fn deliver(
        &self,
        store: &dyn NoticeStore,
    ) -> Result<Delivered, StoreError> {
        let rounds = self
            .notifiers
            .iter()
            .map(|notifier| self.round(store, &**notifier));
        let mut all = Delivered::default();
        for done in join_all(rounds).await {
            let done = done?;
            all.delivered += done.delivered;
            all.retried += done.retried;
            all.dead += done.dead;
            all.more |= done.more;
        }
        Ok(all)
    }

    /// Delivers what is due on one channel, so that a host that gives each a loop of its own never
    /// waits on one for another. Nothing where there is no such channel.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver).
    pub(in crate::control) async fn deliver_on(
        &self,
        store: &dyn NoticeStore,
        channel: &str,
    ) -> Result<Delivered, StoreError> {
        match self.notifiers.iter().find(|n| n.channel() == channel) {
            Some(notifier) => self.round(store, &**notifier).await,
            None => Ok(Delivered::default()),
        }
    }

    async fn round(
        &self,
        store: &dyn NoticeStore,
        notifier: &dyn Notifier,
    ) -> Result<Delivered, StoreError> {
        let channels: Vec<&str> = self.channels().collect();
        let due = store
            .claim_deliveries(&channels, notifier.channel(), LEASE_SECONDS, AT_ONCE)
            .await?;
        let mut done = Delivered {
            more: due.len() == AT_ONCE as usize,
            ..Delivered::default()
        };
        let groups = by_event(due).into_iter();
        let mut attempts = select_all(groups.map(|group| {
            stream::iter(group)
                .then(|delivery| attempt(notifier, delivery))
                .boxed()
        }));
        // Each is written down as soon as it is known: a slow one must not make others come again.
        while let Some(delivery) = attempts.next().await {
            match delivery.status {
                DeliveryStatus::Delivered => done.delivered += 1,
                DeliveryStatus::Pending => done.retried += 1,
                DeliveryStatus::Dead => done.dead += 1,
            }
            store.record_attempt(&delivery).await?;
        }
        Ok(done)
    }
}

/// Groups deliveries that must follow one another: an event's firing comes before its end. They come in
/// the order of time.
fn by_event(due: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut groups: Vec<Vec<Delivery>> = Vec::with_capacity(due.len());
    for delivery in due {
        let event = delivery.notice.event_id;
        let same = groups.iter_mut().find(|group| {
            event.is_some() && group.first().is_some_and(|d| d.notice.event_id == event)
        });
        match same {
            Some(group) => group.push(delivery),
            None => groups.push(vec![delivery]),
        }
    }
    groups
}

async fn attempt(notifier: &dyn Notifier, mut delivery: Delivery) -> Delivery {
    // A notifier is the user's code: neither its panic nor its silence may stop the others.
    let attempt = AssertUnwindSafe(notifier.notify(&delivery.notice)).catch_unwind();
    let error = match tokio::time::timeout(PATIENCE, attempt).await {
        Ok(Ok(Ok(()))) => {
            delivery.status = DeliveryStatus::Delivered;
            return delivery;
        }
        Ok(Ok(Err(error))) => error,
        Ok(Err(_)) => NotifyError::Retry("the notifier panicked".into()),
        Err(_) => NotifyError::Retry(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    let given_up = matches!(error, NotifyError::Permanent(_)) || delivery.attempts >= MAX_ATTEMPTS;
    let mut text = error.to_string();
    text.truncate(text.floor_char_boundary(500));
    warn!(
        channel = %delivery.channel,
        id = %delivery.notice.id,
        attempts = delivery.attempts,
        given_up,
        "a notice was not delivered: {text}"
    );
    if given_up {
        delivery.status = DeliveryStatus::Dead;
    } else {
        delivery.next_attempt_at = next_attempt(delivery.updated_at, delivery.attempts, chance());
    }
    // Postgres takes no NUL in text.
    delivery.last_error = Some(text.replace('\0', "\u{fffd}"));
    delivery
}
