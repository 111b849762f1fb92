//! The sink that records go to.

use std::{sync::Arc, time::Duration};

use crate::{RequestLogSink, RequestRecord};

/// Receives every finished request, exactly once.
///
/// `record` is called on the thread that finished the request, within the host's own work: it must not block
/// and should not allocate.
///
/// | sink | what it does |
/// |---|---|
/// | `()` | drops every record |
/// | a closure `Fn(&RequestRecord<'_>)` | is called with every record |
/// | `Arc<S>` | shares one sink |
/// | `Box<dyn MetricSink>` | a sink whose type is chosen at run time |
/// | `Option<S>` | may be off |
/// | `(A, B)`, `(A, B, C)`, `[S; N]`, `Vec<S>` | call each sink, in order; with `Arc<dyn MetricSink>` as `S` they may differ in type |
///
/// # Panics
///
/// The layer does not catch a panic of the sink. Where the request itself ended in a panic, a second one
/// aborts the process.
///
/// # A sink of your own
///
/// ```
/// use std::sync::{
///     Arc,
///     atomic::{AtomicU64, Ordering},
/// };
///
/// use api_metrics_layer::{ApiMetricsLayer, MetricSink, Outcome, RequestRecord};
///
/// /// Counts requests and server errors.
/// #[derive(Default)]
/// struct Failures {
///     requests: AtomicU64,
///     failures: AtomicU64,
/// }
///
/// impl MetricSink for Failures {
///     fn record(&self, record: &RequestRecord<'_>) {
///         self.requests.fetch_add(1, Ordering::Relaxed);
///         if record.counted_status() >= 500 || record.outcome == Outcome::Panicked {
///             self.failures.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let layer = ApiMetricsLayer::new(Arc::clone(&failures));
/// # let _: ApiMetricsLayer<Arc<Failures>> = layer;
/// ```
///
/// # A closure, and several at once
///
/// ```
/// use api_metrics_layer::{ApiMetricsLayer, RequestRecord};
///
/// let slow = |record: &RequestRecord<'_>| {
///     if record.latency.is_some_and(|latency| latency.as_secs() >= 1) {
///         eprintln!("{} {} took {:?}", record.method, record.endpoint, record.latency);
///     }
/// };
/// let aborted = |record: &RequestRecord<'_>| {
///     if record.status.is_none() {
///         eprintln!("{} {}: {:?}", record.method, record.endpoint, record.outcome);
///     }
/// };
/// let layer = ApiMetricsLayer::new((slow, aborted));
/// # let _ = layer.in_flight();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sink of request records",
    label = "not a `MetricSink`",
    note = "a sink is a closure `|record: &RequestRecord<'_>| ..`, with the type of its argument written out, that is `Send + Sync + 'static`",
    note = "an `Arc<Recorder>`, a `Box<dyn MetricSink>`, a pair or a triple, a `Vec` of sinks and `()` are sinks as well; for a type of your own implement `MetricSink`"
)]
pub trait MetricSink: Send + Sync + 'static {
    /// Takes one finished request.
    fn record(&self, record: &RequestRecord<'_>);

    /// Tells layers apart: of several that one request passes, those whose sinks have the same identity count it
    /// once. The default `None` means one identity for each layer and its clones.
    ///
    /// A sink that is a handle of something shared returns the address of that, as `Arc` does. So
    /// `ApiMetricsLayer::new(Arc::clone(&sink))` is the same each time.
    fn identity(&self) -> Option<usize> {
        None
    }

    /// Whether a gRPC method, `/pkg.Service/Method`, is known to exist: because it was recorded before this
    /// process started, say. Asked where a call has ended with an error and no call of the method has succeeded
    /// since the start, so that its name can be told from a stranger's guess.
    fn knows_grpc_method(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// Takes the wait of one request in `poll_ready`, before the layer saw the request. `called` is false where it
    /// gave up, or was refused, before it was called; such a request has no record. See
    /// [`Queue`](crate::Queue).
    fn on_queue_wait(&self, waited: Duration, called: bool) {
        let _ = (waited, called);
    }

    /// The log of requests beside this sink, which is shown every request that was recorded. The default is
    /// none; [`WithRequestLog`](crate::WithRequestLog) adds one.
    ///
    /// It is asked several times a request, and must always give the same answer. Of several sinks in one the first that has a
    /// log counts.
    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        None
    }
}

impl MetricSink for () {
    #[inline]
    fn record(&self, _: &RequestRecord<'_>) {}
}

impl<F> MetricSink for F
where
    F: Fn(&RequestRecord<'_>) + Send + Sync + 'static,
{
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        self(record);
    }
}

impl<S: MetricSink + ?Sized> MetricSink for Arc<S> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        (**self).record(record);
    }

    fn identity(&self) -> Option<usize> {
        Some(Self::as_ptr(self).cast::<()>() as usize)
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        (**self).knows_grpc_method(path)
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        (**self).on_queue_wait(waited, called);
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        (**self).request_log()
    }
}

// Not for every `Box<S>`: that of a closure is a closure already.
impl MetricSink for Box<dyn MetricSink> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        (**self).record(record);
    }

    fn identity(&self) -> Option<usize> {
        (**self).identity()
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        (**self).knows_grpc_method(path)
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        (**self).on_queue_wait(waited, called);
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        (**self).request_log()
    }
}

impl<S: MetricSink> MetricSink for Option<S> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        if let Some(sink) = self {
            sink.record(record);
        }
    }

    fn identity(&self) -> Option<usize> {
        self.as_ref()?.identity()
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.as_ref()
            .is_some_and(|sink| sink.knows_grpc_method(path))
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        if let Some(sink) = self {
            sink.on_queue_wait(waited, called);
        }
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        self.as_ref()?.request_log()
    }
}

impl<A: MetricSink, B: MetricSink, C: MetricSink> MetricSink for (A, B, C) {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        self.0.record(record);
        self.1.record(record);
        self.2.record(record);
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.0.knows_grpc_method(path)
            || self.1.knows_grpc_method(path)
            || self.2.knows_grpc_method(path)
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        self.0.on_queue_wait(waited, called);
        self.1.on_queue_wait(waited, called);
        self.2.on_queue_wait(waited, called);
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        let first = self.0.request_log().or_else(|| self.1.request_log());
        first.or_else(|| self.2.request_log())
    }
}

impl<A: MetricSink, B: MetricSink> MetricSink for (A, B) {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        self.0.record(record);
        self.1.record(record);
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.0.knows_grpc_method(path) || self.1.knows_grpc_method(path)
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        self.0.on_queue_wait(waited, called);
        self.1.on_queue_wait(waited, called);
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        self.0.request_log().or_else(|| self.1.request_log())
    }
}

impl<S: MetricSink, const N: usize> MetricSink for [S; N] {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        for sink in self {
            sink.record(record);
        }
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.iter().any(|sink| sink.knows_grpc_method(path))
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        for sink in self {
            sink.on_queue_wait(waited, called);
        }
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        self.iter().find_map(MetricSink::request_log)
    }
}

impl<S: MetricSink> MetricSink for Vec<S> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        for sink in self {
            sink.record(record);
        }
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.iter().any(|sink| sink.knows_grpc_method(path))
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        for sink in self {
            sink.on_queue_wait(waited, called);
        }
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        self.iter().find_map(MetricSink::request_log)
    }
}
