//! What is remembered for a while: the latest values within a bound, each computed by one caller at a time.

use std::{
    convert::Infallible,
    fmt,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync, sync::DefaultLifecycle};

/// The least time between two looks for values whose time is over.
const SWEEP: Duration = Duration::from_secs(10);
/// Values that are expected where their number is not bounded.
const EXPECTED: usize = 1_000;

/// Values by keys, each until its time is over. Where there are too many, those go that were not asked for lately.
///
/// `E` is how a computation fails.
pub(crate) struct TtlCache<K, V, E = Infallible> {
    held: Values<K, V, E>,
    time_to_live: Duration,
    /// When values whose time was over were last removed.
    swept: Mutex<Instant>,
}

type Values<K, V, E> = sync::Cache<K, Kept<V, E>, Weight<K, V>>;

/// The outcome of a computation.
#[derive(Clone)]
struct Kept<V, E> {
    outcome: Result<V, E>,
    at: Instant,
    until: Instant,
}

impl<V, E> Kept<V, E> {
    fn new(outcome: Result<V, E>, time_to_live: Duration) -> Self {
        let at = Instant::now();
        // A failure is for those who wait for it.
        let until = at
            + if outcome.is_ok() {
                time_to_live
            } else {
                Duration::ZERO
            };
        Self { outcome, at, until }
    }

    /// Whether it serves somebody who asked at that time.
    fn serves(&self, asked_at: Instant) -> bool {
        asked_at < self.until || asked_at <= self.at
    }
}

/// What an entry counts towards the bound.
#[derive(Clone)]
struct Weight<K, V>(fn(&K, &V) -> u64);

impl<K, V, E> Weighter<K, Kept<V, E>> for Weight<K, V> {
    fn weight(&self, key: &K, kept: &Kept<V, E>) -> u64 {
        kept.outcome
            .as_ref()
            .map_or(1, |value| (self.0)(key, value))
    }
}

impl<K: Eq + Hash + Clone, V: Clone, E: Clone> TtlCache<K, V, E> {
    /// Holds that many values at most.
    pub(crate) fn new(most: usize, time_to_live: Duration) -> Self {
        // The library divides the room between values that are new and those that were asked for again: each part needs some.
        let most = most.max(16);
        Self::weighed(most, most as u64, |_, _| 1, time_to_live)
    }

    /// Holds values of that weight together at most.
    pub(crate) fn by_weight(most: u64, weight: fn(&K, &V) -> u64, time_to_live: Duration) -> Self {
        Self::weighed(EXPECTED, most, weight, time_to_live)
    }

    fn weighed(
        expected: usize,
        most: u64,
        weight: fn(&K, &V) -> u64,
        time_to_live: Duration,
    ) -> Self {
        let mut options = OptionsBuilder::new();
        // Each of several shards would have a part of the bound, into which a large value may not fit.
        let options = options
            .estimated_items_capacity(expected)
            .weight_capacity(most)
            .shards(1);
        #[expect(
            clippy::expect_used,
            reason = "it fails only where a capacity is not set"
        )]
        let options = options.build().expect("both capacities are set");
        Self {
            held: sync::Cache::with_options(
                options,
                Weight(weight),
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            time_to_live,
            swept: Mutex::new(Instant::now()),
        }
    }

    /// The value of a key, unless its time is over.
    #[cfg(any(test, feature = "ingest"))]
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let kept = self.held.get(key)?;
        let is_good = Instant::now() < kept.until;
        kept.outcome.ok().filter(|_| is_good)
    }

    /// Remembers a value.
    #[cfg(any(test, feature = "ingest"))]
    pub(crate) fn insert(&self, key: K, value: V) {
        self.sweep();
        self.held
            .insert(key, Kept::new(Ok(value), self.time_to_live));
    }

    /// Forgets all values. One that is being computed is still given to those who wait for it, and not kept.
    #[cfg(feature = "ingest")]
    pub(crate) fn clear(&self) {
        self.held.clear();
    }

    /// The value of a key, computed unless it is at hand. While one caller computes, the others wait; a failure is
    /// answered to all of them and not remembered.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(crate) async fn get_or(
        &self,
        key: K,
        compute: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let found = self.find_or(key, self.time_to_live, compute).await;
        found.map(|(value, _)| value)
    }

    /// The same of a value with a time of its own, and whether it was at hand.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(crate) async fn find_or(
        &self,
        key: K,
        time_to_live: Duration,
        compute: impl Future<Output = Result<V, E>>,
    ) -> Result<(V, bool), E> {
        let asked_at = Instant::now();
        loop {
            match self.held.get_value_or_guard_async(&key).await {
                Ok(kept) if kept.serves(asked_at) => {
                    return kept.outcome.map(|value| (value, true));
                }
                Ok(_) => drop(self.held.remove_if(&key, |kept| !kept.serves(asked_at))),
                Err(place) => {
                    let kept = Kept::new(compute.await, time_to_live);
                    self.sweep();
                    // Where it was cleared meanwhile, it is not kept.
                    drop(place.insert(kept.clone()));
                    return kept.outcome.map(|value| (value, false));
                }
            }
        }
    }

    /// How many values are held, and what they weigh.
    pub(crate) fn held(&self) -> (u64, u64) {
        self.remove_old();
        (self.held.len() as u64, self.held.weight())
    }

    /// Removes values whose time is over, now and then.
    fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() < SWEEP {
            return;
        }
        *swept = Instant::now();
        drop(swept);
        self.remove_old();
    }

    fn remove_old(&self) {
        let now = Instant::now();
        self.held.retain(|_, kept| now < kept.until);
    }
}

