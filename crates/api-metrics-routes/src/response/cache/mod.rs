//! Answers that were computed before: one computation at a time for each question, never shared
//! between scopes.
//!
//! Answers that touch now are kept for a flush interval, because nothing can change sooner. Answers about
//! the past are kept longer, under what they depend on: how much the store holds of their range. All views
//! of a range so change together when a late record arrives. An edit of a key or a plan makes every kept
//! answer old.

mod entry;

use std::{
    fmt::Debug,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use api_metrics_store::query::{Scope, TimeRange};
use serde::Serialize;

pub(crate) use entry::Cached;

use crate::{
    response::{Kind, Problem},
    ttl_cache::TtlCache,
};

/// How long answers are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Answers about a range that touches now: how often this process flushes, unless it was set.
    pub(crate) open: Duration,
    /// Answers about a range that is over, while nothing is recorded for it any more.
    pub(crate) closed: Duration,
    /// How long it may take until a late record in such a range is noticed.
    pub(crate) revalidate: Duration,
    /// The last five minutes: long enough that a crowd costs one query.
    pub(crate) realtime: Duration,
}

impl Lifetimes {
    /// The defaults of a process that flushes this often.
    pub(crate) const fn new(flush_interval: Duration) -> Self {
        Self {
            open: flush_interval,
            closed: Duration::from_secs(600),
            revalidate: Duration::from_secs(1),
            realtime: Duration::from_secs(1),
        }
    }

    /// Whether a range is over at `now`, so that only late records can change an answer about it.
    pub(crate) fn is_closed(&self, range: TimeRange, now: i64) -> bool {
        // A record may arrive a flush after its minute has ended, so a range counts as closed only then.
        let grace = i64::try_from(self.open.as_secs()).unwrap_or(i64::MAX / 4) * 2 + 60;
        range.to.saturating_add(grace) <= now
    }
}

/// A question in full. The scope is part of it, so that no answer can cross from one principal to
/// another who may see less.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    /// Which route answers.
    route: &'static str,
    /// What the caller may see.
    scope: Scope,
    /// Everything else that the answer depends on.
    asked: String,
    /// Edits before the question: an edit makes every kept answer old.
    edits: u64,
}

/// The computation of an answer, as JSON. It is of one type for all routes, since each other type would bring a copy of the
/// code that waits for it.
pub(crate) type ComputeJson<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<u8>, Problem>> + Send + 'a>>;

/// Computes an answer and writes it as JSON.
///
/// # Errors
/// Those of `compute`; 500 where the answer can't be written.
pub(crate) async fn json_of<T: Serialize>(
    route: &'static str,
    compute: impl Future<Output = Result<T, Problem>>,
) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&compute.await?).map_err(|error| {
        tracing::error!(%error, route, "an answer could not be serialised");
        Problem::new(Kind::Internal, "the answer could not be written")
    })
}

/// The cache of one admin and its consoles.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    /// Kept answers.
    answers: TtlCache<Question, Cached, Problem>,
    /// Edits before the question: an edit makes every kept answer old.
    edits: AtomicU64,
    /// Answers that were at hand.
    hits: AtomicU64,
    /// Answers that were computed.
    misses: AtomicU64,
    /// Hits and misses that the samples of our own health know of.
    #[cfg(feature = "control")]
    sampled: std::sync::Mutex<(u64, u64)>,
}

impl AnswerCache {
    /// Holds at most `max_bytes` of bodies.
    pub(crate) fn new(max_bytes: u64) -> Self {
        Self {
            answers: TtlCache::by_weight(max_bytes, bytes_of, Duration::ZERO),
            edits: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            #[cfg(feature = "control")]
            sampled: std::sync::Mutex::default(),
        }
    }

    /// The answer to a question, computed by `compute` unless it is at hand. While one caller
    /// computes, the others wait for the result; a failure is answered to all and not kept.
    /// `asked` must tell apart every two questions that may have different answers.
    ///
    /// # Errors
    /// Those of `compute`; 500 where the answer can't be written as JSON.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        route: &'static str,
        scope: &Scope,
        asked: &impl Debug,
        time_to_live: Duration,
        compute: impl Future<Output = Result<T, Problem>> + Send,
    ) -> Result<(Cached, bool), Problem> {
        let compute = Box::pin(json_of(route, compute));
        self.answer_json(route, scope, format!("{asked:?}"), time_to_live, compute)
            .await
    }

    /// The same of a computation that gives JSON.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(crate) async fn answer_json(
        &self,
        route: &'static str,
        scope: &Scope,
        asked: String,
        time_to_live: Duration,
        compute: ComputeJson<'_>,
    ) -> Result<(Cached, bool), Problem> {
        let question = Question {
            route,
            scope: scope.clone(),
            asked,
            edits: self.edits.load(Ordering::Relaxed),
        };
        let compute = async { Ok(Cached::new(compute.await?)) };
        let (cached, hit) = self
            .answers
            .find_or(question, time_to_live, compute)
            .await?;
        let count = if hit { &self.hits } else { &self.misses };
        count.fetch_add(1, Ordering::Relaxed);
        Ok((cached, hit))
    }

    /// A key or a plan has changed, here: what was kept may name a key to those who no longer may see
    /// it, or bill what is no longer true.
    #[cfg(any(test, feature = "control"))]
    pub(crate) fn edited(&self) {
        self.edits.fetch_add(1, Ordering::Relaxed);
    }

    /// Hits and misses since the start.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.hits.load(Ordering::Relaxed),
            self.misses.load(Ordering::Relaxed),
        )
    }

    /// Hits and misses since the last call.
    #[cfg(feature = "control")]
    pub(crate) fn take_counts(&self) -> (u64, u64) {
        let now = self.counts();
        let mut sampled = self
            .sampled
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = std::mem::replace(&mut *sampled, now);
        (
            now.0.saturating_sub(before.0),
            now.1.saturating_sub(before.1),
        )
    }

    /// Answers held, and the bytes of them.
    pub(crate) fn held(&self) -> (u64, u64) {
        self.answers.held()
    }
}

/// What an answer takes of memory.
fn bytes_of(question: &Question, cached: &Cached) -> u64 {
    (question.asked.len() + cached.body().len() + 256) as u64
}

#[cfg(test)]
mod tests;
