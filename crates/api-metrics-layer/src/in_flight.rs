//! How many requests are open.

use std::{fmt, sync::Arc};

/// Reads how many requests of a layer are open: seen, and not yet recorded.
///
/// Made by [`ApiMetricsLayer::in_flight`](crate::ApiMetricsLayer::in_flight), counts over all clones
/// of the layer and all services made by it. Upgraded connections are not open requests: they are
/// recorded when the 101 is sent.
///
/// The gauge is the reference counts of what every open request holds anyway. There is no decrement
/// that could be forgotten, so it cannot leak, and it costs a request nothing. Reads are exact at rest
/// and otherwise as fresh as any relaxed atomic.
#[derive(Clone)]
pub struct InFlight(Arc<dyn OpenRequests>);

impl InFlight {
    pub(crate) fn new(open: Arc<dyn OpenRequests>) -> Self {
        Self(open)
    }

    /// The number of open requests.
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

pub(crate) trait OpenRequests: Send + Sync {
    fn open_requests(&self) -> usize;
}
