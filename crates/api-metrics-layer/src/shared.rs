//! What all requests of a layer share, and where they are counted.

use std::{
    fmt, iter,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    clock::{Clock, Clocks},
    grpc::Methods,
    in_flight::OpenRequests,
};

/// More lanes than this save nothing that would be worth their memory, half a KiB each.
const MOST_LANES: usize = 64;

/// What a record is made with.
pub(crate) struct Core<M> {
    pub(crate) sink: M,
    pub(crate) clocks: Clocks,
    pub(crate) grpc_methods: Methods,
}

/// Held by every open request. The lane has one reference, all others are requests': so the count, less
/// one, is how many of the lane's requests are open.
///
/// Of its own cache lines, counts included: what two threads count is never in one line.
#[repr(align(128))]
pub(crate) struct Held<M>(Arc<Core<M>>);

impl<M> Held<M> {
    #[inline]
    pub(crate) fn core(&self) -> &Core<M> {
        &self.0
    }
}

/// What the services of one thread hold, and the open requests that they have seen.
///
/// A server clones a service for every connection, axum's router for every request, and each clone counts
/// itself in what it shares with the others. Where threads count at one place, each waits for the other's
/// cache line, the longer the more there are. So there is a lane for each thread, as far as there are
/// processors, and a service is cloned into the lane of the thread that clones it.
#[repr(align(128))]
pub(crate) struct Lane<M> {
    pub(crate) held: Arc<Held<M>>,
    /// All but the first, which keeps them; it is held by the layer, its gauges, and the services made by it.
    others: Box<[Arc<Self>]>,
    /// All lanes, for those that keep none.
    all: OnceLock<Box<[Weak<Self>]>>,
}

impl<M> Lane<M> {
    pub(crate) fn first(sink: M) -> Arc<Self> {
        Self::build(sink, Clocks::system())
    }

    pub(crate) fn first_with_clock(sink: M, clock: impl Clock) -> Arc<Self> {
        Self::build(sink, Clocks::custom(clock))
    }

    fn build(sink: M, clocks: Clocks) -> Arc<Self> {
        let core = Arc::new(Core {
            sink,
            clocks,
            grpc_methods: Methods::default(),
        });
        let lane = |others| Self {
            held: Arc::new(Held(Arc::clone(&core))),
            others,
            all: OnceLock::new(),
        };
        let others = (1..lane_count()).map(|_| Arc::new(lane(Box::default())));
        let first = Arc::new(lane(others.collect()));
        for other in &first.others {
            let all = iter::once(&first).chain(&first.others);
            // It is new, so that nothing is there yet.
            let _ = other.all.set(all.map(Arc::downgrade).collect());
        }
        first
    }

    /// The lane of the thread that asks.
    #[inline]
    pub(crate) fn here(self: &Arc<Self>) -> Arc<Self> {
        self.of(thread_number())
    }

    /// The lane of a thread.
    #[inline]
    fn of(self: &Arc<Self>, thread: usize) -> Arc<Self> {
        // There are a power of two of them.
        match self
            .others
            .get((thread & self.others.len()).wrapping_sub(1))
        {
            Some(other) => Arc::clone(other),
            None => self.of_another(thread),
        }
    }

    /// The same, where this is the first and the thread's, or is not the first. This one, where nobody
    /// holds the first any more.
    fn of_another(self: &Arc<Self>, thread: usize) -> Arc<Self> {
        let lane = self.all.get().and_then(|all| {
            let place = thread & all.len().wrapping_sub(1);
            all.get(place)?.upgrade()
        });
        lane.unwrap_or_else(|| Arc::clone(self))
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core<M> {
        self.held.core()
    }
}

impl<M: Send + Sync> OpenRequests for Lane<M> {
    fn open_requests(&self) -> usize {
        let others = self.others.iter().map(|lane| &lane.held);
        let all = iter::once(&self.held).chain(others);
        all.map(|held| Arc::strong_count(held) - 1).sum()
    }
}

impl<M> fmt::Debug for Lane<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("clocks", &self.core().clocks)
            .finish_non_exhaustive()
    }
}

/// As many as there are processors, rounded up to a power of two.
fn lane_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        processors.next_power_of_two().min(MOST_LANES)
    })
}

/// Threads are numbered as they first clone a service.
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

    fn lanes(first: &Arc<Lane<()>>) -> Vec<Arc<Lane<()>>> {
        (0..lane_count()).map(|thread| first.of(thread)).collect()
    }

    #[test]
    fn each_thread_has_a_lane_of_its_own_up_to_as_many_as_there_are_processors() {
        let first = Lane::first(());
        let lanes = lanes(&first);
        for (thread, lane) in lanes.iter().enumerate() {
            let same = lanes.iter().filter(|other| Arc::ptr_eq(lane, other));
            assert_eq!(same.count(), 1);
            assert!(Arc::ptr_eq(lane, &first.of(thread + lanes.len())));
            assert!(Arc::ptr_eq(lane, &lane.of(thread)));
        }
    }

    #[test]
    fn the_gauge_counts_the_requests_of_all_lanes() {
        let first = Lane::first(());
        let open: Vec<_> = lanes(&first)
            .iter()
            .map(|lane| Arc::clone(&lane.held))
            .collect();
        assert_eq!(first.open_requests(), open.len());
        drop(open);
        assert_eq!(first.open_requests(), 0);
    }

    #[test]
    fn a_service_that_outlives_its_layer_stays_in_its_lane() {
        let first = Lane::first(());
        let last = first.of(lane_count() - 1);
        drop(first);
        for thread in 0..lane_count() {
            assert!(Arc::ptr_eq(&last, &last.of(thread)));
        }
    }
}
