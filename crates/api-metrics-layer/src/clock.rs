//! Where the layer's times come from.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long a reading of the wall clock serves, on the monotonic clock, in nanoseconds.
const WALL_VALID_NS: u64 = 10_000_000;

/// The two clocks that the layer reads: a monotonic one for durations, a wall clock for buckets.
///
/// The layer reads the monotonic clock when a request is seen and when it ends, and once between where the
/// response's head leaves before its last byte: two reads for a response of at most one frame, three for a
/// streamed one. The wall clock is not read for every request: its distance to the monotonic clock is kept
/// for at most 10 ms of monotonic time, so a step of the wall clock shows in
/// [`finished_at`](crate::RequestRecord::finished_at) at most 10 ms later, and durations never see it.
///
/// Hosts have no reason to implement this; tests do, to be masters of time:
///
/// ```
/// use std::{
///     sync::atomic::{AtomicU64, Ordering},
///     time::{Duration, Instant, SystemTime},
/// };
///
/// use api_metrics_layer::{ApiMetricsLayer, Clock};
///
/// struct Fake {
///     start: Instant,
///     elapsed_ms: AtomicU64,
/// }
///
/// impl Clock for Fake {
///     fn monotonic(&self) -> Instant {
///         self.start + Duration::from_millis(self.elapsed_ms.load(Ordering::Relaxed))
///     }
///     fn wall(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
///     }
/// }
///
/// let clock = Fake { start: Instant::now(), elapsed_ms: AtomicU64::new(0) };
/// let layer = ApiMetricsLayer::with_clock((), clock);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time by which durations are measured; should not run backwards (it is survived if it does:
    /// such a duration is zero).
    fn monotonic(&self) -> Instant;

    /// The time of day, which may step in either direction.
    fn wall(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn monotonic(&self) -> Instant {
        (**self).monotonic()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }
}

/// The clocks of one layer, and the wall clock's distance as last seen.
pub(crate) struct Clocks {
    /// `None`: the system's, without a virtual call.
    custom: Option<Box<dyn Clock>>,
    base: Instant,
    /// When the distance was measured, in ns after `base`.
    measured_ns: AtomicU64,
    /// The wall clock at `base`, in ns after the epoch.
    wall_at_base_ns: AtomicI64,
}

impl Clocks {
    pub(crate) fn system() -> Self {
        Self::new(None)
    }

    pub(crate) fn custom(clock: impl Clock) -> Self {
        Self::new(Some(Box::new(clock)))
    }

    fn new(custom: Option<Box<dyn Clock>>) -> Self {
        let mut clocks = Self {
            custom,
            base: Instant::now(),
            measured_ns: AtomicU64::new(0),
            wall_at_base_ns: AtomicI64::new(0),
        };
        clocks.base = clocks.now();
        clocks.wall_at_base_ns = AtomicI64::new(clocks.measure(0));
        clocks
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match &self.custom {
            None => Instant::now(),
            Some(clock) => clock.monotonic(),
        }
    }

    /// The wall clock at `now`, which must have been read just before.
    #[inline]
    pub(crate) fn wall_at(&self, now: Instant) -> SystemTime {
        let now_ns = saturating_ns(now.saturating_duration_since(self.base));
        // Acquire pairs with the Release below: who sees the new time of measurement sees its result.
        let measured_ns = self.measured_ns.load(Ordering::Acquire);
        let wall_at_base_ns = if now_ns.saturating_sub(measured_ns) < WALL_VALID_NS {
            self.wall_at_base_ns.load(Ordering::Relaxed)
        } else {
            self.refresh(now_ns)
        };
        let wall_ns = wall_at_base_ns.saturating_add_unsigned(now_ns);
        let distance = Duration::from_nanos(wall_ns.unsigned_abs());
        let wall = if wall_ns >= 0 {
            UNIX_EPOCH.checked_add(distance)
        } else {
            UNIX_EPOCH.checked_sub(distance)
        };
        wall.unwrap_or(UNIX_EPOCH)
    }

    #[cold]
    fn refresh(&self, now_ns: u64) -> i64 {
        let wall_at_base_ns = self.measure(now_ns);
        self.wall_at_base_ns
            .store(wall_at_base_ns, Ordering::Relaxed);
        self.measured_ns.store(now_ns, Ordering::Release);
        wall_at_base_ns
    }

    fn measure(&self, now_ns: u64) -> i64 {
        let wall = match &self.custom {
            None => SystemTime::now(),
            Some(clock) => clock.wall(),
        };
        let wall_ns = match wall.duration_since(UNIX_EPOCH) {
            Ok(after) => 0_i64.saturating_add_unsigned(saturating_ns(after)),
            Err(before) => 0_i64.saturating_sub_unsigned(saturating_ns(before.duration())),
        };
        wall_ns.saturating_sub_unsigned(now_ns)
    }
}

impl fmt::Debug for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.custom {
            None => "System",
            Some(_) => "Custom",
        })
    }
}

/// 64 bits of nanoseconds last for 584 years.
fn saturating_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
