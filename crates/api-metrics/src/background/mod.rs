//! Everything that runs beside the host's requests. One connector until the store answers, then a
//! task for each kind of work; all end when the process stops or its last handle is dropped.

mod activity;
mod connect;
#[cfg(feature = "control")]
mod control;
mod grpc_methods;
#[cfg(feature = "control")]
pub(crate) mod jobs;
mod log_throttle;
mod maintain;
#[cfg(feature = "control")]
mod own_health;
mod requests;
#[cfg(feature = "control")]
mod running;
mod schedule;
mod shutdown;
mod task;

use std::{
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use api_metrics_routes::Admin;
#[cfg(feature = "control")]
use api_metrics_store::control::{ControlStore, notify::BroadcastNotifier};
use api_metrics_store::{
    store::{Misconfiguration, Store, StoreError, Writer},
    time::Clock,
};
use tokio::{runtime, sync::watch, task::AbortHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[cfg(feature = "control")]
pub(crate) use control::Control;
pub use maintain::{Maintained, Maintenance};
pub(crate) use requests::Requests;
#[cfg(feature = "control")]
pub(crate) use running::Running;

pub(crate) use activity::{Activity, notice_changes};

use self::{
    connect::Readiness, grpc_methods::GrpcMethods, log_throttle::LogThrottle, task::TaskError,
};
use crate::{health::Monitor, task::Task};

/// What the tasks work on. Handles, layers and routers hold it through [`crate::handle`], whose drop
/// stops the tasks; the tasks themselves keep nothing alive.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    /// What to call the database where people read.
    pub(crate) database: String,
    pub(crate) writer: Arc<Writer>,
    pub(crate) admin: Admin,
    pub(crate) health: Arc<Monitor>,
    /// `None` where no request log is kept.
    pub(crate) requests: Option<Requests>,
    /// `None` where nobody can report to the store.
    #[cfg(feature = "ingest")]
    pub(crate) ingest: Option<api_metrics_routes::Ingest>,
    /// `None` where the store keeps no control plane.
    #[cfg(feature = "control")]
    control: Option<Control>,
    #[cfg(feature = "control")]
    own_health: own_health::OwnHealth,
    #[cfg(feature = "control")]
    pub(crate) notices: BroadcastNotifier,
    #[cfg(feature = "control")]
    pub(crate) jobs: Arc<jobs::Jobs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flush_interval: Duration,
    shutdown_timeout: Duration,
    maintenance: Maintenance,
    /// Ends the tasks.
    pub(crate) stop: CancellationToken,
    /// Ends our own event streams.
    pub(crate) streams: CancellationToken,
    shutting_down: AtomicBool,
    readiness: watch::Sender<Readiness>,
    refusal: Mutex<Option<StoreError>>,
    log: LogThrottle,
    /// What was last told about the configuration.
    told: Mutex<Option<Misconfiguration>>,
    /// The host's runtime, on which everything runs.
    runtime: runtime::Handle,
    sign_in: Once,
    tracker: TaskTracker,
    tasks: Mutex<Vec<AbortHandle>>,
    /// Those that were recorded before this process started.
    pub(crate) grpc_methods: GrpcMethods,
    /// Whether anything happens.
    pub(crate) activity: Arc<Activity>,
}

/// What [`Shared`] is made of.
pub(crate) struct Parts<F> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) database: String,
    pub(crate) writer: Arc<Writer>,
    pub(crate) requests: Option<Requests>,
    #[cfg(feature = "ingest")]
    pub(crate) ingest: Option<api_metrics_routes::Ingest>,
    #[cfg(feature = "control")]
    pub(crate) control: Option<Control>,
    #[cfg(feature = "control")]
    pub(crate) notices: BroadcastNotifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flush_interval: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) stalled_after: Duration,
    pub(crate) maintenance: Maintenance,
    pub(crate) runtime: runtime::Handle,
    /// Makes the admin router's state.
    pub(crate) admin: F,
}

/// What the admin router's state is made of.
pub(crate) struct AdminParts<'a> {
    pub(crate) store: &'a Arc<dyn Store>,
    pub(crate) writer: &'a Arc<Writer>,
    pub(crate) streams: &'a CancellationToken,
    pub(crate) health: Arc<Monitor>,
}

