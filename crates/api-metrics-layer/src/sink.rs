//! The sink that records go to.

use std::sync::Arc;

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

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        self.iter().find_map(MetricSink::request_log)
    }
}
