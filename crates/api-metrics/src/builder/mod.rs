//! The builder: what the code sets, what the environment adds, what is started.

mod admin;
#[cfg(feature = "control")]
mod control;
mod environment;
#[cfg(feature = "control")]
mod notifiers;
mod open;
#[cfg(feature = "otlp-push")]
mod push;
mod start;
mod unusable;

use std::{fmt, sync::Arc, time::Duration};

use api_metrics_store::{
    request_log::RequestLog,
    sketch::SketchKind,
    store::{Store, StoreOptions},
    time::Clock,
};

use crate::{ApiMetrics, Maintenance};

#[cfg(feature = "control")]
pub use notifiers::{NamedNotifier, notifiers_of};

/// The longest that anything is waited for. Clocks overflow at `Duration::MAX`, which is how users
/// write `never`.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Where the buckets are kept.
#[derive(Clone)]
enum Database {
    Url(String),
    #[cfg(feature = "sqlite")]
    Embedded(std::path::PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
    #[cfg(feature = "postgres")]
    Pool(sqlx::PgPool),
    Store(Arc<dyn Store>),
    #[cfg(feature = "control")]
    ControlStore(Arc<dyn api_metrics_store::control::ControlStore>),
}

/// Sets up [`ApiMetrics`](crate::ApiMetrics). What is not set here is taken from the environment:
/// each setter names its variable, if it has one.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    database: Option<Database>,
    read_replica: Option<String>,
    clickhouse: Option<String>,
    store_options: StoreOptions,
    service: Option<String>,
    environment: Option<String>,
    version: Option<String>,
    admin_token: Option<String>,
    allow_short_admin_token: Option<bool>,
    no_auth: Option<bool>,
    off: Option<bool>,
    flush_interval: Option<Duration>,
    max_series: Option<usize>,
    max_keys: Option<usize>,
    memory_budget: Option<usize>,
    sketch_kind: Option<SketchKind>,
    headers_quantiles: Option<bool>,
    connect_timeout: Duration,
    shutdown_timeout: Duration,
    stalled_after: Duration,
    require_database: bool,
    maintenance: Maintenance,
    clock: Option<Arc<dyn Clock>>,
    request_log: Option<RequestLog>,
    #[cfg(feature = "tracing")]
    events: Option<api_metrics_layer::CaptureEvents>,
    #[cfg(feature = "control")]
    control: control::ControlBuilder,
    #[cfg(feature = "otlp-push")]
    otlp_push: Option<api_metrics_store::control::push::OtlpPush>,
    admin: admin::Admins,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            database: None,
            read_replica: None,
            clickhouse: None,
            store_options: StoreOptions::default(),
            service: None,
            environment: None,
            version: None,
            admin_token: None,
            allow_short_admin_token: None,
            no_auth: None,
            off: None,
            flush_interval: None,
            max_series: None,
            max_keys: None,
            memory_budget: None,
            sketch_kind: None,
            headers_quantiles: None,
            connect_timeout: Duration::from_secs(5),
            shutdown_timeout: Duration::from_millis(4_500),
            stalled_after: Duration::from_secs(600),
            require_database: false,
            maintenance: Maintenance::default(),
            clock: None,
            request_log: None,
            #[cfg(feature = "tracing")]
            events: None,
            #[cfg(feature = "control")]
            control: control::ControlBuilder::default(),
            #[cfg(feature = "otlp-push")]
            otlp_push: None,
            admin: admin::Admins::default(),
        }
    }
}

impl ApiMetrics {
    /// Sets up metrics: see the [crate's documentation](crate).
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Keeps the buckets in one SQLite file, which is created where it is missing. For services
    /// that run as one process.
    #[cfg(feature = "sqlite")]
    pub fn embedded(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.database = Some(Database::Embedded(path.into()));
        self
    }

    /// Keeps the buckets in Postgres, 14 or newer, in a schema of their own. A server that asks for
    /// TLS, as most that are rented do, needs the feature `tls-rustls` or `tls-native`.
    #[cfg(feature = "postgres")]
    pub fn postgres(mut self, url: impl Into<String>) -> Self {
        self.database = Some(Database::Postgres(url.into()));
        self
    }

    /// Keeps the buckets in Postgres through the host's own pool. A flush and a dashboard query
    /// need a connection each.
    #[cfg(feature = "postgres")]
    pub fn postgres_pool(mut self, pool: sqlx::PgPool) -> Self {
        self.database = Some(Database::Pool(pool));
        self
    }

