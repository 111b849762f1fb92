//! What all requests of a layer share.

use std::{fmt, sync::Arc};

use crate::{
    clock::{Clock, Clocks},
    grpc::Methods,
    in_flight::OpenRequests,
};

/// Held by every open request.
pub(crate) struct Core<M> {
    pub(crate) sink: M,
    pub(crate) clocks: Clocks,
    pub(crate) grpc_methods: Methods,
}

/// Held by the layer, its services and its gauges. It owns the one reference to the core that isn't a
/// request's, for as long as anyone is left who could ask: so the core's reference count, less one,
/// is the number of open requests.
pub(crate) struct Anchor<M> {
    pub(crate) core: Arc<Core<M>>,
}

impl<M> Anchor<M> {
    pub(crate) fn new(sink: M) -> Arc<Self> {
        Self::build(sink, Clocks::system())
    }

    pub(crate) fn with_clock(sink: M, clock: impl Clock) -> Arc<Self> {
        Self::build(sink, Clocks::custom(clock))
    }

    fn build(sink: M, clocks: Clocks) -> Arc<Self> {
        let core = Core {
            sink,
            clocks,
            grpc_methods: Methods::default(),
        };
        Arc::new(Self {
            core: Arc::new(core),
        })
    }
}

impl<M: Send + Sync> OpenRequests for Anchor<M> {
    fn open_requests(&self) -> usize {
        Arc::strong_count(&self.core) - 1
    }
}

impl<M> fmt::Debug for Anchor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor")
            .field("clocks", &self.core.clocks)
            .finish_non_exhaustive()
    }
}
