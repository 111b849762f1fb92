//! What a host holds: the handle, and the sink that its layers hold.

use std::{fmt, sync::Arc, time::Duration};

use api_metrics_layer::{
    ApiMetricsLayer, AxumBody, ClientLayer, FromMatchedPath, MetricSink, RequestLogSink,
    RequestRecord,
};
#[cfg(feature = "control")]
use api_metrics_store::control::{ControlStore, notify::Notice};
use api_metrics_store::{
    recorder::Recorder,
    request_log::{RequestLogBuffer, RequestLogStore},
    store::{FlushError, Flushed, Store, StoreError, Writer},
};
use axum::{Router, http::StatusCode, middleware::from_fn_with_state};

use api_metrics_routes::{Admin, Health, HealthSource};

use crate::{
    Maintained, Unflushed,
    background::{self, Shared},
};

/// API metrics of one process: makes layers and the admin router, and ends them.
///
/// Clones are handles of the same. Background work goes on until [`shutdown`](Self::shutdown), or
/// until the last handle, layer, service and admin router has been dropped.
#[derive(Clone)]
pub struct ApiMetrics(Arc<Handle>);

struct Handle {
    part: Part,
}

enum Part {
    Running(Arc<Shared>),
    Inert(String),
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Part::Running(shared) = &self.part {
            shared.stop.cancel();
        }
    }
}