    /// Reads buckets on this standby of the Postgres database while it is at most 10 seconds behind, which
    /// `max_replica_lag` of [`store_options`](Self::store_options) changes: dashboards, exports and dry runs of alert rules.
    /// What this process has recorded is in every answer, once. Where the standby is further behind or gone, the primary is
    /// read, and the status says so. `API_METRICS_READ_REPLICA_URL`; default: none.
    ///
    /// ```
    /// # use api_metrics::ApiMetrics;
    /// let builder = ApiMetrics::builder()
    ///     .postgres("postgres://shop@db/shop")
    ///     .read_replica("postgres://shop@db-replica/shop");
    /// ```
    #[cfg(feature = "postgres")]
    pub fn read_replica(mut self, url: impl Into<String>) -> Self {
        self.read_replica = Some(url.into());
        self
    }

    /// Keeps the buckets and the single requests of the log in this ClickHouse database, and everything else in Postgres:
    /// for services that outgrow one Postgres, see `docs/scale.md`. The Postgres database must not have folded any batch
    /// yet. Every process of the database names it. `API_METRICS_CLICKHOUSE_URL`; default: none.
    ///
    /// ```
    /// # use api_metrics::ApiMetrics;
    /// let builder = ApiMetrics::builder()
    ///     .postgres("postgres://shop@db/shop")
    ///     .clickhouse("http://shop:secret@clickhouse:8123/metrics");
    /// ```
    #[cfg(feature = "clickhouse")]
    pub fn clickhouse(mut self, url: impl Into<String>) -> Self {
        self.clickhouse = Some(url.into());
        self
    }

