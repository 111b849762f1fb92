//! What all requests of a layer share, sharded by thread.

use std::{
    fmt, iter,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{
    FromMatchedPath, MetricSink,
    clock::{Clocks, RequestClock},
    in_flight::OpenRequests,
    queue::{AbandonedListener, QueueCounts},
    settings::Settings,
};

/// Shards per layer at most, half a KiB each. More would save nothing that is worth their memory.
const MAX_SHARDS: usize = 64;

/// What all requests of a layer share.
pub(crate) struct Core<M> {
    pub(crate) sink: M,
    /// Which layers count the same requests: see [`MetricSink::identity`].
    pub(crate) identity: usize,
    pub(crate) clocks: Clocks,
    pub(crate) settings: Settings,
    pub(crate) queue: Arc<QueueCounts>,
}

impl<M: MetricSink> AbandonedListener for Core<M> {
    fn on_abandoned(&self, waiting_since: Instant) {
        let waited = self.clocks.now().saturating_duration_since(waiting_since);
        self.sink.on_queue_wait(waited, false);
    }
}

/// Referenced by every open request of a shard and by its [owners](Owner), so that the reference count minus
/// that of owners is the number of open requests.
///
/// Aligned to its own cache lines, reference counts included: two threads never count in the same line.
#[repr(align(128))]
pub(crate) struct ShardHandle<M> {
    core: Arc<Core<M>>,
    owners: AtomicUsize,
}

impl<M> ShardHandle<M> {
    #[inline]
    pub(crate) fn core(&self) -> &Core<M> {
        &self.core
    }
}

/// A reference that is no open request: a shard's, or a gauge's.
pub(crate) struct Owner<M>(Arc<ShardHandle<M>>);

impl<M> Owner<M> {
    fn new(core: &Arc<Core<M>>) -> Self {
        Self(Arc::new(ShardHandle {
            core: Arc::clone(core),
            owners: AtomicUsize::new(1),
        }))
    }

    /// What an open request refers to.
    #[inline]
    pub(crate) const fn handle(&self) -> &Arc<ShardHandle<M>> {
        &self.0
    }
}

impl<M> Clone for Owner<M> {
    fn clone(&self) -> Self {
        self.0.owners.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl<M> Drop for Owner<M> {
    fn drop(&mut self) {
        self.0.owners.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The gauge over all threads.
pub(crate) struct OpenCounts<M>(Box<[Owner<M>]>);

impl<M: Send + Sync> OpenRequests for OpenCounts<M> {
    fn open_requests(&self) -> usize {
        let open = self.0.iter().map(|Owner(handle)| {
            let owners = handle.owners.load(Ordering::Relaxed);
            Arc::strong_count(handle).saturating_sub(owners)
        });
        open.sum()
    }
}

/// What the services of one thread share: the user's functions, and the reference count of their open requests.
///
/// A server clones a service for every connection and axum's router clones it for every request. Each clone
/// changes a reference count, and threads that change the same count wait for each other's cache line. So
/// there is a shard per thread, up to the number of processors, and a service is cloned into the shard of
/// the thread that clones it.
#[repr(align(128))]
pub(crate) struct Shard<M, E, K> {
    pub(crate) owner: Owner<M>,
    pub(crate) endpoint: Arc<E>,
    pub(crate) api_key: Arc<K>,
    /// All shards but the first. Only the first one owns them; it is owned by the layer and the services made
    /// by the layer.
    others: Box<[Arc<Self>]>,
    /// All shards. Set in those that don't own the others.
    all: OnceLock<Box<[Weak<Self>]>>,
}

impl<M: MetricSink> Shard<M, FromMatchedPath, ()> {
    /// The first shard of a new layer.
    pub(crate) fn first(sink: M) -> Arc<Self> {
        Self::build(sink, Clocks::system())
    }

    /// The first shard of a new layer, with a clock of the user's own.
    pub(crate) fn with_clock(sink: M, clock: impl RequestClock) -> Arc<Self> {
        Self::build(sink, Clocks::custom(clock))
    }

    fn build(sink: M, clocks: Clocks) -> Arc<Self> {
        let queue: Arc<QueueCounts> = Arc::default();
        let core = Arc::new(Core {
            // Any address that lives as long as the layer is one of its own.
            identity: sink
                .identity()
                .unwrap_or(Arc::as_ptr(&queue) as *const () as usize),
            sink,
            clocks,
            settings: Settings::default(),
            queue,
        });
        let listener: Weak<Core<M>> = Arc::downgrade(&core);
        core.queue.set_listener(listener);
        let owners = (0..shard_count()).map(|_| Owner::new(&core));
        Self::over(owners.collect(), FromMatchedPath.into(), ().into())
    }
}

impl<M, E, K> Shard<M, E, K> {
    /// The first of shards over these counts, one for each thread.
    fn over(owners: Vec<Owner<M>>, endpoint: Arc<E>, api_key: Arc<K>) -> Arc<Self> {
        let shard = |owner, others| Self {
            owner,
            endpoint: Arc::clone(&endpoint),
            api_key: Arc::clone(&api_key),
            others,
            all: OnceLock::new(),
        };
        let mut owners = owners.into_iter();
        let Some(first) = owners.next() else {
            unreachable!("there is at least one processor")
        };
        let others = owners.map(|owner| Arc::new(shard(owner, Box::default())));
        let others = others.collect();
        let first = Arc::new(shard(first, others));
        for other in &first.others {
            let all = iter::once(&first).chain(&first.others);
            // The shard is new, so the cell is empty.
            let _ = other.all.set(all.map(Arc::downgrade).collect());
        }
        first
    }

    /// The counts of all threads, seen from the first shard.
    fn owners(&self) -> impl Iterator<Item = Owner<M>> {
        let others = self.others.iter().map(|shard| shard.owner.clone());
        iter::once(self.owner.clone()).chain(others)
    }

    /// The gauge over all threads, seen from the first shard.
    pub(crate) fn open_counts(&self) -> OpenCounts<M> {
        OpenCounts(self.owners().collect())
    }

    /// The first shard of a layer that finds endpoints in another way, over the same counts.
    pub(crate) fn with_endpoint<F>(&self, endpoint: F) -> Arc<Shard<M, F, K>> {
        let api_key = Arc::clone(&self.api_key);
        Shard::over(self.owners().collect(), Arc::new(endpoint), api_key)
    }

    /// The first shard of a layer that finds API keys in another way, over the same counts.
    pub(crate) fn with_api_key<F>(&self, api_key: F) -> Arc<Shard<M, E, F>> {
        let endpoint = Arc::clone(&self.endpoint);
        Shard::over(self.owners().collect(), endpoint, Arc::new(api_key))
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
        self.owner.handle().core()
    }
}

impl<M, E, K> fmt::Debug for Shard<M, E, K> {
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

    type Default = Shard<(), FromMatchedPath, ()>;

    fn shards(first: &Arc<Default>) -> Vec<Arc<Default>> {
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
            .map(|shard| Arc::clone(shard.owner.handle()))
            .collect();
        // A layer with other functions over the same sink has the same gauge.
        let other = first.with_endpoint(());
        let gauges = [first.open_counts(), other.open_counts()];
        drop(other);
        for gauge in &gauges {
            assert_eq!(gauge.open_requests(), open.len());
        }
        drop(open);
        drop(first);
        for gauge in &gauges {
            assert_eq!(gauge.open_requests(), 0);
        }
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
