//! Works off the outbox.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use tracing::warn;

use super::{
    Delivery, DeliveryStatus, Notifier, NotifyError,
    schedule::{MOST_ATTEMPTS, chance, next_attempt},
};
use crate::store::{Acts, StoreError};

/// A notifier that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than any attempt: one that outlives it died with its process.
const LEASE_SECONDS: u32 = 90;
/// Deliveries in flight at once.
const AT_ONCE: u32 = 16;

/// Hands notices to notifiers.
#[derive(Debug, Clone)]
pub struct Courier {
    notifiers: Vec<Arc<dyn Notifier>>,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

impl Courier {
    /// A courier for these notifiers. Of several with one name the first counts.
    #[must_use]
    pub fn new(notifiers: Vec<Arc<dyn Notifier>>) -> Self {
        let mut kept: Vec<Arc<dyn Notifier>> = Vec::with_capacity(notifiers.len());
        for notifier in notifiers {
            if kept.iter().any(|n| n.channel() == notifier.channel()) {
                warn!(
                    channel = notifier.channel(),
                    "two notifiers have one name; the second is not used"
                );
            } else {
                kept.push(notifier);
            }
        }
        Self { notifiers: kept }
    }

    /// Delivers what is due, a bounded number at a time. Safe in several processes at once: each
    /// delivery is one process's.
    ///
    /// # Errors
    /// The database's. What was delivered but could not be written down is delivered again.
    pub async fn deliver(&self, store: &dyn Acts) -> Result<Delivered, StoreError> {
        let channels: Vec<&str> = self.notifiers.iter().map(|n| n.channel()).collect();
        let due = store
            .claim_deliveries(&channels, LEASE_SECONDS, AT_ONCE)
            .await?;
        let mut done = Delivered {
            more: due.len() == AT_ONCE as usize,
            ..Delivered::default()
        };
        let attempts = due.into_iter().map(|delivery| self.attempt(delivery));
        for delivery in join_all(attempts).await {
            match delivery.status {
                DeliveryStatus::Delivered => done.delivered += 1,
                DeliveryStatus::Pending => done.retried += 1,
                DeliveryStatus::Dead => done.dead += 1,
            }
            store.settle_delivery(&delivery).await?;
        }
        Ok(done)
    }

    async fn attempt(&self, mut delivery: Delivery) -> Delivery {
        let Some(notifier) = self
            .notifiers
            .iter()
            .find(|n| n.channel() == delivery.channel)
        else {
            // Claimed by name, so it is there.
            return delivery;
        };
        // A notifier is the user's code: neither its panic nor its silence may stop the others.
        let told = AssertUnwindSafe(notifier.notify(&delivery.notice)).catch_unwind();
        let error = match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(Ok(()))) => {
                delivery.status = DeliveryStatus::Delivered;
                return delivery;
            }
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => NotifyError::Retry("the notifier panicked".into()),
            Err(_) => NotifyError::Retry(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let given_up =
            matches!(error, NotifyError::Permanent(_)) || delivery.attempts >= MOST_ATTEMPTS;
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
            delivery.next_attempt_at =
                next_attempt(delivery.updated_at, delivery.attempts, chance());
        }
        // Postgres takes no NUL in text.
        delivery.last_error = Some(text.replace('\0', "\u{fffd}"));
        delivery
    }
}
