//! Feeds: one for each thing that somebody watches, ended when nobody does.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
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
    auth::{Caller, Identity, Role},
    console,
    problem::{Kind, Problem},
};

/// Beyond so many feeds they keep to their updates: looking in between would cost the store more than
/// it is worth. Those of operators and those of consumers are counted apart, so that neither takes it
/// from the other.
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
    /// How many of them a principal that is no admin may have.
    pub(crate) of_one_principal: usize,
    /// How many different things may be watched within one scope: each is a query of its own.
    pub(crate) feeds_of_one_scope: usize,
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
    open: Arc<Mutex<Open>>,
}

/// The open streams.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    /// Those of principals that are limited.
    by_principal: HashMap<Identity, usize>,
}

/// A place among the open streams, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    of: Option<Identity>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(principal) = self.of.take()
            && let Entry::Occupied(mut taken) = open.by_principal.entry(principal)
        {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

impl Hub {
    pub(crate) fn new(limits: HubLimits) -> Self {
        Self {
            limits,
            feeds: Mutex::default(),
            open: Arc::default(),
        }
    }

    /// Streams that are open.
    pub(crate) fn connections(&self) -> usize {
        self.open().all
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

    pub(super) fn place(&self, caller: &Caller) -> Result<Place, Problem> {
        // The admin token is one principal, however many operators have it.
        let limited = (caller.principal.role() != Role::Admin).then(|| caller.identity());
        let mut open = self.open();
        if open.all >= self.limits.connections {
            let all = open.all;
            return Err(too_many(format!(
                "{all} streams are open, which is the limit"
            )));
        }
        if let Some(principal) = &limited {
            let taken = open.by_principal.get(principal).copied().unwrap_or(0);
            if taken >= self.limits.of_one_principal {
                return Err(too_many(format!(
                    "{taken} streams of this principal are open, which is the limit"
                )));
            }
            open.by_principal.insert(principal.clone(), taken + 1);
        }
        open.all += 1;
        Ok(Place {
            open: self.open.clone(),
            of: limited,
        })
    }

    /// Watches a topic; its first watcher starts the poll.
    pub(super) fn watch(&self, app: &App, topic: Topic) -> Result<watch::Receiver<Seen>, Problem> {
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(&topic) {
            return Ok(feed.subscribe());
        }
        // A feed that nobody watches any more ends by itself at its next look.
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
        // A weak reference: a feed must not keep the app alive that holds it.
        tokio::spawn(poll(Arc::downgrade(app), topic));
        Ok(receiver)
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

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(detail: String) -> Problem {
    Problem::new(Kind::TooManyStreams, detail).retry_after(30)
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
        if !due && app.hub.feeds_like(&topic.0) > MOST_GLANCING {
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
