//! The admin's settings.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

#[cfg(feature = "control")]
use api_metrics_store::control::{
    ControlStore, billing::BillingSettings, limits::LimitSettings, quotas::QuotaSettings,
};
use api_metrics_store::{
    request_log::{Embedder, RequestLogStore},
    store::{Store, Writer},
    time::{Clock, SystemClock},
};
use tokio_util::sync::CancellationToken;

use super::Admin;
#[cfg(feature = "control")]
use crate::router::ControlSettings;
use crate::{
    auth::{Authenticator, EndedSessions, SignIn, Throttle},
    contract::OpenApiDocument,
    live::{Hub, HubLimits},
    read::{HealthSource, KeyCache, StoreClient, StoreProbe, UnattributedServices},
    response::{AnswerCache, Lifetimes},
    router::{AppState, Cors},
    timing::RouteTimes,
};

/// A time that nobody means to wait for; `Duration::MAX` would overflow clocks.
const LONGEST: Duration = Duration::from_secs(86_400);
/// An interval of zero would never let go of its thread.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// The least characters of an admin token. Guesses can't be held off for long: they come from many
/// addresses, and the right token has to pass whoever guesses beside it.
pub const MIN_TOKEN_CHARS: usize = 32;

/// Builds an [`Admin`].
///
/// Without [`token`](Self::token) and [`no_auth`](Self::no_auth) a token is made when somebody first
/// signs in, or in [`Admin::prepare_sign_in`]. All instances share it through the store as a hash; it
/// is printed to stderr once.
///
/// ```
/// # async fn example(store: std::sync::Arc<dyn api_metrics_routes::store::store::Store>) {
/// use std::time::Duration;
///
/// let admin = api_metrics_routes::Admin::builder(store)
///     .token("32 or more random characters, as from `openssl rand -hex 32`")
///     .query_timeout(Duration::from_secs(5))
///     .allow_origins(["https://ops.example.com"])
///     .build();
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct AdminBuilder {
    /// The store of the buckets.
    store: Arc<dyn Store>,
    /// The store of the control plane.
    #[cfg(feature = "control")]
    control_store: Option<Arc<dyn ControlStore>>,
    /// The store of the request log.
    requests: Option<Arc<dyn RequestLogStore>>,
    /// Where other services report.
    #[cfg(feature = "ingest")]
    ingest: Option<crate::ingest::Ingest>,
    /// Tells how alike errors are.
    embedder: Option<Arc<dyn Embedder>>,
    /// This process's own recorder. Answers then include what it has not flushed yet; without it they
    /// begin with the last flush.
    writer: Option<Arc<Writer>>,
    /// What the host's background work reports: for the status, readiness and Prometheus.
    ///
    /// Without it, readiness asks the store itself, at most once a second.
    health: Option<Arc<dyn HealthSource>>,
    /// The clock that decides what `now` is, when sessions end and when limits refill. The machine's by default.
    clock: Arc<dyn Clock>,
    /// The admin token, as the operator chose it.
    ///
    /// It takes 32 characters or more, such as those of `openssl rand -hex 32`: whoever has it sees
    /// everything, and nothing but its length keeps it from being guessed. Spaces around it are cut off.
    /// An empty one or a shorter one counts as none, which is logged.
    token: TokenChoice,
    /// Whether a token under 32 characters is taken all the same.
    allow_short_token: bool,
    /// Takes JSON Web Tokens as bearer tokens too, beside the admin token.
    ///
    /// ```
    /// # fn example(
    /// #     store: std::sync::Arc<dyn api_metrics_routes::store::store::Store>,
    /// # ) -> Result<(), api_metrics_routes::JwtKeyError> {
    /// use api_metrics_routes::{Admin, Jwt};
    ///
    /// let secret = [7_u8; 32]; // from the issuer
    /// let jwt = Jwt::hs256(&secret, "https://login.example.com", "metrics")?;
    /// let admin = Admin::builder(store).jwt(jwt).build();
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "jwt")]
    jwt: Option<crate::auth::Jwt>,
    /// Origins whose pages may ask.
    cors: Option<Cors>,
    /// Ends all streams and exports when it is cancelled. A server that waits for its open
    /// connections would otherwise wait for them for ever.
    ///
    /// ```
    /// # async fn example(store: std::sync::Arc<dyn api_metrics_routes::store::store::Store>) {
    /// use api_metrics_routes::{Admin, CancellationToken};
    ///
    /// let stopping = CancellationToken::new();
    /// let admin = Admin::builder(store).shutdown(stopping.clone()).build();
    /// // ... serve, and at the end:
    /// stopping.cancel();
    /// # }
    /// ```
    shutdown: CancellationToken,
    /// How long answers are kept.
    lifetimes: Lifetimes,
    /// How long a query may take, waiting for its turn included; then it answers 504. 10 s by default.
    query_timeout: Duration,
    /// From how long on a query is logged as slow, with what was asked. 1 s by default.
    slow_query: Duration,
    /// How many queries may be at the store at once; further ones wait. 8 by default: the host's own
    /// work needs connections too. 0 counts as 1.
    concurrent_queries: usize,
    /// How many bytes of answers are kept at most. 32 MiB by default; 0 keeps none.
    cache_bytes: u64,
    /// How many requests a principal may send to the admin in a minute, reads and writes apart;
    /// further ones answer 429 with `Retry-After`.
    ///
    /// 600 by default; 0 counts as 1.
    requests_per_minute: NonZeroU32,
    /// How many requests a principal may send to the [console](crate::Console) in a minute.
    ///
    /// 60 by default; 0 counts as 1.
    console_requests_per_minute: NonZeroU32,
    /// Bounds and intervals of streams.
    streams: HubLimits,
    /// Whether the page is there.
    page: bool,
    /// What services say that they offer.
    pub(super) documents: Vec<OpenApiDocument>,
    /// Replays requests of the log.
    replay: Option<crate::replay::Replay>,
    /// What the log's snapshots hold, so that replayed responses are masked by the same names.
    snapshots: api_metrics_layer::Snapshots,
    /// Where the page leads from a request to its trace.
    #[cfg(feature = "dashboard")]
    trace_url: Option<String>,
    /// How limits, quotas and bills are counted.
    #[cfg(feature = "control")]
    control: ControlSettings,
}

