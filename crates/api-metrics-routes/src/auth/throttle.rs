//! How often a principal may ask, reads and writes apart.
//!
//! A token bucket a caller, kept as one number (GCRA): the whole minute's requests may come at
//! once, then one each time that a part of the minute has passed. Answers carry the state in the
//! `RateLimit` headers.
//! The routes of the collector are limited by organisation instead: all principals and writers' tokens of a tenant
//! together, single reports, batches and reads each by themselves.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::time::Clock;
use http::{HeaderMap, HeaderValue, Method};

use super::{Caller, Identity};
use crate::response::{Kind, Problem};

/// Principals remembered before those that have been silent are forgotten.
const REMEMBERED: usize = 10_000;
/// The time in which a used-up limit is whole again.
const WINDOW: Duration = Duration::from_secs(60);

/// The limits of one router, or of some of its routes.
#[derive(Debug)]
pub(crate) enum Throttle {
    /// Each principal by itself.
    Principals {
        /// Safe methods: GET, HEAD, OPTIONS.
        reads: RequestLimit<Identity>,
        /// All other methods.
        writes: RequestLimit<Identity>,
    },
    /// All of an organisation together, whatever the method.
    #[cfg(feature = "ingest")]
    Organisations(Arc<RequestLimit<Organisation>>),
}

/// Whose requests are counted together.
#[cfg(feature = "ingest")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Organisation {
    /// All tokens and principals of this tenant.
    Tenant(String),
    /// The token of this number, which is no tenant's or is a browser's.
    Token(i64),
    /// A principal without a tenant.
    Principal(Identity),
}

#[cfg(feature = "ingest")]
impl Organisation {
    /// The organisation of a caller.
    fn of(caller: &Caller) -> Self {
        match &caller.principal.tenant {
            Some(tenant) => Self::Tenant(tenant.clone()),
            None => Self::Principal(caller.identity()),
        }
    }
}

/// The limit of one kind of request, for each `K` that sends them.
pub(crate) struct RequestLimit<K> {
    /// The policy's name in the headers.
    name: &'static str,
    /// Requests a minute.
    per_minute: NonZeroU32,
    /// By caller: when all of its requests are left again, on the monotonic clock.
    full_at: Mutex<HashMap<K, Duration>>,
    /// Tests advance it.
    clock: Arc<dyn Clock>,
}

impl<K> std::fmt::Debug for RequestLimit<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestLimit")
            .field("name", &self.name)
            .field("per_minute", &self.per_minute)
            .finish_non_exhaustive()
    }
}

impl Throttle {
    /// `per_minute` requests of each kind by each principal, all of which may come at once.
    pub(crate) fn new(per_minute: NonZeroU32, clock: &Arc<dyn Clock>) -> Self {
        Self::Principals {
            reads: RequestLimit::new("reads", per_minute, clock),
            writes: RequestLimit::new("writes", per_minute, clock),
        }
    }

    /// Counts a request of `caller`.
    pub(crate) fn check(&self, caller: &Caller, method: &Method) -> Verdict {
        match self {
            Self::Principals { reads, .. } if method.is_safe() => reads.check(caller.identity()),
            Self::Principals { writes, .. } => writes.check(caller.identity()),
            #[cfg(feature = "ingest")]
            Self::Organisations(limit) => limit.check(Organisation::of(caller)),
        }
    }
}

impl<K: Eq + Hash> RequestLimit<K> {
    /// `per_minute` requests by each, all of which may come at once.
    pub(crate) fn new(name: &'static str, per_minute: NonZeroU32, clock: &Arc<dyn Clock>) -> Self {
        Self {
            name,
            per_minute,
            full_at: Mutex::default(),
            clock: clock.clone(),
        }
    }

    /// Counts a request of `caller`.
    pub(crate) fn check(&self, caller: K) -> Verdict {
        let now = self.clock.monotonic();
        // What one request takes of the window.
        let share = WINDOW / self.per_minute.get();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() > REMEMBERED {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.entry(caller).or_insert(now);
        let after = (*at).max(now) + share;
        let retry_after = after.checked_sub(now + WINDOW).filter(|d| !d.is_zero());
        if retry_after.is_none() {
            *at = after;
        }
        let used = at.saturating_sub(now);
        drop(full_at);
        let remaining = (WINDOW - used.min(WINDOW)).as_nanos() / share.as_nanos().max(1);
        Verdict {
            name: self.name,
            per_minute: self.per_minute.get(),
            remaining: u32::try_from(remaining)
                .unwrap_or(u32::MAX)
                .min(self.per_minute.get()),
            full_after: whole_seconds(used),
            retry_after: retry_after.map(whole_seconds),
        }
    }
}

/// In seconds, rounded up.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// What became of one request.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The policy's name in the headers.
    name: &'static str,
    /// Requests a minute.
    per_minute: u32,
    /// Requests that are left now.
    remaining: u32,
    /// Seconds until all of them are left again.
    full_after: u64,
    /// Seconds until the next request is admitted, where this one was not.
    retry_after: Option<u64>,
}

impl Verdict {
    /// 429 with `Retry-After`, where the limit is used up.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let seconds = self.retry_after?;
        Some(
            Problem::new(
                Kind::TooManyRequests,
                format!("more than {} requests a minute", self.per_minute),
            )
            .retry_after(seconds.max(1)),
        )
    }

    /// Writes `RateLimit-Policy` and `RateLimit`, in the form of the IETF draft
    /// draft-ietf-httpapi-ratelimit-headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let policy = format!("\"{}\";q={};w=60", self.name, self.per_minute);
        let state = format!(
            "\"{}\";r={};t={}",
            self.name, self.remaining, self.full_after
        );
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}
