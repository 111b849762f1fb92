//! How often a principal may ask, reads and writes apart.
//!
//! A token bucket a caller (GCRA, by the crate `governor`): the whole minute's requests may come at
//! once, then one each time that a part of the minute has passed. Answers carry the state in the
//! `RateLimit` headers.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use api_metrics_store::time::Clock;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, ReasonablyRealtime},
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderValue, Method};

use super::{Caller, Identity};
use crate::response::{Kind, Problem};

/// Principals remembered before those that have been silent are forgotten.
const REMEMBERED: usize = 10_000;

type Limiter =
    RateLimiter<Identity, DashMapStateStore<Identity>, Ticks, StateInformationMiddleware>;

/// Our clock in governor's terms, so that tests tell the time.
#[derive(Debug, Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.monotonic())
    }
}

impl ReasonablyRealtime for Ticks {
    fn reference_point(&self) -> Nanos {
        Nanos::from(Duration::ZERO)
    }
}

/// The limits of one router.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// Safe methods: GET, HEAD, OPTIONS.
    reads: RequestLimit,
    /// All other methods.
    writes: RequestLimit,
}

/// The limit of one kind of request.
struct RequestLimit {
    /// The policy's name in the headers.
    name: &'static str,
    /// Requests a minute.
    per_minute: NonZeroU32,
    /// Counts by caller.
    limiter: Limiter,
    /// Tests advance it.
    clock: Ticks,
}

impl std::fmt::Debug for RequestLimit {
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
        Self {
            reads: RequestLimit::new("reads", per_minute, clock),
            writes: RequestLimit::new("writes", per_minute, clock),
        }
    }

    /// Counts a request of `caller`.
    pub(crate) fn check(&self, caller: &Caller, method: &Method) -> Verdict {
        let limit = if method.is_safe() {
            &self.reads
        } else {
            &self.writes
        };
        limit.check(&caller.identity())
    }
}

impl RequestLimit {
    fn new(name: &'static str, per_minute: NonZeroU32, clock: &Arc<dyn Clock>) -> Self {
        let clock = Ticks(clock.clone());
        Self {
            name,
            per_minute,
            limiter: RateLimiter::dashmap_with_clock(Quota::per_minute(per_minute), clock.clone())
                .with_middleware(),
            clock,
        }
    }

    /// Counts a request of `caller`.
    fn check(&self, key: &Identity) -> Verdict {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        let (remaining, retry_after) = match self.limiter.check_key(key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(not_yet) => {
                let wait = not_yet.wait_time_from(self.clock.now());
                (0, Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
            }
        };
        let used = u64::from(self.per_minute.get() - remaining.min(self.per_minute.get()));
        Verdict {
            name: self.name,
            per_minute: self.per_minute.get(),
            remaining,
            full_after: (used * 60).div_ceil(u64::from(self.per_minute.get())),
            retry_after,
        }
    }
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
