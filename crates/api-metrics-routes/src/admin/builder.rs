//! What an admin is built from.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use api_metrics_store::{
    billing::BillingSettings,
    control::ControlStore,
    limits::LimitSettings,
    quotas::QuotaSettings,
    store::{Store, Writer},
    time::{Clock, SystemClock},
};
use tokio_util::sync::CancellationToken;

use super::Admin;
use crate::{
    app::{Acts, Cors, Shared},
    auth::{Failures, SignIn, Throttle},
    cache::AnswerCache,
    directory::DirectoryCache,
    health::HealthSource,
    reader::{Reader, StoreProbe},
    stream::{Hub, HubLimits},
};

/// A time that nobody means to wait for; `Duration::MAX` would overflow clocks.
const LONGEST: Duration = Duration::from_secs(86_400);
/// An interval of zero would never let go of its thread.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// Builds an [`Admin`]. Without [`token`](Self::token) and [`no_auth`](Self::no_auth) a token is
/// made, shared with all instances through the store as a hash, and printed to stderr once.
#[derive(Debug)]
#[must_use]
pub struct AdminBuilder {
    store: Arc<dyn Store>,
    control: Option<Arc<dyn ControlStore>>,
    writer: Option<Arc<Writer>>,
    health: Option<Arc<dyn HealthSource>>,
    clock: Arc<dyn Clock>,
    access: Access,
    #[cfg(feature = "jwt")]
    jwt: Option<crate::auth::Jwt>,
    cors: Option<Cors>,
    shutdown: CancellationToken,
    flush_interval: Duration,
    query_timeout: Duration,
    slow_query: Duration,
    concurrent_queries: usize,
    cache_bytes: u64,
    requests_per_minute: NonZeroU32,
    console_requests_per_minute: NonZeroU32,
    streams: HubLimits,
    page: bool,
    limits: LimitSettings,
    quotas: QuotaSettings,
    billing: BillingSettings,
}

enum Access {
    Shared,
    Token(String),
    NoAuth,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shared => "Shared",
            Self::Token(_) => "Token(..)",
            Self::NoAuth => "NoAuth",
        })
    }
}

