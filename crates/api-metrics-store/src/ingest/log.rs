//! The request log of reported requests: chosen by the same policy as a process's own, after their commit.
//!
//! Each service of a tenant has a buffer and a fence of its own, as its own process would; all of them hold the memory of one
//! log at most. What a report has carried is offered once it is counted, and a repetition is not offered again.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
};

use api_metrics_layer::{
    LogEvent, LogLevel, LoggedError, LoggedPath, LoggedRequest, MAX_ENDPOINT_BYTES, OTHER_ENDPOINT,
    RequestLogSink, bounded,
};
use foldhash::fast::FixedState;
use uuid::Uuid;

use super::{
    batch::{IngestAnswer, IngestBatch, IngestItem},
    token::IngestToken,
};
use crate::{
    request_log::{RequestLog, RequestLogBuffer, RequestLogCounts},
    store::Instance,
};

/// Different endpoints that the log of one service names; more are `<other>`, as in its buckets.
const MAX_ENDPOINTS: usize = 10_000;

/// The logs of all services that report to this process. Cheap to clone; clones share everything.
///
/// Given to an [`IngestQueue`](super::IngestQueue), which fills it; each of [`buffers`](Self::buffers) is to be
/// flushed as a process's own is. For each of them `chosen = kept + dropped + waiting`.
///
/// ```
/// use api_metrics_store::{ingest::IngestLog, request_log::RequestLog};
///
/// let log = IngestLog::new(RequestLog::new(), "web-1");
/// assert!(log.buffers().is_empty(), "nobody has reported anything");
/// ```
#[derive(Clone)]
pub struct IngestLog(Arc<Shared>);

struct Shared {
    settings: RequestLog,
    host: String,
    /// Memory of all buffers together.
    bytes: Arc<AtomicUsize>,
    services: Mutex<BTreeMap<Reporter, Service>>,
}

/// A service, its environment, and the tenant that it reports for.
type Reporter = (String, String, Option<String>);

/// The log of one service.
struct Service {
    buffer: Arc<RequestLogBuffer>,
    /// The hashes of the endpoints that were named.
    endpoints: HashSet<u64>,
}

impl IngestLog {
    /// A log with these settings: their rows and bytes a second are those of each service, their memory that of
    /// all services together. `host` is the machine's name, for people who read the status.
    #[must_use]
    pub fn new(settings: RequestLog, host: impl Into<String>) -> Self {
        Self(Arc::new(Shared {
            settings,
            host: host.into(),
            bytes: Arc::default(),
            services: Mutex::default(),
        }))
    }

    /// The log of each service that has reported since the process began, in the order of their names.
    #[must_use]
    pub fn buffers(&self) -> Vec<Arc<RequestLogBuffer>> {
        let services = self.0.services();
        services.values().map(|it| Arc::clone(&it.buffer)).collect()
    }

    /// What became of the requests that the policy chose, of all services together.
    #[must_use]
    pub fn counts(&self) -> RequestLogCounts {
        let mut sum = RequestLogCounts::default();
        for buffer in self.buffers() {
            let counts = buffer.counts();
            sum.chosen += counts.chosen;
            sum.kept += counts.kept;
            sum.waiting += counts.waiting;
            sum.dropped.add(counts.dropped);
        }
        sum
    }

    /// Offers what was taken of a batch, unless it was a repetition.
    pub(super) fn offer(&self, token: &IngestToken, batch: &IngestBatch, answer: &IngestAnswer) {
        if answer.repeated || answer.accepted == 0 {
            return;
        }
        let refused: HashSet<u32> = answer.refused.iter().map(|one| one.place).collect();
        let accepted = batch
            .items
            .iter()
            .filter(|(place, ..)| !refused.contains(place));
        let name = (
            token.service.clone(),
            token.environment.clone(),
            token.tenant_id.clone(),
        );
        let mut services = self.0.services();
        let service = services
            .entry(name)
            .or_insert_with(|| self.0.service(token));
        let items: Vec<(&IngestItem, bool)> = accepted
            .map(|(_, item, _)| (item, service.names(&item.endpoint)))
            .collect();
        let buffer = Arc::clone(&service.buffer);
        drop(services);
        for (item, is_named) in items {
            log(&buffer, item, is_named, !batch.is_logged_only);
        }
    }
}

impl Shared {
    fn services(&self) -> MutexGuard<'_, BTreeMap<Reporter, Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn service(&self, token: &IngestToken) -> Service {
        let mut instance = Instance::new(Uuid::new_v4(), &token.service, &token.environment);
        instance.host.clone_from(&self.host);
        let bytes = Arc::clone(&self.bytes);
        Service {
            buffer: Arc::new(RequestLogBuffer::within(
                self.settings.clone(),
                instance,
                bytes,
            )),
            endpoints: HashSet::new(),
        }
    }
}

impl Service {
    /// Whether an endpoint is among those that are named, or becomes one of them.
    fn names(&mut self, endpoint: &str) -> bool {
        let hash = FixedState::with_seed(7).hash_one(endpoint);
        if self.endpoints.len() < MAX_ENDPOINTS {
            self.endpoints.insert(hash);
            return true;
        }
        self.endpoints.contains(&hash)
    }
}

/// Offers one item.
fn log(buffer: &RequestLogBuffer, item: &IngestItem, is_named: bool, is_counted: bool) {
    let endpoint = bounded(&item.endpoint, MAX_ENDPOINT_BYTES);
    let endpoint = if is_named { &endpoint } else { OTHER_ENDPOINT };
    let record = item.record(endpoint);
    let capture = buffer.capture();
    if is_counted && capture.geography.is_some() {
        // Nobody has told where it came from.
        buffer.count_country(&record, None);
    }
    if !buffer.admits(record.method, Some(endpoint)) {
        return;
    }
    let mut request = LoggedRequest::new(&record);
    let path = item.path.as_deref().filter(|_| is_named);
    request.path = LoggedPath::masked(endpoint, path, &capture.shown_parameters);
    request.user = item.user.as_ref();
    request.trace = item.trace;
    request.request_id = item.request_id.as_deref();
    if let Some(error) = &item.error {
        request.error = LoggedError::told(error);
    }
    let context = (!item.context.is_empty()).then(|| context(item));
    request.lines = context.as_slice();
    buffer.log(&request);
}

/// What else is known of an item, as a line of its entry.
fn context(item: &IngestItem) -> LogEvent {
    let line = LogEvent::new(item.finished_at, LogLevel::Info, "context", "");
    let fields = item.context.iter();
    fields.fold(line, |line, (name, value)| {
        line.with_field(name.clone(), value.clone())
    })
}

impl fmt::Debug for IngestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestLog")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