impl ApiMetrics {
    pub(crate) fn running(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Handle {
            part: Part::Running(shared),
        }))
    }

    pub(crate) fn inert(reason: &str) -> Self {
        Self(Arc::new(Handle {
            part: Part::Inert(reason.to_owned()),
        }))
    }

    fn shared(&self) -> Option<&Arc<Shared>> {
        match &self.0.part {
            Part::Running(shared) => Some(shared),
            Part::Inert(_) => None,
        }
    }

    /// A layer that records every request of the router or service it is put around. The endpoint
    /// comes from axum's `MatchedPath`, the API key from an [`ApiKey`](crate::ApiKey) in the
    /// request's or the response's extensions.
    ///
    /// It is for axum; for other services build one around [`sink`](Self::sink).
    pub fn layer(&self) -> ApiMetricsLayer<RecorderSink, FromMatchedPath, (), AxumBody> {
        ApiMetricsLayer::new(self.sink()).for_axum()
    }

    /// A layer around an HTTP or gRPC client, which records every call that this service makes of others: hyper-util's
    /// `Client`, a tonic `Channel`, or any other `tower` service. See [`ClientLayer`] for what is recorded, for
    /// retries and timeouts.
    ///
    /// Calls are events of the kind `http-client`, so that they are never added to the service's own requests, and nobody is
    /// billed for them. The dashboard shows them on the page "Depends on".
    ///
    /// ```
    /// use api_metrics::{ApiMetrics, Endpoint};
    /// use tower::{Service, ServiceBuilder};
    ///
    /// fn client<C>(metrics: &ApiMetrics, client: C) -> impl Service<http::Request<String>>
    /// where
    ///     C: Service<http::Request<String>, Response = http::Response<String>, Error = std::io::Error>,
    /// {
    ///     ServiceBuilder::new().layer(metrics.client_layer()).service(client)
    /// }
    ///
    /// let mut request = http::Request::get("https://payments.example/charges/7").body(String::new())?;
    /// // Without a template only the host is recorded.
    /// request.extensions_mut().insert(Endpoint::from("/charges/{id}"));
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn client_layer(&self) -> ClientLayer<RecorderSink> {
        ClientLayer::new(self.sink())
    }

    /// A middleware for `reqwest-middleware`, which records every call of its client. See [`ReqwestCalls`](crate::ReqwestCalls).
    #[cfg(feature = "reqwest-middleware")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest-middleware")))]
    #[must_use]
    pub fn reqwest_middleware(&self) -> crate::ReqwestCalls<RecorderSink> {
        self.client_layer().into()
    }

    /// The sink behind [`layer`](Self::layer), for layers and records of one's own.
    #[must_use]
    pub fn sink(&self) -> RecorderSink {
        RecorderSink {
            recorder: self
                .shared()
                .map(|shared| Arc::clone(&shared.writer.recorder)),
            requests: self.request_log(),
            alive: Arc::clone(&self.0),
        }
    }

    /// The admin router: the dashboard at its root, the HTTP API below it. Mount it by
    /// `nest_service("/admin", metrics.admin())` after the layer.
    ///
    /// Wrong tokens are limited by address where the server knows addresses
    /// (`app.into_make_service_with_connect_info::<SocketAddr>()`), else for all callers together.
    ///
    /// Where no token was set, the first process that calls this on a database prints a new one to
    /// stderr, as soon as the database answers.
    pub fn admin(&self) -> Router {
        self.router(Admin::router)
    }

    /// The console router, for consumers of the API, who see their own keys and nothing else. Mount it
    /// by `nest_service`, behind the host's own authentication, which puts a
    /// [`Principal`](api_metrics_routes::Principal) into the request's extensions.
    pub fn console(&self) -> Router {
        self.router(|admin| admin.console().router())
    }

    /// The ingest router, to which other services report their requests. Mount it by
    /// `nest_service("/ingest", metrics.ingest())`. Each writer has a token of its own, which the admin
    /// makes; what is answered with a 2xx is in the database.
    ///
    /// Where the store is the host's own, nobody can report to it, and every route answers 503.
    #[cfg(feature = "ingest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ingest")))]
    pub fn ingest(&self) -> Router {
        match &self.0.part {
            Part::Running(shared) => match &shared.ingest {
                Some(ingest) => {
                    let alive = KeepAlive(Arc::clone(&self.0));
                    noticed(shared, ingest.router()).layer(axum::Extension(alive))
                }
                None => off("the given store takes no reports".to_owned()),
            },
            Part::Inert(reason) => off(format!("API metrics are off: {reason}")),
        }
    }

    /// The collector: commands, agents, sessions and named numbers of users, in shapes of their own. Mount it where you
    /// want it, as by `nest_service("/api/metrics", metrics.collector())`. Callers sign in as for the admin; the tenant
    /// of a JSON Web Token, or of a [`Principal`](api_metrics_routes::Principal) that the host has put into the request's
    /// extensions, is the organisation.
    ///
    /// Where the store is the host's own, nobody can report to it, and every route answers 503.
    #[cfg(feature = "ingest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ingest")))]
    pub fn collector(&self) -> Router {
        self.router(|admin| {
            let collector = admin.collector();
            collector.unwrap_or_else(|| off("the given store takes no reports".to_owned()))
        })
    }

    fn router(&self, of: impl FnOnce(&Admin) -> Router) -> Router {
        match &self.0.part {
            Part::Running(shared) => {
                background::prepare_sign_in(shared);
                // A router that outlives the handle keeps the tasks running that feed it.
                let alive = KeepAlive(Arc::clone(&self.0));
                noticed(shared, of(&shared.admin)).layer(axum::Extension(alive))
            }
            Part::Inert(reason) => off(format!("API metrics are off: {reason}")),
        }
    }

    /// A future for `with_graceful_shutdown`: waits for `signal`, then ends this crate's own event
    /// streams, without which a graceful server would wait for an open dashboard for ever, and breaks
    /// off exports.
    ///
    /// `axum::serve` also waits for clients of the host's own routes, however slowly they read: a
    /// service that must be gone in time puts a `tokio::time::timeout` around it.
    pub fn shutdown_on<F>(&self, signal: F) -> impl Future<Output = ()> + Send + use<F> + 'static
    where
        F: Future + Send + 'static,
    {
        let metrics = self.clone();
        async move {
            // What a signal yields is its own affair.
            drop(signal.await);
            if let Some(shared) = metrics.shared() {
                shared.streams.cancel();
            }
        }
    }

    /// Ends the background tasks and event streams and hands over everything recorded. May be
    /// called again: it then delivers what was recorded since.
    ///
    /// A request is recorded when it ends, so end the requests first: `axum::serve` with graceful
    /// shutdown returns when they have. One that is still open is not counted until it ends.
    ///
    /// Takes at most [`shutdown_timeout`](crate::Builder::shutdown_timeout), and returns at once where
    /// nothing is left to deliver.
    ///
    /// # Errors
    /// [`Unflushed`] with the number of records that the store did not acknowledge before the
    /// deadline; the log says why.
    pub async fn shutdown(&self) -> Result<(), Unflushed> {
        match self.shared() {
            Some(shared) => shared.shutdown().await,
            None => Ok(()),
        }
    }

    /// Hands over everything recorded so far, now, what is due of the [request log](crate::Builder::request_log), and
    /// runs of jobs that have ended.
    /// `None` where metrics are off.
    ///
    /// # Errors
    /// The store's; nothing is lost, the next flush carries it. That the request log could not be stored is in
    /// the [health](Self::health) alone.
    pub async fn flush(&self) -> Result<Option<Flushed>, FlushError> {
        let Some(shared) = self.shared() else {
            return Ok(None);
        };
        shared.ensure_ready().await.map_err(FlushError::NotSent)?;
        let flushed = shared.flush().await?;
        shared.flush_requests().await;
        #[cfg(feature = "control")]
        shared.flush_jobs().await;
        Ok(Some(flushed))
    }

    /// Runs fold, rollup and retention, evaluates alerts, limits and quotas, and delivers notices, until
    /// nothing more is due: for a scheduler of your own,
    /// together with [`Maintenance::Manual`](crate::Maintenance::Manual) or `FlushOnly`. Every 30 s
    /// to 60 s is a good pace.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; whatever was done stays done, the rest is due again.
    pub async fn maintain(&self) -> Result<Maintained, StoreError> {
        match self.shared() {
            Some(shared) => shared.maintain().await,
            None => Ok(Maintained::default()),
        }
    }

    /// A job of this service: work in the background, whose outcome and duration are recorded, once by hand or on a
    /// schedule.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # async fn report() -> Result<u64, std::io::Error> { Ok(7) }
    /// # async fn example(metrics: api_metrics::ApiMetrics) -> Result<(), std::io::Error> {
    /// // Once, here and now.
    /// let rows = metrics.job("nightly-report").run(report()).await?;
    ///
    /// // Every hour, by one of all instances.
    /// metrics
    ///     .job("hourly-report")
    ///     .every(Duration::from_secs(3_600))
    ///     .timeout(Duration::from_secs(600))
    ///     .run(|| async { report().await.map(drop) });
    /// # let _ = rows;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A name has at most 200 bytes. There must be few of them: each is a series of its own.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn job(&self, name: impl Into<String>) -> crate::Job {
        crate::Job::new(self.shared(), name.into())
    }

    /// Subscribes to the notices that this process delivers, for your own event bus: alerts, limits and
    /// quotas.
    ///
    /// Each notice is delivered by one instance. With several instances, subscribe in every one. `None`
    /// where metrics are off.
    ///
    /// ```
    /// # async fn example(metrics: api_metrics::ApiMetrics) {
    /// let Some(mut notices) = metrics.notices() else { return };
    /// while let Ok(notice) = notices.recv().await {
    ///     println!("{}", notice.message);
    /// }
    /// # }
    /// ```
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    #[must_use]
    pub fn notices(&self) -> Option<tokio::sync::broadcast::Receiver<Notice>> {
        self.shared().map(|shared| shared.notices.subscribe())
    }

    /// How the background work is doing. `None` where metrics are off.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        self.shared().map(|shared| shared.health.health())
    }

    /// The store, for queries of one's own. `None` where metrics are off.
    #[must_use]
    pub fn store(&self) -> Option<Arc<dyn Store>> {
        self.shared().map(|shared| Arc::clone(&shared.store))
    }

    /// The control plane's store: API keys, alerts, notices, rate limits and price plans. `None` where
    /// metrics are off, or where the store keeps none.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    #[must_use]
    pub fn control(&self) -> Option<Arc<dyn ControlStore>> {
        self.shared()
            .and_then(|shared| shared.control_store().cloned())
    }

    /// This process's request log, for how much of it was kept and dropped. `None` where metrics are off, or no
    /// [log](crate::Builder::request_log) is kept.
    #[must_use]
    pub fn request_log(&self) -> Option<Arc<RequestLogBuffer>> {
        let requests = self.shared()?.requests.as_ref()?;
        Some(Arc::clone(&requests.log))
    }

    /// The store of the request log, for questions of one's own. `None` as for [`request_log`](Self::request_log).
    #[must_use]
    pub fn requests(&self) -> Option<Arc<dyn RequestLogStore>> {
        let requests = self.shared()?.requests.as_ref()?;
        Some(Arc::clone(&requests.store))
    }

    /// This process's recorder and the instance under which it flushes. `None` where metrics are
    /// off.
    #[must_use]
    pub fn writer(&self) -> Option<Arc<Writer>> {
        self.shared().map(|shared| Arc::clone(&shared.writer))
    }

    /// Whether anything is recorded at all.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.shared().is_none()
    }
}

