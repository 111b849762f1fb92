//! How far something has come that many streams follow: read by one task for all of them.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::Hub;
use crate::response::Problem;

/// How often it is read.
const POLL: Duration = Duration::from_millis(250);
/// How often those who follow say that they still do.
const RENEW: Duration = Duration::from_secs(15);

/// How far it has come, or why nobody knows.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// So far.
    At(u64),
    /// The store does not answer.
    Unknown(Problem),
}

impl Progress {
    /// Whether somebody who knew `self` learns nothing new.
    fn tells_as_much_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::At(number), Self::At(other)) => number == other,
            (Self::Unknown(_), Self::Unknown(_)) => true,
            _ => false,
        }
    }
}

/// The progress that streams of this process follow, while there are any.
#[derive(Debug, Default)]
pub(super) struct Followed(Mutex<Option<watch::Sender<Progress>>>);

impl Followed {
    fn lock(&self) -> MutexGuard<'_, Option<watch::Sender<Progress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it where nobody follows. Under the lock that [`Hub::follow`] takes too, so that nobody comes between
    /// the look and the end.
    fn end_if_unfollowed(&self) -> bool {
        let mut followed = self.lock();
        let unfollowed = followed
            .as_ref()
            .is_none_or(|sender| sender.receiver_count() == 0);
        if unfollowed {
            *followed = None;
        }
        unfollowed
    }
}

impl Hub {
    /// Follows the progress that `read` reads; it is told when to say that somebody still follows. It has come to
    /// `now`. All who follow share one reader, the first one's.
    ///
    /// `state` is held weakly, as by a subscription.
    pub(crate) fn follow<S, F>(
        self: &Arc<Self>,
        state: &Arc<S>,
        now: u64,
        read: impl Fn(Arc<S>, bool) -> F + Send + Sync + 'static,
    ) -> watch::Receiver<Progress>
    where
        S: Send + Sync + 'static,
        F: Future<Output = Result<u64, Problem>> + Send + 'static,
    {
        let mut followed = self.followed.lock();
        if let Some(sender) = &*followed {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(Progress::At(now));
        *followed = Some(sender);
        let (hub, state) = (Arc::downgrade(self), Arc::downgrade(state));
        tokio::spawn(poll(hub, state, read));
        receiver
    }
}

async fn poll<S, F>(
    hub: Weak<Hub>,
    state: Weak<S>,
    read: impl Fn(Arc<S>, bool) -> F + Send + Sync + 'static,
) where
    S: Send + Sync + 'static,
    F: Future<Output = Result<u64, Problem>> + Send + 'static,
{
    let Some((limits, shutdown)) = hub.upgrade().map(|hub| (hub.limits, hub.shutdown.clone()))
    else {
        return;
    };
    let mut ticks = interval(POLL.min(limits.poll_interval));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewed = None::<Instant>;
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let Some(hub) = hub.upgrade() else { return };
        if hub.followed.end_if_unfollowed() {
            return;
        }
        let Some(state) = state.upgrade() else { break };
        let now = Instant::now();
        let renew = renewed.is_none_or(|at| now - at >= RENEW);
        let progress = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            progress = read(state, renew) => progress,
        };
        let progress = match progress {
            Ok(number) => {
                if renew {
                    renewed = Some(now);
                }
                Progress::At(number)
            }
            Err(problem) => Progress::Unknown(problem),
        };
        if let Some(sender) = &*hub.followed.lock() {
            sender.send_if_modified(|known| {
                let news = !known.tells_as_much_as(&progress);
                *known = progress;
                news
            });
        }
    }
    if let Some(hub) = hub.upgrade() {
        *hub.followed.lock() = None;
    }
}