impl Shared {
    pub(crate) fn new<F: FnOnce(AdminParts<'_>) -> Admin>(parts: Parts<F>) -> Arc<Self> {
        let health = Arc::new(Monitor::new(
            Arc::clone(&parts.clock),
            parts.flush_interval,
            parts.stalled_after,
        ));
        let streams = CancellationToken::new();
        let admin = (parts.admin)(AdminParts {
            store: &parts.store,
            writer: &parts.writer,
            streams: &streams,
            health: Arc::clone(&health),
        });
        Arc::new(Self {
            store: parts.store,
            database: parts.database,
            writer: parts.writer,
            admin,
            health,
            requests: parts.requests,
            #[cfg(feature = "ingest")]
            ingest: parts.ingest,
            #[cfg(feature = "control")]
            control: parts.control,
            #[cfg(feature = "control")]
            notices: parts.notices,
            #[cfg(feature = "control")]
            own_health: own_health::OwnHealth::default(),
            #[cfg(feature = "control")]
            jobs: Arc::default(),
            log: LogThrottle::new(Arc::clone(&parts.clock)),
            clock: parts.clock,
            flush_interval: parts.flush_interval,
            shutdown_timeout: parts.shutdown_timeout,
            maintenance: parts.maintenance,
            stop: CancellationToken::new(),
            streams,
            shutting_down: AtomicBool::new(false),
            readiness: watch::Sender::new(Readiness::Connecting),
            refusal: Mutex::default(),
            told: Mutex::default(),
            runtime: parts.runtime,
            sign_in: Once::new(),
            tracker: TaskTracker::new(),
            tasks: Mutex::default(),
            grpc_methods: GrpcMethods::default(),
            activity: Arc::new(Activity::new()),
        })
    }

    /// The wall clock.
    #[cfg(feature = "control")]
    pub(crate) fn now(&self) -> api_metrics_store::time::UnixSeconds {
        self.clock.unix_seconds()
    }

    /// The store of the control plane, where there is one.
    #[cfg(feature = "control")]
    pub(crate) fn control_store(&self) -> Option<&Arc<dyn ControlStore>> {
        self.control.as_ref().map(Control::store)
    }

    fn refusal(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps; true where the process stops meanwhile.
    async fn stopped_within(&self, pause: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }

    fn succeeded(&self, task: Task) {
        self.health.succeeded(task);
        // Only a flush proves that records arrive.
        if task == Task::Flush {
            self.reached();
        }
    }

    fn reached(&self) {
        self.health.reached();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(after) = self.log.recovered() {
            let after = Duration::from_secs(after.as_secs());
            tracing::info!(
                database = self.database,
                "the database answers again, after {after:?}"
            );
        }
    }

    fn failed(&self, task: Task, error: &TaskError) {
        let store = error.store();
        let misconfiguration = store.and_then(StoreError::misconfiguration);
        self.health
            .failed(task, &error.to_string(), misconfiguration);
        if let (Some(error), Some(what)) = (store, misconfiguration) {
            self.tell(error, what);
        }
        if let Some(held_back) = self.log.warn() {
            tracing::warn!(
                task = task.name(),
                %error,
                database = self.database,
                waiting_records = self.writer.recorder.status().unflushed_records,
                held_back,
                "a background task failed and will be tried again; nothing is lost"
            );
        }
    }

    fn unreachable(&self, error: &StoreError) {
        let misconfiguration = error.misconfiguration();
        self.health
            .unreachable(&error.to_string(), misconfiguration);
        if let Some(what) = misconfiguration {
            self.tell(error, what);
            return;
        }
        if let Some(held_back) = self.log.warn() {
            tracing::warn!(
                %error,
                database = self.database,
                held_back,
                "the database can't be used yet and will be tried again; records are kept"
            );
        }
    }
}

impl Shared {
    /// Says once what is wrong about the configuration and what to do about it: on stderr too, because
    /// it is mostly met at the first start, when nobody has set up a log yet.
    fn tell(&self, error: &StoreError, what: Misconfiguration) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.replace(what) == Some(what) {
            return;
        }
        tracing::error!(
            database = self.database,
            misconfiguration = <&str>::from(what),
            %error,
            "the metrics database can't be used as it is configured; requests are served and recorded, \
             and nothing is stored"
        );
        eprintln!(
            "api-metrics: {}: {error}. Requests are served and recorded, and nothing is stored.",
            self.database
        );
    }
}

/// Starts the tasks on the host's runtime.
pub(crate) fn spawn(shared: &Arc<Shared>) {
    start(shared, connect::connect(Arc::clone(shared)));
    let tasks = shared.maintenance.tasks().iter();
    for &task in tasks.filter(|task| shared.can(**task)) {
        start(shared, task::supervise(Arc::clone(shared), task));
    }
    #[cfg(feature = "control")]
    if shared.tells_health() {
        start(shared, own_health::run(Arc::clone(shared)));
    }
    // Whoever drops the last handle without a shutdown still gets a last flush.
    if shared.maintenance != Maintenance::Manual {
        start(shared, shutdown::last_flush(Arc::clone(shared)));
    }
}

/// Prepares the sign-in in the background, once.
pub(crate) fn prepare_sign_in(shared: &Arc<Shared>) {
    shared
        .sign_in
        .call_once(|| start(shared, connect::prepare_sign_in(Arc::clone(shared))));
}

fn start(shared: &Shared, task: impl Future<Output = ()> + Send + 'static) {
    let task = shared.tracker.spawn_on(task, &shared.runtime);
    let mut tasks = shared.tasks();
    // Each attempt of a job is one: what has ended is not kept.
    tasks.retain(|task| !task.is_finished());
    tasks.push(task.abort_handle());
}