/// A router that says why there is nothing else.
fn off(mut reason: String) -> Router {
    reason.push('\n');
    Router::new().fallback(async move || (StatusCode::SERVICE_UNAVAILABLE, reason.clone()))
}

/// A router whose changes end a rest of the background tasks.
fn noticed(shared: &Shared, router: Router) -> Router {
    let activity = Arc::clone(&shared.activity);
    router.layer(from_fn_with_state(activity, background::notice_changes))
}

/// Holds a handle inside a router's state.
#[derive(Clone)]
struct KeepAlive(#[expect(dead_code, reason = "held, never read")] Arc<Handle>);

impl fmt::Debug for ApiMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ApiMetrics");
        match &self.0.part {
            Part::Running(shared) => out
                .field("database", &shared.database)
                .field("instance", &shared.writer.instance),
            Part::Inert(reason) => out.field("off", reason),
        };
        out.finish_non_exhaustive()
    }
}

/// The sink that records into an [`ApiMetrics`]; records nothing where that is off. Keeps its
/// background tasks running as long as it lives.
#[derive(Clone)]
pub struct RecorderSink {
    recorder: Option<Arc<Recorder>>,
    requests: Option<Arc<RequestLogBuffer>>,
    alive: Arc<Handle>,
}

impl MetricSink for RecorderSink {
    fn record(&self, record: &RequestRecord<'_>) {
        if let Some(recorder) = &self.recorder {
            recorder.record(record);
        }
    }

    fn identity(&self) -> Option<usize> {
        self.recorder.as_ref()?.identity()
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        match &self.alive.part {
            Part::Running(shared) => shared.grpc_methods.knows(path),
            Part::Inert(_) => false,
        }
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        if let Some(recorder) = &self.recorder {
            recorder.on_queue_wait(waited, called);
        }
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        let log = self.requests.as_deref()?;
        Some(log)
    }
}

impl fmt::Debug for RecorderSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderSink")
            .field("off", &self.recorder.is_none())
            .finish_non_exhaustive()
    }
}
