//! The gauge of open requests.

use std::{fmt, sync::Arc};

/// A gauge of open requests: those that have arrived and are not recorded yet.
///
/// Made by [`ApiMetricsLayer::in_flight`](crate::ApiMetricsLayer::in_flight). It counts over all clones of the
/// layer and all services made by it. Upgraded connections don't count: they are recorded when the 101 is
/// sent.
///
/// The gauge reads reference counts that every open request holds anyway. No decrement can be forgotten, so
/// it can't leak, and it costs a request nothing. A read is exact while no request starts or ends, and
/// otherwise as fresh as a relaxed atomic.
///
/// ```
/// use api_metrics_layer::ApiMetricsLayer;
///
/// let in_flight = ApiMetricsLayer::new(()).in_flight();
/// assert_eq!(in_flight.get(), 0);
/// ```
#[derive(Clone)]
pub struct InFlight(Arc<dyn OpenRequests>);

impl InFlight {
    pub(crate) fn new(open: Arc<dyn OpenRequests>) -> Self {
        Self(open)
    }

    /// The number of open requests at this moment.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.open_requests()
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InFlight").field(&self.get()).finish()
    }
}

/// Counts the open requests of a layer, whatever its sink.
pub(crate) trait OpenRequests: Send + Sync {
    fn open_requests(&self) -> usize;
}