impl<K, V, E> fmt::Debug for TtlCache<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TtlCache")
            .field("time_to_live", &self.time_to_live)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_failure_is_answered_to_all_who_wait_and_to_nobody_later() {
        let cache: Arc<TtlCache<u8, u8, &str>> = Arc::new(TtlCache::new(10, LONG));
        let (fail, failed) = oneshot::channel::<()>();
        let first = Arc::clone(&cache);
        let first = tokio::spawn(async move {
            let compute = async {
                failed.await.map_err(|_| "gone")?;
                Err("refused")
            };
            first.get_or(1, compute).await
        });
        tokio::task::yield_now().await;
        let computed = Arc::new(AtomicU64::new(0));
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let (cache, computed) = (Arc::clone(&cache), Arc::clone(&computed));
                tokio::spawn(async move {
                    let compute = async {
                        computed.fetch_add(1, Ordering::Relaxed);
                        Ok(1)
                    };
                    cache.get_or(1, compute).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(fail.send(()).is_ok());
        assert_eq!(first.await.ok(), Some(Err("refused")));
        for waited in waiting {
            assert_eq!(waited.await.ok(), Some(Err("refused")));
        }
        assert_eq!(computed.load(Ordering::Relaxed), 0);
        assert_eq!(cache.get_or(1, async { Ok(2) }).await, Ok(2));
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_leaves_the_computation_to_the_next() {
        let cache: Arc<TtlCache<u8, u8>> = Arc::new(TtlCache::new(10, LONG));
        let first = Arc::clone(&cache);
        let first = tokio::spawn(async move { first.get_or(1, std::future::pending()).await });
        tokio::task::yield_now().await;
        let second = Arc::clone(&cache);
        let second = tokio::spawn(async move { second.get_or(1, async { Ok(2) }).await });
        tokio::task::yield_now().await;
        first.abort();
        assert_eq!(second.await.ok(), Some(Ok(2)));
    }

    #[tokio::test]
    async fn a_value_whose_time_is_over_is_computed_anew_and_not_held() {
        let cache: TtlCache<u8, u8> = TtlCache::new(10, Duration::ZERO);
        cache.insert(1, 1);
        assert_eq!(cache.get(&1), None);
        assert_eq!(
            cache.find_or(1, LONG, async { Ok(2) }).await,
            Ok((2, false))
        );
        assert_eq!(cache.find_or(1, LONG, async { Ok(3) }).await, Ok((2, true)));
        cache.insert(2, 1);
        assert_eq!(cache.held(), (1, 1));
    }

    #[test]
    fn no_more_is_held_than_the_bound() {
        let cache: TtlCache<usize, String> =
            TtlCache::by_weight(1_000, |_, text| text.len() as u64, LONG);
        for n in 0..100 {
            cache.insert(n, "x".repeat(90));
        }
        let (values, weight) = cache.held();
        assert!(weight <= 1_000 && values == weight / 90 && values > 5);
        cache.insert(100, "x".repeat(2_000));
        assert!(cache.held().1 <= 1_000, "too large a value is not kept");
    }
}
