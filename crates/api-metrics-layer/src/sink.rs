//! Where records go.

use std::sync::Arc;

use crate::RequestRecord;

/// Receives every finished request, exactly once.
///
/// `record` is called on the thread that finished the request, inside the host's own work: it must
/// not block and should not allocate. A panic in it is the sink's bug; the layer does not catch it.
pub trait MetricSink: Send + Sync + 'static {
    /// Takes note of one finished request.
    fn record(&self, record: &RequestRecord<'_>);
}
