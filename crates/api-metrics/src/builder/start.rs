//! From settings to running parts.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use api_metrics_layer::{MAX_SERVICE_BYTES, bounded};
use api_metrics_routes::{Admin, MIN_TOKEN_CHARS};
#[cfg(feature = "control")]
use api_metrics_store::control::ControlWorker;
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    request_log::RequestLogBuffer,
    store::{Instance, StoreError, Writer},
    text::{is_plain, shown},
    time::SystemClock,
};

use tokio::runtime::Handle;

use super::{
    Builder, environment,
    open::{Beside, open},
    unusable::Unusable,
};
use crate::{ApiMetrics, StartError, background, background::Shared};

/// A flush costs a transaction: more often than this only burdens the database.
const SHORTEST_FLUSH_INTERVAL: std::time::Duration = std::time::Duration::from_millis(100);
const FLUSH_INTERVAL: std::time::Duration = std::time::Duration::from_secs(10);

impl Builder {
    /// Starts recording, flushing and maintaining.
    ///
    /// Waits up to 5 s ([`connect_timeout`](Self::connect_timeout)) for the database to be there and
    /// its schema to be up to date, then returns all the same: records are kept and delivered when
    /// the database comes. The same holds where the configuration keeps the database from being used,
    /// such as a wrong password or URL: it is told at once, on stderr and in the log.
    ///
    /// # Errors
    /// Only what another try would not mend: a malformed setting, a database that a newer release has
    /// migrated, that keeps another kind of sketch or that is none, no Tokio runtime. With
    /// [`require_database`](Self::require_database), every misconfiguration.
    ///
    /// # Panics
    /// On a Tokio runtime that was built without timers (`enable_time`).
    pub async fn start(self) -> Result<ApiMetrics, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let settings = self.fill_from(&environment::process)?;
        if settings.off == Some(true) {
            tracing::info!("API metrics are switched off");
            return Ok(ApiMetrics::inert("they are switched off"));
        }
        let connect_timeout = settings.connect_timeout;
        let require_database = settings.require_database;
        #[cfg(feature = "otlp-push")]
        let push = settings.otlp_push.clone();
        let shared = settings.assemble(runtime)?;
        background::spawn(&shared);
        let metrics = ApiMetrics::running(Arc::clone(&shared));
        #[cfg(feature = "otlp-push")]
        if let Some(push) = push {
            super::push::schedule(&metrics, &shared, push);
        }
        match tokio::time::timeout(connect_timeout, shared.first_answer()).await {
            Ok(Ok(())) => {}
            Ok(Err((source, for_good))) if for_good || require_database => {
                let database = shared.database.clone();
                shared.stop.cancel();
                return Err(StartError::Store { database, source });
            }
            // It has been told.
            Ok(Err(_)) => {}
            // The connector warns, at its own pace.
            Err(_) => tracing::info!(
                database = shared.database,
                "the database did not answer within {connect_timeout:?}: requests are served and \
                 recorded, and delivered when it does"
            ),
        }
        Ok(metrics)
    }

    /// [Starts](Self::start), or logs why it can't and returns a handle that does nothing: for
    /// services that must come up whatever their metrics say.
    pub async fn start_or_off(self) -> ApiMetrics {
        match self.start().await {
            Ok(metrics) => metrics,
            Err(error) => {
                tracing::error!(%error, "API metrics are off");
                ApiMetrics::inert(&error.to_string())
            }
        }
    }

    fn assemble(self, runtime: Handle) -> Result<Arc<Shared>, StartError> {
        let mut options = self.store_options;
        if let Some(kind) = self.sketch_kind {
            options.sketch_kind = kind;
        }
        let clock = match self.clock {
            Some(clock) => {
                options.clock = Some(Arc::clone(&clock));
                clock
            }
            None => Arc::new(SystemClock::default()),
        };
        for (setting, name) in [
            ("service", &self.service),
            ("environment", &self.environment),
            ("version", &self.version),
        ] {
            if name.as_deref().is_some_and(|name| !is_plain(name)) {
                return Err(StartError::Name { setting });
            }
        }
        if let Some(token) = &self.admin_token
            && self.no_auth != Some(true)
            && self.allow_short_admin_token != Some(true)
        {
            check_token(token)?;
        }
        let beside = Beside {
            replica: self.read_replica.as_deref(),
            clickhouse: self.clickhouse.as_deref(),
        };
        let opened = match open(self.database, beside, options) {
            // Metrics must not keep a service from starting: it is told as every misconfiguration is.
            Err(StartError::Store {
                database,
                source: StoreError::Url { url, reason },
            }) if !self.require_database => {
                Unusable::open(database, url, reason, self.sketch_kind.unwrap_or_default())
            }
            opened => opened?,
        };
        if let Some(error) = opened.replica_error {
            if self.require_database {
                return Err(error);
            }
            tracing::error!(%error, "reads go to the primary alone");
        }
        // What is recorded must be what the store folds.
        let kind = opened.store.sketch_kind();
        if let Some(configured) = self.sketch_kind.filter(|&configured| configured != kind) {
            return Err(StartError::Store {
                database: opened.name,
                source: StoreError::SketchKind {
                    found: kind,
                    configured,
                },
            });
        }

        let mut recorder = RecorderOptions::default();
        recorder.sketch_kind = kind;
        recorder.headers_quantiles = self.headers_quantiles == Some(true);
        recorder.clock = Arc::clone(&clock);
        if let Some(series) = self.max_series {
            recorder.max_series = series;
        }
        if let Some(keys) = self.max_keys {
            recorder.max_keys = keys;
        }
        if let Some(bytes) = self.memory_budget {
            recorder.memory_budget = bytes;
        }
        // What people set is plain; names of programs and hosts may be anything.
        let label =
            |text: String| bounded(&shown(&text).to_string(), MAX_SERVICE_BYTES).into_owned();
        let mut instance = Instance::new(
            uuid::Uuid::new_v4(),
            label(self.service.unwrap_or_else(program_name)),
            label(self.environment.unwrap_or_else(|| "default".to_owned())),
        );
        instance.version = label(self.version.unwrap_or_default());
        instance.host = label(host_name());
        instance.started_at = clock.unix_seconds();
        let writer = Arc::new(Writer::new(instance, Arc::new(Recorder::new(recorder))));

        let flush_interval = self
            .flush_interval
            .unwrap_or(FLUSH_INTERVAL)
            .clamp(SHORTEST_FLUSH_INTERVAL, super::LONGEST);
        #[cfg(feature = "control")]
        let (mut worker_settings, notices) = self.control.worker_settings(flush_interval)?;
        #[cfg(feature = "control")]
        let (control, settings) = (opened.control, self.control);
        let mut snapshots = api_metrics_layer::Snapshots::default();
        let requests = match (self.request_log, opened.requests) {
            (None, _) => None,
            (Some(mut settings), Some(store)) => {
                snapshots = settings.capture.snapshots.clone();
                settings.capture.peer_address.get_or_insert(connected_from);
                let instance = writer.instance.clone();
                let log = Arc::new(RequestLogBuffer::new(settings, instance));
                #[cfg(feature = "tracing")]
                if let Some(events) = self.events {
                    let log: Arc<dyn api_metrics_layer::RequestLogSink> = log.clone();
                    events.deliver_to(&log);
                }
                Some(background::Requests::new(log, store))
            }
            (Some(_), None) => {
                tracing::warn!("the given store keeps no request log: it is off");
                None
            }
        };
        let request_store = requests
            .as_ref()
            .map(|requests| Arc::clone(&requests.store));
        #[cfg(feature = "control")]
        let worker = {
            worker_settings.requests = request_store.clone();
            ControlWorker::new(worker_settings)
        };
        #[cfg(feature = "control")]
        let channels: Vec<String> = worker.channels().map(str::to_owned).collect();
        let admin_clock = Arc::clone(&clock);
        #[cfg(feature = "ingest")]
        let ingest = opened.ingest.map(|store| {
            let (clock, host) = (Arc::clone(&clock), &writer.instance.host);
            match &requests {
                Some(requests) => {
                    let log = requests.reported.clone();
                    api_metrics_routes::Ingest::with_log(store, clock, host, log)
                }
                None => api_metrics_routes::Ingest::new(store, clock, host),
            }
        });
        #[cfg(feature = "ingest")]
        let admin_ingest = ingest.clone();
        Ok(Shared::new(background::Parts {
            store: opened.store,
            #[cfg(feature = "control")]
            control: control
                .clone()
                .map(|store| background::Control::new(store, worker)),
            #[cfg(feature = "control")]
            notices,
            database: opened.name,
            writer,
            requests,
            #[cfg(feature = "ingest")]
            ingest,
            clock,
            flush_interval,
            shutdown_timeout: self.shutdown_timeout,
            stalled_after: self.stalled_after,
            maintenance: self.maintenance,
            runtime,
            admin: |shared: background::AdminParts<'_>| {
                let mut admin = Admin::builder(Arc::clone(shared.store)).clock(admin_clock);
                #[cfg(feature = "control")]
                if let Some(store) = control {
                    admin = admin
                        .control(store)
                        .quotas(settings.quotas())
                        .billing(settings.billing())
                        .limits(settings.limits())
                        .channels(channels);
                }
                if let Some(store) = request_store {
                    admin = admin.requests(store).snapshots(snapshots);
                }
                #[cfg(feature = "ingest")]
                if let Some(ingest) = admin_ingest {
                    admin = admin.ingest(ingest);
                }
                if self.no_auth == Some(true) {
                    admin = admin.no_auth();
                } else if let Some(token) = self.admin_token {
                    admin = admin.token(token);
                }
                if self.allow_short_admin_token == Some(true) {
                    admin = admin.allow_short_token();
                }
                // What ties the router to this handle comes last, so that nothing unties it.
                self.admin
                    .apply(admin)
                    .writer(Arc::clone(shared.writer))
                    .shutdown(shared.streams.clone())
                    .flush_interval(flush_interval)
                    .health(shared.health)
                    .build()
            },
        }))
    }
}

/// The address that axum's server has of a connection.
fn connected_from(extensions: &axum::http::Extensions) -> Option<IpAddr> {
    let axum::extract::ConnectInfo(address) =
        extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()?;
    Some(address.ip())
}

/// Refuses a token that can be found by trying.
fn check_token(token: &str) -> Result<(), StartError> {
    let characters = token.trim().chars().count();
    // An empty one counts as none, as from a variable that a deployment leaves empty.
    if (1..MIN_TOKEN_CHARS).contains(&characters) {
        return Err(StartError::ShortToken { characters });
    }
    Ok(())
}

fn program_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "service".to_owned())
}

/// The machine's name, for people who read the status page; empty where nothing tells it.
fn host_name() -> String {
    environment::process("HOSTNAME")
        .or_else(|| environment::process("COMPUTERNAME"))
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .unwrap_or_default()
        .trim()
        .to_owned()
}