const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl AdminBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            control: None,
            writer: None,
            health: None,
            clock: Arc::new(SystemClock::default()),
            access: Access::Shared,
            #[cfg(feature = "jwt")]
            jwt: None,
            cors: None,
            shutdown: CancellationToken::new(),
            flush_interval: Duration::from_secs(10),
            query_timeout: Duration::from_secs(10),
            slow_query: Duration::from_secs(1),
            concurrent_queries: 8,
            cache_bytes: 32 << 20,
            requests_per_minute: at_least_one(600),
            console_requests_per_minute: at_least_one(60),
            streams: HubLimits {
                connections: 2_500,
                of_one_principal: 10,
                feeds_of_one_scope: 50,
                poll: Duration::from_secs(5),
                glance: Duration::from_secs(1),
                lifetime: Duration::from_secs(3_600),
            },
            page: true,
            limits: LimitSettings::default(),
            quotas: QuotaSettings::default(),
            billing: BillingSettings::default(),
        }
    }

    /// Adds the control plane: API keys, alerts, limits, quotas and billing, kept in this store.
    pub fn control(mut self, store: Arc<dyn ControlStore>) -> Self {
        self.control = Some(store);
        self
    }

    /// This process's own recorder, so that answers include what it has not flushed yet.
    pub fn writer(mut self, writer: Arc<Writer>) -> Self {
        self.writer = Some(writer);
        self
    }

    /// A token that the operator chose. It should be as long and random as a password that nobody
    /// has to remember: whoever has it sees everything. An empty one counts as none.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.access = Access::Token(token.into());
        self
    }

    /// Lets everybody in, as admin. Said in the log and on every page.
    pub fn no_auth(mut self) -> Self {
        self.access = Access::NoAuth;
        self
    }

    /// Takes JSON Web Tokens as bearer tokens too, beside the admin token.
    #[cfg(feature = "jwt")]
    pub fn jwt(mut self, jwt: crate::auth::Jwt) -> Self {
        self.jwt = Some(jwt);
        self
    }

    /// Lets pages of these origins (`https://ops.example.com`) ask, with bearer tokens; cookies stay
    /// with our own page. None by default. A host that sets CORS headers itself leaves this alone.
    pub fn allow_origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        self.cors = Some(Cors::new(origins.into_iter().map(Into::into).collect()));
        self
    }

    /// Ends all streams when cancelled; a server that waits for its connections would wait for them
    /// for ever.
    pub fn shutdown(mut self, token: CancellationToken) -> Self {
        self.shutdown = token;
        self
    }

    /// How often this process flushes; answers that touch now are kept that long. 10 s by default, at
    /// most a day.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval.min(LONGEST);
        self
    }

    /// What the host's background work reports.
    pub fn health(mut self, health: Arc<dyn HealthSource>) -> Self {
        self.health = Some(health);
        self
    }

    /// The clock that decides what `now` is, when sessions end and limits refill. The machine's by
    /// default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// After how long a query is given up, with 504. 10 s by default.
    pub fn query_timeout(mut self, limit: Duration) -> Self {
        self.query_timeout = limit;
        self
    }

    /// From how long on a query is logged as slow. 1 s by default.
    pub fn slow_query(mut self, limit: Duration) -> Self {
        self.slow_query = limit;
        self
    }

    /// How many queries may be at the store at once. 8 by default: the host's own work needs
    /// connections too.
    pub fn concurrent_queries(mut self, queries: usize) -> Self {
        self.concurrent_queries = queries;
        self
    }

    /// How many bytes of answers are kept at most. 32 MiB by default.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// How many requests a principal may send in a minute, reads and writes apart. 600 by default;
    /// 0 counts as 1.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = at_least_one(requests);
        self
    }

    /// The same for the [console](crate::Console). 60 by default; 0 counts as 1.
    pub fn console_requests_per_minute(mut self, requests: u32) -> Self {
        self.console_requests_per_minute = at_least_one(requests);
        self
    }

    /// How many streams may be open at once. 2,500 by default.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.streams.connections = streams;
        self
    }

    /// How many of them one principal may have. 10 by default. Admins are not limited so: the admin
    /// token is one principal, however many operators have it.
    pub fn max_streams_per_principal(mut self, streams: usize) -> Self {
        self.streams.of_one_principal = streams;
        self
    }

    /// How often streams send an update. 5 s by default, at most a day.
    pub fn stream_interval(mut self, interval: Duration) -> Self {
        self.streams.poll = interval.clamp(SHORTEST_POLL, LONGEST);
        self
    }

    /// How often the store is looked at between two updates for what cannot wait: traffic that begins,
    /// a share of errors that jumps by ten points. 1 s by default.
    pub fn stream_glance(mut self, interval: Duration) -> Self {
        self.streams.glance = interval.clamp(SHORTEST_POLL, LONGEST);
        self
    }

    /// After how long a stream ends; its client comes back by itself. 60 minutes by default, at most a
    /// day. It ends sooner where the caller's token or session does.
    pub fn stream_lifetime(mut self, lifetime: Duration) -> Self {
        self.streams.lifetime = lifetime.min(LONGEST);
        self
    }

    /// Leaves out the page at the mount point: only the API remains.
    pub fn without_page(mut self) -> Self {
        self.page = false;
        self
    }

    /// From when on a key is near its limit; as the [`ControlWorker`](api_metrics_store::control::ControlWorker) has it.
    pub fn limits(mut self, settings: LimitSettings) -> Self {
        self.limits = settings;
        self
    }

    /// How quotas are counted; as the [`ControlWorker`](api_metrics_store::control::ControlWorker) has it.
    pub fn quotas(mut self, settings: QuotaSettings) -> Self {
        self.quotas = settings;
        self
    }

    /// How usage is billed: the plan of keys without one, and which answers count.
    pub fn billing(mut self, settings: BillingSettings) -> Self {
        self.billing = settings;
        self
    }

    /// Builds it. Nothing is asked of the store yet.
    #[must_use]
    pub fn build(self) -> Admin {
        let sign_in = match &self.access {
            Access::Shared => SignIn::shared(self.store.clone()),
            Access::Token(token) if token.trim().is_empty() => {
                tracing::warn!("the admin token is empty and is not used");
                SignIn::shared(self.store.clone())
            }
            Access::Token(token) => SignIn::fixed(token.trim()),
            Access::NoAuth => {
                tracing::warn!("the api-metrics admin is open to everybody: no_auth() is set");
                SignIn::NoAuth
            }
        };
        let throttles = [self.requests_per_minute, self.console_requests_per_minute]
            .map(|limit| Throttle::new(limit, &self.clock));
        let app = Arc::new(Shared {
            reader: Reader::new(
                self.store,
                self.control,
                self.writer,
                self.concurrent_queries,
                self.query_timeout,
                self.slow_query,
            ),
            failures: Failures::new(self.clock.clone()),
            clock: self.clock,
            sign_in,
            #[cfg(feature = "jwt")]
            jwt: self.jwt,
            cors: self.cors,
            cache: AnswerCache::new(self.cache_bytes),
            directory: DirectoryCache::new(self.flush_interval),
            hub: Hub::new(self.streams),
            probe: StoreProbe::default(),
            health: self.health,
            shutdown: self.shutdown,
            flush_interval: self.flush_interval,
            acts: Acts::new(self.limits, self.quotas, self.billing),
        });
        Admin::new(app, throttles, self.page)
    }
}
