//! What all requests of a layer share, sharded by thread.

use std::{
    fmt, iter,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    clock::{Clocks, RequestClock},
    grpc::Methods,
    in_flight::OpenRequests,
};

/// Shards per layer at most, half a KiB each. More would save nothing that is worth their memory.
const MAX_SHARDS: usize = 64;

/// Sink, clocks and known gRPC methods: one per layer.
pub(crate) struct Core<M> {
    pub(crate) sink: M,
    pub(crate) clocks: Clocks,
    pub(crate) grpc_methods: Methods,
}

/// Referenced by every open request of a shard and once by the shard itself, so that the reference count
/// minus one is the number of open requests.
///
/// Aligned to its own cache lines, reference counts included: two threads never count in the same line.
#[repr(align(128))]
pub(crate) struct ShardHandle<M>(Arc<Core<M>>);

impl<M> ShardHandle<M> {
    #[inline]
    pub(crate) fn core(&self) -> &Core<M> {
        &self.0
    }
}

/// What the services of one thread share, and the reference counts of their open requests.
///
/// A server clones a service for every connection and axum's router clones it for every request. Each clone
/// changes a reference count, and threads that change the same count wait for each other's cache line. So
/// there is a shard per thread, up to the number of processors, and a service is cloned into the shard of
/// the thread that clones it.
#[repr(align(128))]
pub(crate) struct Shard<M> {
    pub(crate) handle: Arc<ShardHandle<M>>,
    /// All shards but the first. Only the first one owns them; it is owned by the layer, its gauges and the
    /// services made by the layer.
    others: Box<[Arc<Self>]>,
    /// All shards. Set in those that don't own the others.
    all: OnceLock<Box<[Weak<Self>]>>,
}

impl<M> Shard<M> {
    /// The first shard of a new layer.
    pub(crate) fn first(sink: M) -> Arc<Self> {
        Self::build(sink, Clocks::system())
    }

    /// The first shard of a new layer, with a clock of the user's own.
    pub(crate) fn with_clock(sink: M, clock: impl RequestClock) -> Arc<Self> {
        Self::build(sink, Clocks::custom(clock))
    }

    fn build(sink: M, clocks: Clocks) -> Arc<Self> {
        let core = Arc::new(Core {
            sink,
            clocks,
            grpc_methods: Methods::default(),
        });
        let shard = |others| Self {
            handle: Arc::new(ShardHandle(Arc::clone(&core))),
            others,
            all: OnceLock::new(),
        };
        let others = (1..shard_count()).map(|_| Arc::new(shard(Box::default())));
        let first = Arc::new(shard(others.collect()));
        for other in &first.others {
            let all = iter::once(&first).chain(&first.others);
            // The shard is new, so the cell is empty.
            let _ = other.all.set(all.map(Arc::downgrade).collect());
        }
        first
    }

    /// The shard of the calling thread.
    #[inline]
    pub(crate) fn of_this_thread(self: &Arc<Self>) -> Arc<Self> {
        self.of(thread_number())
    }

    /// The shard of a thread.
    #[inline]
    fn of(self: &Arc<Self>, thread: usize) -> Arc<Self> {
        // The number of shards is a power of two.
        match self
            .others
            .get((thread & self.others.len()).wrapping_sub(1))
        {
            Some(other) => Arc::clone(other),
            None => self.of_weak(thread),
        }
    }

    /// Slow path: looks the shard up through the weak list. Returns this shard where it is the first and
    /// the thread's, or where the first one is gone.
    fn of_weak(self: &Arc<Self>, thread: usize) -> Arc<Self> {
        let shard = self.all.get().and_then(|all| {
            let place = thread & all.len().wrapping_sub(1);
            all.get(place)?.upgrade()
        });
        shard.unwrap_or_else(|| Arc::clone(self))
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core<M> {
        self.handle.core()
    }
}

impl<M: Send + Sync> OpenRequests for Shard<M> {
    fn open_requests(&self) -> usize {
        let others = self.others.iter().map(|shard| &shard.handle);
        let all = iter::once(&self.handle).chain(others);
        all.map(|handle| Arc::strong_count(handle) - 1).sum()
    }
}

impl<M> fmt::Debug for Shard<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("clocks", &self.core().clocks)
            .finish_non_exhaustive()
    }
}

/// The number of processors, rounded up to a power of two.
fn shard_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        processors.next_power_of_two().min(MAX_SHARDS)
    })
}

/// A number for the calling thread, given out when it first clones a service.
#[inline]
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    // Without a destructor it outlives whatever else a thread that ends may still clone.
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(first: &Arc<Shard<()>>) -> Vec<Arc<Shard<()>>> {
        (0..shard_count()).map(|thread| first.of(thread)).collect()
    }

    #[test]
    fn each_thread_has_its_own_shard_up_to_the_number_of_processors() {
        let first = Shard::first(());
        let shards = shards(&first);
        for (thread, shard) in shards.iter().enumerate() {
            let same = shards.iter().filter(|other| Arc::ptr_eq(shard, other));
            assert_eq!(same.count(), 1);
            assert!(Arc::ptr_eq(shard, &first.of(thread + shards.len())));
            assert!(Arc::ptr_eq(shard, &shard.of(thread)));
        }
    }

    #[test]
    fn the_gauge_counts_the_requests_of_all_shards() {
        let first = Shard::first(());
        let open: Vec<_> = shards(&first)
            .iter()
            .map(|shard| Arc::clone(&shard.handle))
            .collect();
        assert_eq!(first.open_requests(), open.len());
        drop(open);
        assert_eq!(first.open_requests(), 0);
    }

    #[test]
    fn a_service_that_outlives_its_layer_stays_in_its_shard() {
        let first = Shard::first(());
        let last = first.of(shard_count() - 1);
        drop(first);
        for thread in 0..shard_count() {
            assert!(Arc::ptr_eq(&last, &last.of(thread)));
        }
    }
}