    /// Keeps the buckets where the URL says: `postgres://…`, `sqlite://…`, or the path of a SQLite
    /// file. `API_METRICS_DATABASE_URL`; default, with the feature `sqlite`: the file `metrics.db`.
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.database = Some(Database::Url(url.into()));
        self
    }

    /// Keeps the buckets in a store of your own, without a control plane: no alerts, limits, quotas or
    /// billing. It brings its own options and kind of sketch; give it the same [`clock`](Self::clock), if
    /// it has one.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.database = Some(Database::Store(store));
        self
    }

    /// How long buckets are kept and how many connections the store may have, for the databases that
    /// this builder opens itself. [`sketch_kind`](Self::sketch_kind) and [`clock`](Self::clock) go
    /// before what is said here.
    ///
    /// ```
    /// use std::time::Duration;
    /// use api_metrics::{ApiMetrics, StoreOptions};
    ///
    /// let mut options = StoreOptions::default();
    /// options.retention.hours = Duration::from_secs(365 * 86_400);
    /// let builder = ApiMetrics::builder().store_options(options);
    /// ```
    pub fn store_options(mut self, options: StoreOptions) -> Self {
        self.store_options = options;
        self
    }

    /// The name of this service; several may share a database. At most 128 bytes.
    /// `API_METRICS_SERVICE`, `OTEL_SERVICE_NAME`; default: the program's name.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// The environment that it runs in, e.g. `production`. At most 128 bytes.
    /// `API_METRICS_ENVIRONMENT`; default: `default`.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// The version of the host's code, e.g. `env!("CARGO_PKG_VERSION")`; a change is shown as a
    /// deploy mark. `API_METRICS_VERSION`; default: empty.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The token that signs in to the admin router, of 32 characters or more, such as those of
    /// `openssl rand -hex 32`: nothing but its length keeps it from being guessed, so
    /// [`start`](Self::start) refuses a shorter one. Without one, all instances on a database agree
    /// on a random one, which the first of them prints to stderr. `API_METRICS_ADMIN_TOKEN`.
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.admin_token = Some(token.into());
        self
    }

    /// Takes an [`admin_token`](Self::admin_token) of fewer than 32 characters all the same, for a laptop
    /// or a test: such a token can be found by trying. `API_METRICS_ALLOW_SHORT_ADMIN_TOKEN=true`.
    pub fn allow_short_admin_token(mut self) -> Self {
        self.allow_short_admin_token = Some(true);
        self
    }

    /// Opens the admin router to everyone who reaches it: only behind an authentication of the
    /// host's own. The log and every page say so. `API_METRICS_NO_AUTH=true`.
    pub fn no_auth(mut self) -> Self {
        self.no_auth = Some(true);
        self
    }

    /// Switches everything off: the layer records nothing, the admin router answers 503.
    /// `API_METRICS_OFF=true`.
    pub fn off(mut self) -> Self {
        self.off = Some(true);
        self
    }

    /// How often records are flushed to the store; a crash loses at most this much. Default 10 s,
    /// at least 100 ms, at most a day. `API_METRICS_FLUSH_INTERVAL`, in seconds.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = Some(interval);
        self
    }

    /// How many series one process records before endpoints are counted as `<other>`. Default 10,000.
    /// `API_METRICS_MAX_SERIES`.
    pub fn max_series(mut self, series: usize) -> Self {
        self.max_series = Some(series);
        self
    }

    /// How many API keys one process distinguishes before they are counted as `<other key>`. Default
    /// 10,000. `API_METRICS_MAX_KEYS`.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = Some(keys);
        self
    }

    /// How many bytes may wait for a store that does not answer before the oldest minutes are
    /// coarsened to 5 minutes, then to hours. Default 32 MiB.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = Some(bytes);
        self
    }

    /// The kind of sketch that answers quantiles; fixed when a database is created. Default:
    /// histogram. `API_METRICS_SKETCH`.
    pub fn sketch_kind(mut self, kind: SketchKind) -> Self {
        self.sketch_kind = Some(kind);
        self
    }

    /// Keeps quantiles of the time to headers beside its average, for streams and large bodies whose
    /// latency says little about the service: `p95TimeToHeadersMs` and the like. Off by default, because
    /// it costs about 270 instructions a request, and a second sketch for each series and period: 5
    /// bytes for one request, about 30 for 20, 380 for 1,000. Instances with and without it may share a
    /// service; answers then say how many of the requests the quantiles cover
    /// (`timeToHeadersQuantileCount`). `API_METRICS_HEADERS_QUANTILES=true`.
    pub fn headers_quantiles(mut self) -> Self {
        self.headers_quantiles = Some(true);
        self
    }

    /// How long [`start`](Self::start) waits for the database before it starts without. Default 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long [`shutdown`](crate::ApiMetrics::shutdown) may take. Default 4.5 s, so that a
    /// supervisor's 5 s are enough; at most a day.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout.min(LONGEST);
        self
    }

    /// Makes a configuration that can't work an error of [`start`](Self::start): a refused password or
    /// role, a database or folder that does not exist, a missing permission, a URL that names no
    /// database. Without it the service starts and records, and says on stderr, in the log, in the
    /// status and in the readiness probe what to do. A database that merely does not answer is never an
    /// error, because it may come back.
    pub fn require_database(mut self) -> Self {
        self.require_database = true;
        self
    }

    /// How long a background task may fail before it counts as stalled: readiness is 503 then, and the
    /// status names the task. Default 10 minutes.
    pub fn stalled_after(mut self, time: Duration) -> Self {
        self.stalled_after = time;
        self
    }

    /// Which work runs in the background and which is left to the host's own scheduler.
    pub fn maintenance(mut self, maintenance: Maintenance) -> Self {
        self.maintenance = maintenance;
        self
    }

    /// Keeps a log of requests beside the counts: which requests failed or were slow, whose, and with which
    /// error. Off by default, and it costs nothing then. See [`RequestLog`] for what is kept, for how long, and
    /// what never is.
    ///
    /// The client's address is known where the server tells it
    /// (`app.into_make_service_with_connect_info::<SocketAddr>()`), or a [`PeerAddress`](crate::layer::PeerAddress)
    /// is among the request's extensions. A store of one's own keeps no log.
    ///
    /// ```
    /// use api_metrics::{ApiMetrics, Keep, RequestLog};
    ///
    /// let mut log = RequestLog::new();
    /// log.endpoints.push(("/healthz".to_owned(), Keep::Nothing));
    /// let builder = ApiMetrics::builder().request_log(log);
    /// ```
    pub fn request_log(mut self, log: RequestLog) -> Self {
        self.request_log = Some(log);
        self
    }

    /// Puts what the host logs outside of requests into the [request log](Self::request_log): background work, the
    /// start. Lines of requests need nothing but the layer among the host's subscribers. Without a request log it
    /// does nothing.
    ///
    /// ```
    /// use api_metrics::{ApiMetrics, CaptureEvents, RequestLog};
    /// use tracing_subscriber::prelude::*;
    ///
    /// let events = CaptureEvents::new();
    /// // Once, where the host sets up its log; what happens from here on waits for the request log.
    /// let subscriber = tracing_subscriber::registry().with(events.clone());
    /// # let _ = subscriber;
    /// let builder = ApiMetrics::builder()
    ///     .request_log(RequestLog::new())
    ///     .capture_events(events);
    /// ```
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    pub fn capture_events(mut self, events: api_metrics_layer::CaptureEvents) -> Self {
        self.events = Some(events);
        self
    }

    /// A clock of one's own instead of the machine's and the database's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }
}

impl fmt::Debug for Builder {
    // Neither the token nor a URL's password may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service)
            .field("environment", &self.environment)
            .field("version", &self.version)
            .field("flush_interval", &self.flush_interval)
            .field("maintenance", &self.maintenance)
            .finish_non_exhaustive()
    }
}
