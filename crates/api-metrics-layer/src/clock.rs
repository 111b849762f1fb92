//! The clocks of the layer.

use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// How long a thread reuses one reading of the wall clock, on the monotonic clock.
const WALL_VALID: Duration = Duration::from_millis(1);

/// The two clocks that the layer reads: a monotonic one for durations, a wall clock for buckets.
///
/// The layer reads the monotonic clock when a request is seen and when it ends, and once between where the
/// response's head leaves before its last byte: two reads for a response of at most one frame, three for a
/// streamed one. The wall clock is not read for every request: a thread's reading serves for a millisecond of
/// monotonic time. So [`finished_at`](crate::RequestRecord::finished_at) is at most 1 ms behind, a step of the
/// wall clock shows as soon, and durations never see it.
///
/// Services have no reason to implement this trait. Tests do, to control time:
///
/// ```
/// use std::{
///     sync::atomic::{AtomicU64, Ordering},
///     time::{Duration, Instant, SystemTime},
/// };
///
/// use api_metrics_layer::{ApiMetricsLayer, RequestClock};
///
/// struct Fake {
///     start: Instant,
///     elapsed_ms: AtomicU64,
/// }
///
/// impl RequestClock for Fake {
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
pub trait RequestClock: Send + Sync + 'static {
    /// The time by which durations are measured; should not run backwards (it is survived if it does:
    /// such a duration is zero).
    fn monotonic(&self) -> Instant;

    /// The time of day, which may step in either direction.
    fn wall(&self) -> SystemTime;
}

impl<C: RequestClock + ?Sized> RequestClock for Arc<C> {
    fn monotonic(&self) -> Instant {
        (**self).monotonic()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }
}

/// The clocks of one layer.
pub(crate) struct Clocks {
    /// `None`: the system's, without a virtual call.
    custom: Option<Box<dyn RequestClock>>,
    /// Tells the readings of different clocks apart; 0 is the system's.
    id: u64,
}

/// What a thread's wall clock said.
#[derive(Clone, Copy)]
struct ClockReading {
    /// The [`Clocks::id`] of those that were read.
    clocks: u64,
    from: Instant,
    until: Instant,
    wall: SystemTime,
}

thread_local! {
    static READING: Cell<Option<ClockReading>> = const { Cell::new(None) };
}

impl Clocks {
    pub(crate) const fn system() -> Self {
        Self {
            custom: None,
            id: 0,
        }
    }

    pub(crate) fn custom(clock: impl RequestClock) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            custom: Some(Box::new(clock)),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match &self.custom {
            None => Instant::now(),
            Some(clock) => clock.monotonic(),
        }
    }

    /// The wall clock at `now`, which must have been read just before.
    ///
    /// To compare two times costs a few instructions, to subtract them fifty: so a reading is passed on as it is.
    #[inline]
    pub(crate) fn wall_at(&self, now: Instant) -> SystemTime {
        match READING.try_with(Cell::get) {
            Ok(Some(last)) if last.serves(self.id, now) => last.wall,
            _ => self.read_wall(now),
        }
    }

    #[cold]
    fn read_wall(&self, now: Instant) -> SystemTime {
        let wall = match &self.custom {
            None => SystemTime::now(),
            Some(clock) => clock.wall(),
        };
        let reading = now.checked_add(WALL_VALID).map(|until| ClockReading {
            clocks: self.id,
            from: now,
            until,
            wall,
        });
        // Without a destructor it outlives whatever else a thread that ends may still record.
        let _ = READING.try_with(|last| last.set(reading));
        wall
    }
}

impl ClockReading {
    #[inline]
    fn serves(&self, clocks: u64, now: Instant) -> bool {
        self.clocks == clocks && self.from <= now && now < self.until
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
