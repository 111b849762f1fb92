//! Delivers the notices of the outbox.
//!
//! # A round on one channel
//!
//! 1. Claim up to 16 deliveries that are due, for 90 s.
//! 2. Group them by event: within a group they are attempted one after the other, so that a firing
//!    arrives before its end. Groups are attempted at the same time.
//! 3. An attempt has 30 s. A longer one, an error and a panic of the notifier are failures.
//! 4. Write each outcome as soon as it is known. If that fails, the round ends; what was delivered but
//!    not written down is delivered again after the lease.
//!
//! Channels don't wait for each other within [`deliver`], but the call returns when the slowest has
//! finished. A host that wants none to wait gives each channel a loop of its own.
//!
//! Lease, patience and group fit together: an attempt of 30 s ends well within the lease of 90 s. A
//! group of more than three slow attempts may outlive it; its later ones are then attempted twice,
//! which receivers must expect in any case.

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
use crate::{
    store::StoreError,
    text::{Shown, is_plain},
};

/// A notifier that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than any attempt: one that outlives it died with its process.
const LEASE_SECONDS: u32 = 90;
/// Deliveries of a channel in flight at once.
const AT_ONCE: u32 = 16;

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

/// Leaves out what can't be told apart or shown: of several notifiers with one channel name the first
/// counts, because deliveries are told apart by it.
pub(in crate::control) fn drop_unusable(notifiers: &mut Vec<Arc<dyn Notifier>>) {
    let mut names: Vec<String> = Vec::with_capacity(notifiers.len());
    notifiers.retain(|notifier| {
        let channel = notifier.channel();
        if !is_plain(channel) || channel.trim().is_empty() {
            warn!(
                channel = %Shown(channel),
                "a notifier's name is blank or holds control characters; it is not used"
            );
            return false;
        }
        let new = !names.iter().any(|name| name == channel);
        if new {
            names.push(channel.to_owned());
        } else {
            warn!(
                channel,
                "two notifiers have one name; the second is not used"
            );
        }
        new
    });
}

/// Delivers what is due on one channel, or on all at the same time, a bounded number at a time. Safe
/// in several processes at once: each delivery is one process's. Nothing where there is no such
/// channel.
///
/// # Errors
/// The first of several: `StoreError::Unavailable` when the database cannot be reached,
/// `StoreError::Timeout` past the statement limit. What was delivered but could not be written down
/// is delivered again.
pub(in crate::control) async fn deliver(
    notifiers: &[Arc<dyn Notifier>],
    store: &dyn NoticeStore,
    channel: Option<&str>,
    public_url: Option<&str>,
) -> Result<Delivered, StoreError> {
    let named = |groups: bool| -> Vec<&str> {
        let of = notifiers.iter().filter(|n| n.groups() == groups);
        of.map(|n| n.channel()).collect()
    };
    let (channels, grouping) = (named(false), named(true));
    let rounds = notifiers
        .iter()
        .filter(|notifier| channel.is_none_or(|channel| notifier.channel() == channel))
        .map(|notifier| round(store, [&channels, &grouping], &**notifier, public_url));
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

/// Claims and attempts what is due on the notifier's channel, which is among `channels`: those that don't group, and
/// those that do.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
async fn round(
    store: &dyn NoticeStore,
    [channels, grouping]: [&[&str]; 2],
    notifier: &dyn Notifier,
    public_url: Option<&str>,
) -> Result<Delivered, StoreError> {
    let mut due = store
        .claim_deliveries(
            channels,
            grouping,
            notifier.channel(),
            LEASE_SECONDS,
            AT_ONCE,
        )
        .await?;
    for delivery in &mut due {
        delivery.notice.url = public_url.map(|base| delivery.notice.url_at(base));
    }
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

/// Groups deliveries that must follow one another: an event's firing comes before its end. They come in
/// the order of time.
fn by_event(due: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut groups: Vec<Vec<Delivery>> = Vec::with_capacity(due.len());
    for delivery in due {
        let events: Vec<_> = delivery.notice.events().collect();
        let same = groups.iter_mut().find(|group| {
            group
                .iter()
                .any(|d| d.notice.events().any(|event| events.contains(&event)))
        });
        match same {
            Some(group) => group.push(delivery),
            None => groups.push(vec![delivery]),
        }
    }
    groups
}

/// One attempt, with its outcome in the delivery that it returns. Never fails and never panics.
///
/// The error's text is cut to 500 bytes and kept as `last_error`.
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
    // What a receiver or a server said may be anything, NUL included, which Postgres takes in no text.
    let mut text = Shown(&error).to_string();
    text.truncate(text.floor_char_boundary(500));
    warn!(
        channel = %Shown(&delivery.channel),
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
    delivery.last_error = Some(text);
    delivery
}
