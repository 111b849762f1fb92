//! A sink with a log of requests beside it.

use std::time::Duration;

use crate::{MetricSink, RequestLogSink, RequestRecord};

/// A sink `M` that counts, with a log of requests `L` beside it.
///
/// Layers around it count as layers around `M` do: they have the same identity.
#[derive(Debug, Clone)]
pub struct WithRequestLog<M, L> {
    sink: M,
    log: L,
}

impl<M: MetricSink, L: RequestLogSink> WithRequestLog<M, L> {
    /// Puts a log beside a sink.
    pub const fn new(sink: M, log: L) -> Self {
        Self { sink, log }
    }

    /// The sink that counts.
    pub const fn sink(&self) -> &M {
        &self.sink
    }

    /// The log.
    pub const fn log(&self) -> &L {
        &self.log
    }
}

impl<M: MetricSink, L: RequestLogSink> MetricSink for WithRequestLog<M, L> {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        self.sink.record(record);
    }

    fn identity(&self) -> Option<usize> {
        self.sink.identity()
    }

    fn knows_grpc_method(&self, path: &str) -> bool {
        self.sink.knows_grpc_method(path)
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        self.sink.on_queue_wait(waited, called);
    }

    #[inline]
    fn request_log(&self) -> Option<&dyn RequestLogSink> {
        Some(&self.log)
    }
}