/// How admins sign in, as the host chose it.
enum TokenChoice {
    /// By a token that one process makes and prints.
    Shared,
    /// By this token.
    Token(String),
    /// Not at all.
    NoAuth,
}

impl std::fmt::Debug for TokenChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shared => "Shared",
            Self::Token(_) => "Token(..)",
            Self::NoAuth => "NoAuth",
        })
    }
}

/// A limit of requests, of which 0 would lock everybody out.
const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl AdminBuilder {
    /// The defaults over `store`.
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            #[cfg(feature = "control")]
            control_store: None,
            requests: None,
            #[cfg(feature = "ingest")]
            ingest: None,
            embedder: None,
            writer: None,
            health: None,
            clock: Arc::new(SystemClock::default()),
            token: TokenChoice::Shared,
            allow_short_token: false,
            #[cfg(feature = "jwt")]
            jwt: None,
            cors: None,
            shutdown: CancellationToken::new(),
            lifetimes: Lifetimes::new(Duration::from_secs(10)),
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
                update_interval: Duration::from_secs(5),
                poll_interval: Duration::from_secs(1),
                lifetime: Duration::from_secs(3_600),
            },
            page: true,
            documents: Vec::new(),
            replay: None,
            snapshots: api_metrics_layer::Snapshots::default(),
            #[cfg(feature = "dashboard")]
            trace_url: None,
            #[cfg(feature = "control")]
            control: ControlSettings::default(),
        }
    }

    /// Adds the control plane, kept in this store: alerts, API keys, rate limits, quotas, billing and
    /// plans. Without it their routes answer 404. Mostly it is the store that the builder was made of.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use api_metrics_routes::{Admin, store::control::ControlStore};
    /// fn admin(store: Arc<dyn ControlStore>) -> Admin {
    ///     Admin::builder(store.clone()).control(store).build()
    /// }
    /// ```
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn control(mut self, store: Arc<dyn ControlStore>) -> Self {
        self.control_store = Some(store);
        self
    }

    /// What tells how alike errors are, for searches of the request log. By default words and parts of words are
    /// compared; a model of the host's own may know meanings.
    pub fn request_embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// The store of the request log: single requests then have routes, `/api-requests`. Use the same database.
    pub fn requests(mut self, store: Arc<dyn RequestLogStore>) -> Self {
        self.requests = Some(store);
        self
    }

    /// Replays requests of the log into the host's own router, for admins. Off by default: see
    /// [`Replay`](crate::Replay).
    pub fn replay(mut self, replay: crate::replay::Replay) -> Self {
        self.replay = Some(replay);
        self
    }

    /// What the log's snapshots hold: replayed responses are masked by the same names. The defaults by default.
    pub fn snapshots(mut self, snapshots: api_metrics_layer::Snapshots) -> Self {
        self.snapshots = snapshots;
        self
    }

    /// Where other services report: their tokens and what was refused of them then have routes,
    /// `/ingest-tokens` and `/ingest-dead-letters`.
    #[cfg(feature = "ingest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ingest")))]
    pub fn ingest(mut self, ingest: crate::ingest::Ingest) -> Self {
        self.ingest = Some(ingest);
        self
    }

    /// This process's own recorder, so that answers include what it has not flushed yet.
    pub fn writer(mut self, writer: Arc<Writer>) -> Self {
        self.writer = Some(writer);
        self
    }

    /// A token that the operator chose, of 32 characters or more, such as those of
    /// `openssl rand -hex 32`: whoever has it sees everything, and its length is what keeps it from
    /// being guessed. An empty one and a shorter one count as none, which is logged.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = TokenChoice::Token(token.into());
        self
    }

    /// Takes a [`token`](Self::token) of fewer than 32 characters all the same, for a laptop or a test:
    /// such a token can be found by trying.
    pub fn allow_short_token(mut self) -> Self {
        self.allow_short_token = true;
        self
    }

    /// Lets everybody in, as admin. The log and every page say so.
    pub fn no_auth(mut self) -> Self {
        self.token = TokenChoice::NoAuth;
        self
    }

    /// Takes JSON Web Tokens as bearer tokens too, beside the admin token.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn jwt(mut self, jwt: crate::auth::Jwt) -> Self {
        self.jwt = Some(jwt);
        self
    }

    /// Lets pages of these origins (`https://ops.example.com`) ask, with bearer tokens. Cookies are
    /// for our own page alone.
    ///
    /// None by default. A host that sets CORS headers itself leaves this alone.
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
        self.lifetimes.open = interval.min(LONGEST);
        self
    }

    /// How long answers about a range that is over are kept, at most: a record that arrives late for it
    /// makes them old. 10 min by default, at most a day.
    pub fn closed_answers(mut self, time_to_live: Duration) -> Self {
        self.lifetimes.closed = time_to_live.min(LONGEST);
        self
    }

    /// How long it may take until a late record in a range that is over changes the kept answers about it,
    /// once the record is in the store. 1 s by default, at most a day; each second costs one count of
    /// requests for each such range that is asked about.
    pub fn revalidate_answers(mut self, interval: Duration) -> Self {
        self.lifetimes.revalidate = interval.min(LONGEST);
        self
    }

    /// How long an answer about the last five minutes is kept, so that a crowd costs one query. 1 s by
    /// default, at most a day.
    pub fn realtime_answers(mut self, time_to_live: Duration) -> Self {
        self.lifetimes.realtime = time_to_live.min(LONGEST);
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

    /// Where the page leads from a request of the log to its trace: an address of `http` or `https`, in which
    /// `{traceId}` and `{spanId}` stand for its 32 and 16 hexadecimal digits. None by default.
    ///
    /// ```
    /// # async fn example(store: std::sync::Arc<dyn api_metrics_routes::store::store::Store>) {
    /// # use api_metrics_routes::Admin;
    /// let admin = Admin::builder(store).trace_url("https://traces.example/trace/{traceId}").build();
    /// # }
    /// ```
    #[cfg(feature = "dashboard")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
    pub fn trace_url(mut self, template: impl Into<String>) -> Self {
        self.trace_url = Some(template.into());
        self
    }

    /// The channels of notices that this process has: those of its [`ControlWorker`](api_metrics_store::control::ControlWorker).
    /// They are listed, and a test can be sent through each. None by default.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use api_metrics_routes::{Admin, store::control::{ControlStore, ControlWorker}};
    /// # async fn example(store: Arc<dyn ControlStore>) {
    /// let worker = ControlWorker::default();
    /// let admin = Admin::builder(store.clone()).control(store).channels(worker.channels()).build();
    /// # }
    /// ```
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn channels<T: Into<String>>(mut self, channels: impl IntoIterator<Item = T>) -> Self {
        self.control.channels = channels.into_iter().map(Into::into).collect();
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

    /// How many streams may be open at once, of all routers of this admin; further ones answer 503.
    /// 2,500 by default.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.streams.connections = streams;
        self
    }

    /// How many streams one principal may have open. 10 by default.
    ///
    /// Admins have no such limit: the admin token is one principal, however many operators have it.
    pub fn max_streams_per_principal(mut self, streams: usize) -> Self {
        self.streams.of_one_principal = streams;
        self
    }

    /// How often streams send an update. 5 s by default, from 10 ms to a day.
    pub fn stream_interval(mut self, interval: Duration) -> Self {
        self.streams.update_interval = interval.clamp(SHORTEST_POLL, LONGEST);
        self
    }

    /// How often a stream looks between two updates for what cannot wait: traffic that begins, or a
    /// share of errors that moves by ten percentage points. 1 s by default, from 10 ms to a day.
    ///
    /// With more than 20 different streams open, only updates are read.
    pub fn stream_poll_interval(mut self, interval: Duration) -> Self {
        self.streams.poll_interval = interval.clamp(SHORTEST_POLL, LONGEST);
        self
    }

    /// After how long a stream ends; its client comes back by itself. It ends sooner where the
    /// caller's token or session does.
    ///
    /// 60 minutes by default, at most a day.
    pub fn stream_lifetime(mut self, lifetime: Duration) -> Self {
        self.streams.lifetime = lifetime.min(LONGEST);
        self
    }

    /// Leaves out the page at the mount point and the API reference: only the API remains.
    pub fn without_page(mut self) -> Self {
        self.page = false;
        self
    }

    /// From which percentage of its limit on a key is near it. Give the same to the
    /// [`ControlWorker`](api_metrics_store::control::ControlWorker). 80% by default.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn limits(mut self, settings: LimitSettings) -> Self {
        self.control.limits = settings;
        self
    }

    /// Which responses count towards quotas, and in which zone months begin. Give the same to the
    /// [`ControlWorker`](api_metrics_store::control::ControlWorker). Every response and UTC by default.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn quotas(mut self, settings: QuotaSettings) -> Self {
        self.control.quotas = settings;
        self
    }

    /// How usage is billed: the plan of keys without one, and which responses count. 0.02 USD for
    /// 1,000 requests and every response by default.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn billing(mut self, settings: BillingSettings) -> Self {
        self.control.billing = settings;
        self
    }

    /// Builds the admin and its routers. The store is not asked for anything yet.
    #[must_use]
    pub fn build(self) -> Admin {
        let sign_in = match &self.token {
            TokenChoice::Shared => SignIn::shared(self.store.clone()),
            TokenChoice::Token(token) if token.trim().is_empty() => {
                tracing::warn!("the admin token is empty and is not used");
                SignIn::shared(self.store.clone())
            }
            TokenChoice::Token(token)
                if !self.allow_short_token && token.trim().chars().count() < MIN_TOKEN_CHARS =>
            {
                tracing::error!(
                    "the admin token has fewer than {MIN_TOKEN_CHARS} characters and is not used: \
                     whoever guesses it sees everything; allow_short_token() allows it"
                );
                SignIn::shared(self.store.clone())
            }
            TokenChoice::Token(token) => SignIn::fixed(token.trim()),
            TokenChoice::NoAuth => {
                tracing::warn!("the api-metrics admin is open to everybody: no_auth() is set");
                SignIn::NoAuth
            }
        };
        let throttles = [self.requests_per_minute, self.console_requests_per_minute]
            .map(|limit| Throttle::new(limit, &self.clock));
        let ended_sessions = EndedSessions::new(self.store.clone());
        let client = StoreClient::new(
            self.store,
            self.writer,
            self.concurrent_queries,
            self.query_timeout,
            self.slow_query,
            self.lifetimes.revalidate,
        );
        #[cfg(feature = "control")]
        let client = client.with_control(self.control_store);
        let client = client
            .with_requests(self.requests)
            .with_embedder(self.embedder);
        let client = Arc::new(client);
        let auth = Authenticator::new(
            sign_in,
            ended_sessions,
            KeyCache::new(self.lifetimes.open),
            client.clone(),
            self.clock.clone(),
        );
        #[cfg(feature = "jwt")]
        let auth = auth.with_jwt(self.jwt);
        let app = Arc::new(AppState {
            client,
            auth: Arc::new(auth),
            cors: self.cors,
            cache: AnswerCache::new(self.cache_bytes),
            hub: Hub::new(self.streams, self.clock.clone(), self.shutdown.clone()),
            clock: self.clock,
            probe: StoreProbe::default(),
            unattributed: UnattributedServices::default(),
            health: self.health,
            times: RouteTimes::default(),
            shutdown: self.shutdown,
            lifetimes: self.lifetimes,
            documents: self.documents,
            replay: self.replay,
            snapshots: self.snapshots,
            #[cfg(feature = "dashboard")]
            trace_url: self.trace_url,
            #[cfg(feature = "control")]
            control: self.control,
            #[cfg(feature = "ingest")]
            ingest: self.ingest,
        });
        Admin::new(app, throttles, self.page)
    }
}
