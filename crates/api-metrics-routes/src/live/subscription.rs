//! What a stream shows, and how its next event is read.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
};

use api_metrics_store::query::Scope;
use serde::Serialize;

use super::HealthSample;
use crate::response::Problem;

/// Whose data a feed shows, and which. Subscriptions of one topic share a feed.
pub(super) type Topic = (Scope, String);

type ReadFuture = Pin<Box<dyn Future<Output = Result<FeedReading, Problem>> + Send>>;
type Read = dyn Fn() -> Option<ReadFuture> + Send + Sync;

/// What a client watches.
#[derive(Clone)]
pub(crate) struct Subscription {
    /// Tells feeds apart.
    pub(super) topic: Topic,
    /// Reads the next event.
    read: Arc<Read>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.topic).finish()
    }
}

impl Subscription {
    /// Watches what `read` reads. `name` must tell apart every two subscriptions of one scope that
    /// may read different things.
    ///
    /// `state` is held weakly: a feed must not keep alive the state that holds it.
    pub(crate) fn new<S, F>(
        scope: Scope,
        name: String,
        state: &Arc<S>,
        read: impl Fn(Arc<S>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Send + Sync + 'static,
        F: Future<Output = Result<FeedReading, Problem>> + Send + 'static,
    {
        let state: Weak<S> = Arc::downgrade(state);
        Self {
            topic: (scope, name),
            read: Arc::new(move || {
                let state = state.upgrade()?;
                Some(Box::pin(read(state)) as ReadFuture)
            }),
        }
    }

    /// Reads the next event; `None` once the state is gone.
    pub(super) async fn read(&self) -> Option<Result<FeedReading, Problem>> {
        Some((self.read)()?.await)
    }
}

/// What was read at one moment, serialised once for all that watch.
#[derive(Debug, Clone)]
pub(crate) struct FeedReading {
    /// When the snapshot was taken, by the clock of the database: microseconds since the Unix epoch.
    pub(super) as_of_us: i64,
    /// Requests and errors, by which urgent changes are found.
    pub(super) sample: HealthSample,
    /// The answer's JSON, in one line.
    pub(super) data: Arc<str>,
}

impl FeedReading {
    /// An `answer` of the snapshot at `as_of_us`, with the requests and errors in it.
    pub(crate) fn new(as_of_us: i64, sample: HealthSample, answer: &impl Serialize) -> Self {
        Self {
            as_of_us,
            sample,
            data: json(answer),
        }
    }
}

/// One line: JSON escapes line breaks, which would end an event's field.
pub(super) fn json(value: &impl Serialize) -> Arc<str> {
    serde_json::to_string(value).unwrap_or_default().into()
}
