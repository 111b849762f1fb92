//! Where records go.

use std::sync::Arc;

use crate::RequestRecord;

/// Receives every finished request, exactly once.
///
/// `record` is called on the thread that finished the request, inside the host's own work: it must
/// not block and should not allocate. A panic in it is the sink's bug; the layer does not catch it
/// (and where the request itself ended in a panic, a second one aborts the process).
///
/// Sinks at hand: `()` is off; a closure `Fn(&RequestRecord<'_>)`; `Arc<S>` shares one sink;
/// `Option<S>` may be off; `(A, B)`, `[S; N]` and `Vec<S>` fan out, in order. With
/// `Arc<dyn MetricSink>` as `S` the sinks of a fan-out may differ in type.
///
/// # A sink of one's own
///
/// ```
/// use std::sync::{
///     Arc,
///     atomic::{AtomicU64, Ordering},
/// };
///
/// use api_metrics_layer::{ApiMetricsLayer, MetricSink, Outcome, RequestRecord};
///
/// /// Counts what the service owes its callers.
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
pub trait MetricSink: Send + Sync + 'static {
    /// Takes note of one finished request.
    fn record(&self, record: &RequestRecord<'_>);
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
}

impl<S: MetricSink> MetricSink for Option<S> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        if let Some(sink) = self {
            sink.record(record);
        }
    }
}

impl<A: MetricSink, B: MetricSink> MetricSink for (A, B) {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        self.0.record(record);
        self.1.record(record);
    }
}

impl<S: MetricSink, const N: usize> MetricSink for [S; N] {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        for sink in self {
            sink.record(record);
        }
    }
}

impl<S: MetricSink> MetricSink for Vec<S> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        for sink in self {
            sink.record(record);
        }
    }
}
