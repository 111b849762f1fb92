//! Feeds: one for each thing that somebody watches, ended when nobody does.
//!
//! A feed holds the hub weakly and its state weakly, so that dropping an admin ends its feeds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use api_metrics_store::{query::Scope, time::Clock};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    change::ChangeDetector,
    open_streams::{OpenStreams, Place, too_many},
    progress::Followed,
    subscription::{Subscription, Topic, json},
};
use crate::{auth::Caller, response::Problem};

/// Feeds that are also read between their updates. Beyond that number they keep to their updates:
/// reading in between would cost the store more than it is worth. The feeds of admins and those of
/// everybody else are counted apart, so that neither takes it from the other.
const MAX_POLLING_BETWEEN: usize = 20;

/// The event that a feed published last; none before its first read.
pub(super) type LatestEvent = Option<Event>;

/// One event, serialised once for all that watch.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The event's `event` in the stream.
    pub(super) name: &'static str,
    /// The event's `id` in the stream.
    pub(super) id: String,
    /// The event's JSON, in one line.
    pub(super) data: Arc<str>,
}

/// Bounds and intervals of streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HubLimits {
    /// Open streams of all routers together.
    pub(crate) connections: usize,
    /// Open streams of one principal that is no admin.
    pub(crate) of_one_principal: usize,
    /// Different things that may be watched within one scope: each is a query of its own.
    pub(crate) feeds_of_one_scope: usize,
    /// How often a feed sends an update.
    pub(crate) update_interval: Duration,
    /// How often a feed is read for what cannot wait until its next update.
    pub(crate) poll_interval: Duration,
    /// After how long a stream ends, and its client comes back.
    pub(crate) lifetime: Duration,
}

/// All feeds.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Bounds and intervals of streams.
    pub(super) limits: HubLimits,
    /// Decides when streams end.
    pub(super) clock: Arc<dyn Clock>,
    /// Ends all streams.
    pub(super) shutdown: CancellationToken,
    /// The latest event of each topic.
    feeds: Mutex<HashMap<Topic, watch::Sender<LatestEvent>>>,
    /// The open streams, counted.
    open: OpenStreams,
    /// What streams follow that have each its own place in it.
    pub(super) followed: Followed,
}

impl Hub {
    /// A hub without feeds, whose streams end when `shutdown` is cancelled.
    pub(crate) fn new(
        limits: HubLimits,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock,
            shutdown,
            feeds: Mutex::default(),
            open: OpenStreams::default(),
            followed: Followed::default(),
        })
    }

    /// Streams that are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.taken()
    }

    /// How often a stream says something.
    pub(crate) const fn update_interval(&self) -> Duration {
        self.limits.update_interval
    }

    /// Feeds that poll the store.
    pub(crate) fn feeds(&self) -> usize {
        self.lock().len()
    }

    /// Feeds that poll the store for admins, or for everybody else.
    fn feeds_like(&self, scope: &Scope) -> usize {
        let for_admins = |scope: &Scope| *scope == Scope::All;
        self.lock()
            .keys()
            .filter(|(other, _)| for_admins(other) == for_admins(scope))
            .count()
    }

    /// A place among the open streams.
    ///
    /// # Errors
    /// 503 with `Retry-After` where a bound of streams is reached.
    pub(crate) fn place(&self, caller: &Caller) -> Result<Place, Problem> {
        self.open.take(
            caller,
            self.limits.connections,
            self.limits.of_one_principal,
        )
    }

    /// Joins the feed of a subscription; the first subscriber starts it.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        subscription: Subscription,
    ) -> Result<watch::Receiver<LatestEvent>, Problem> {
        let topic = &subscription.topic;
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(topic) {
            return Ok(feed.subscribe());
        }
        // A feed without subscribers ends by itself at its next poll.
        let beside = feeds
            .iter()
            .filter(|((scope, _), feed)| *scope == topic.0 && feed.receiver_count() > 0)
            .count();
        if beside >= self.limits.feeds_of_one_scope {
            return Err(too_many(format!(
                "{beside} different streams are open here, which is the limit: watch what another \
                 watches already"
            )));
        }
        let (sender, receiver) = watch::channel(None);
        feeds.insert(topic.clone(), sender);
        // A weak reference: a feed must not keep the hub alive that holds it.
        tokio::spawn(poll(Arc::downgrade(self), subscription));
        Ok(receiver)
    }

    /// Sends an event to all that watch a topic.
    fn publish(&self, topic: &Topic, event: Event) {
        if let Some(feed) = self.lock().get(topic) {
            feed.send_replace(Some(event));
        }
    }

    /// Ends a feed that nobody watches. Under the lock that [`subscribe`](Self::subscribe) takes
    /// too, so that no subscriber can come between the look and the end.
    fn end_if_unwatched(&self, topic: &Topic) -> bool {
        let mut feeds = self.lock();
        let unwatched = feeds
            .get(topic)
            .is_none_or(|feed| feed.receiver_count() == 0);
        if unwatched {
            feeds.remove(topic);
        }
        unwatched
    }

    /// Ends a feed.
    fn end(&self, topic: &Topic) {
        self.lock().remove(topic);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Topic, watch::Sender<LatestEvent>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one feed until nobody watches it, or the service stops.
async fn poll(hub: Weak<Hub>, subscription: Subscription) {
    let topic = &subscription.topic;
    let Some((limits, shutdown)) = hub.upgrade().map(|hub| (hub.limits, hub.shutdown.clone()))
    else {
        return;
    };
    let poll_interval = limits.poll_interval.min(limits.update_interval);
    let mut ticks = interval(poll_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = 0_u64;
    let mut failing = false;
    let mut detector = ChangeDetector::default();
    let mut due_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let Some(hub) = hub.upgrade() else { return };
        if hub.end_if_unwatched(topic) {
            return;
        }
        // Ticks come a little late at times, never early.
        let due = Instant::now() + poll_interval / 2 >= due_at;
        if !due && hub.feeds_like(&topic.0) > MAX_POLLING_BETWEEN {
            continue;
        }
        let read = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            read = subscription.read() => read,
        };
        let Some(read) = read else { break };
        let (event, urgent) = match read {
            Ok(reading) => {
                let urgent = failing || detector.is_news(&reading.sample);
                if due || urgent {
                    detector.sent(reading.sample);
                }
                failing = false;
                let event = Event {
                    name: "metrics-update",
                    id: reading.as_of_us.to_string(),
                    data: reading.data,
                };
                (event, urgent)
            }
            Err(problem) => {
                let urgent = !failing;
                failing = true;
                failures += 1;
                let event = Event {
                    name: "metrics-unavailable",
                    id: format!("unavailable-{failures}"),
                    data: json(&problem),
                };
                (event, urgent)
            }
        };
        if due || urgent {
            due_at = Instant::now() + limits.update_interval;
            hub.publish(topic, event);
        }
    }
    if let Some(hub) = hub.upgrade() {
        hub.end(topic);
    }
}
