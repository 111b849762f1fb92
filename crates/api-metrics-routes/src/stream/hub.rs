//! Feeds: one for each thing that somebody watches, ended when nobody does.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_metrics_store::query::{Filter, Scope};
use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    pulse::{Pulse, Vitals},
    snapshot,
};
use crate::{
    app::{App, Shared},
    console,
    problem::{Kind, Problem},
};

/// Beyond so many feeds they keep to their updates: looking in between would cost the store more than
/// it is worth.
const MOST_GLANCING: usize = 20;

/// What a feed is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Watch {
    /// The last five minutes.
    Live(Filter),
    /// A consumer's summary.
    Console(console::Asked),
}

type Topic = (Scope, Watch);

/// What the feed has seen last; nothing before its first poll.
pub(super) type Seen = Option<Event>;

/// One event, serialised once for all that watch.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) id: String,
    pub(super) data: Arc<str>,
}

/// Bounds of streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HubLimits {
    /// Open streams of all routers together.
    pub(crate) connections: usize,
    /// How often a feed sends an update.
    pub(crate) poll: Duration,
    /// How often it looks for what cannot wait until then.
    pub(crate) glance: Duration,
    /// After how long a stream ends, and its client comes back.
    pub(crate) lifetime: Duration,
}

/// All feeds.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(super) limits: HubLimits,
    feeds: Mutex<HashMap<Topic, watch::Sender<Seen>>>,
    connections: Arc<AtomicUsize>,
}

/// A place among the open streams, given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hub {
    pub(crate) fn new(limits: HubLimits) -> Self {
        Self {
            limits,
            feeds: Mutex::default(),
            connections: Arc::default(),
        }
    }

    /// Streams that are open.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Feeds that poll the store.
    pub(crate) fn feeds(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn place(&self) -> Result<Place, Problem> {
        let taken = self.connections.fetch_add(1, Ordering::Relaxed);
        // From here on the guard gives the place back, also where there was none.
        let place = Place(self.connections.clone());
        if taken >= self.limits.connections {
            return Err(Problem::new(
                Kind::TooManyStreams,
                format!("{taken} streams are open, which is the limit"),
            )
            .retry_after(30));
        }
        Ok(place)
    }

    /// Watches a topic; its first watcher starts the poll.
    pub(super) fn watch(&self, app: &App, topic: Topic) -> watch::Receiver<Seen> {
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(&topic) {
            return feed.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        feeds.insert(topic.clone(), sender);
        // A weak reference: a feed must not keep the app alive that holds it.
        tokio::spawn(poll(Arc::downgrade(app), topic));
        receiver
    }

    fn publish(&self, topic: &Topic, event: Event) {
        if let Some(feed) = self.lock().get(topic) {
            feed.send_replace(Some(event));
        }
    }

    /// Ends a feed that nobody watches. Under the lock that [`watch`](Self::watch) takes too, so
    /// that no watcher can come between the look and the end.
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

    fn end(&self, topic: &Topic) {
        self.lock().remove(topic);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Topic, watch::Sender<Seen>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn poll(app: Weak<Shared>, topic: Topic) {
    let Some((limits, shutdown)) = app
        .upgrade()
        .map(|app| (app.hub.limits, app.shutdown.clone()))
    else {
        return;
    };
    let glance = limits.glance.min(limits.poll);
    let mut ticks = interval(glance);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = 0_u64;
    let mut failing = false;
    let mut pulse = Pulse::default();
    let mut due_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let Some(app) = app.upgrade() else { return };
        if app.hub.end_if_unwatched(&topic) {
            return;
        }
        // Ticks come a little late at times, never early.
        let due = Instant::now() + glance / 2 >= due_at;
        if !due && app.hub.feeds() > MOST_GLANCING {
            continue;
        }
        let seen = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            seen = look(&app, &topic) => seen,
        };
        let (event, news) = match seen {
            Ok((event, vitals)) => {
                let news = failing || pulse.is_news(&vitals);
                if due || news {
                    pulse.sent(vitals);
                }
                failing = false;
                (event, news)
            }
            Err(problem) => {
                let news = !failing;
                failing = true;
                failures += 1;
                let event = Event {
                    name: "metrics-unavailable",
                    id: format!("unavailable-{failures}"),
                    data: json(&problem),
                };
                (event, news)
            }
        };
        if due || news {
            due_at = Instant::now() + limits.poll;
            app.hub.publish(&topic, event);
        }
    }
    if let Some(app) = app.upgrade() {
        app.hub.end(&topic);
    }
}

async fn look(app: &Shared, (scope, watch): &Topic) -> Result<(Event, Vitals), Problem> {
    let (as_of_us, vitals, data) = match watch {
        Watch::Live(filter) => {
            let seen = snapshot(app, scope, filter).await?;
            (seen.as_of.timestamp_micros(), seen.vitals(), json(&seen))
        }
        Watch::Console(asked) => {
            let (as_of_us, seen) = console::summary(app, scope, *asked).await?;
            (as_of_us, seen.vitals(), json(&seen))
        }
    };
    let event = Event {
        name: "metrics-update",
        id: as_of_us.to_string(),
        data,
    };
    Ok((event, vitals))
}

/// One line: JSON escapes line breaks, which would end an event's field.
fn json(value: &impl Serialize) -> Arc<str> {
    serde_json::to_string(value).unwrap_or_default().into()
}
