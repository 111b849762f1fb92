//! The counters of a histogram, in as little memory as their number asks for.

use std::ops::ControlFlow;

use super::BUCKETS;

/// Values that are stored inline, so that a record of a quiet series touches one cache line less.
const INLINE_VALUES: usize = 16;
/// Values beyond which a log becomes a window: about where both take the same memory.
const LOG_VALUES: usize = 64;
/// Windows begin and end on multiples of this number of buckets (one octave), so that they grow rarely.
const BLOCK: u16 = 64;
/// Values up to which no 16-bit counter can overflow.
const NARROW_VALUES: u64 = u16::MAX as u64;

/// Counters by bucket. The form changes only from top to bottom.
#[derive(Debug, Clone)]
pub(super) enum Counts {
    /// The buckets of the values, in the order of arrival. Most series see few values between two flushes.
    Inline {
        len: u8,
        log: [u16; INLINE_VALUES],
    },
    /// The same for more values, allocated at its full size.
    Log(Vec<u16>),
    /// Holds at most [`NARROW_VALUES`] values in all.
    Narrow(Window<u16>),
    Wide(Window<u64>),
}

/// A dense run of counters for the buckets from `first` on.
#[derive(Debug, Clone)]
pub(super) struct Window<C> {
    first: u16,
    counters: Vec<C>,
}

impl Default for Counts {
    fn default() -> Self {
        Self::Inline {
            len: 0,
            log: [0; INLINE_VALUES],
        }
    }
}

impl<C: Copy + Default> Window<C> {
    fn covering(low: u16, high: u16) -> Self {
        let first = low - low % BLOCK;
        let end = (high - high % BLOCK).saturating_add(BLOCK).min(BUCKETS);
        Self {
            first,
            counters: vec![C::default(); usize::from(end.saturating_sub(first))],
        }
    }

    #[inline]
    fn counter(&mut self, bucket: u16) -> Option<&mut C> {
        // A bucket below `first` wraps to beyond any length.
        let at = usize::from(bucket.wrapping_sub(self.first));
        self.counters.get_mut(at)
    }

    fn end(&self) -> u16 {
        // At most BUCKETS counters are ever made.
        self.first.saturating_add(self.counters.len() as u16)
    }

    /// A window that covers `low..=high` as well, the counters widened to `D`.
    fn grown<D: Copy + Default + From<C>>(&self, low: u16, high: u16) -> Window<D> {
        let mut grown = Window::<D>::covering(
            low.min(self.first),
            high.max(self.end().saturating_sub(1)).max(low),
        );
        let at = usize::from(self.first.saturating_sub(grown.first));
        for (new, &old) in grown.counters.iter_mut().skip(at).zip(&self.counters) {
            *new = old.into();
        }
        grown
    }

    fn covers(&self, low: u16, high: u16) -> bool {
        low >= self.first && high < self.end()
    }

    fn cover(&mut self, low: u16, high: u16)
    where
        C: From<C>,
    {
        if !self.covers(low, high) {
            *self = self.grown(low, high);
        }
    }
}

impl Counts {
    /// Counts one value; `total` is the number of values including it.
    #[inline]
    pub(super) fn increment(&mut self, bucket: u16, total: u64) {
        match self {
            Self::Inline { len, log } => match log.get_mut(usize::from(*len)) {
                Some(place) => {
                    *place = bucket;
                    *len += 1;
                }
                None => self.increment_slowly(bucket, total),
            },
            Self::Log(log) if log.len() < LOG_VALUES => log.push(bucket),
            Self::Narrow(window) if total <= NARROW_VALUES => match window.counter(bucket) {
                Some(counter) => *counter = counter.wrapping_add(1),
                None => self.increment_slowly(bucket, total),
            },
            Self::Wide(window) => match window.counter(bucket) {
                Some(counter) => *counter = counter.saturating_add(1),
                None => self.increment_slowly(bucket, total),
            },
            _ => self.increment_slowly(bucket, total),
        }
    }

    #[cold]
    fn increment_slowly(&mut self, bucket: u16, total: u64) {
        self.make_room(total, bucket, bucket);
        self.add(bucket, 1);
    }

    /// Makes sure that the counters can take buckets `low..=high` and `total` values in all.
    pub(super) fn make_room(&mut self, total: u64, low: u16, high: u16) {
        match self {
            Self::Inline { .. } if total <= INLINE_VALUES as u64 => {}
            Self::Log(_) if total <= LOG_VALUES as u64 => {}
            Self::Inline { .. } | Self::Log(_) => {
                let before = std::mem::take(self);
                let log = before.log();
                let low = log.iter().copied().fold(low, u16::min);
                let high = log.iter().copied().fold(high, u16::max);
                *self = if total <= LOG_VALUES as u64 {
                    Self::Log(Vec::with_capacity(LOG_VALUES))
                } else if total <= NARROW_VALUES {
                    Self::Narrow(Window::covering(low, high))
                } else {
                    Self::Wide(Window::covering(low, high))
                };
                self.add_pairs(log.iter().map(|&bucket| (bucket, 1)));
            }
            Self::Narrow(window) if total <= NARROW_VALUES => window.cover(low, high),
            Self::Narrow(window) => *self = Self::Wide(window.grown(low, high)),
            Self::Wide(window) => window.cover(low, high),
        }
    }

    /// The buckets of the values, where they are kept one by one.
    fn log(&self) -> &[u16] {
        match self {
            Self::Inline { len, log } => log.get(..usize::from(*len)).unwrap_or_default(),
            Self::Log(log) => log,
            Self::Narrow(_) | Self::Wide(_) => &[],
        }
    }

    /// Adds to buckets for which there is room.
    pub(super) fn add_pairs(&mut self, pairs: impl Iterator<Item = (u16, u64)>) {
        // The form is matched once, not for every pair.
        match self {
            Self::Inline { len, log } => {
                for (bucket, n) in pairs {
                    let free = log.iter_mut().skip(usize::from(*len));
                    for (place, _) in free.zip(0..n) {
                        *place = bucket;
                        *len += 1;
                    }
                }
            }
            Self::Log(log) => {
                for (bucket, n) in pairs {
                    log.extend((0..n).map(|_| bucket));
                }
            }
            Self::Narrow(window) => {
                for (bucket, n) in pairs {
                    if let Some(counter) = window.counter(bucket) {
                        *counter = counter.wrapping_add(n as u16);
                    }
                }
            }
            Self::Wide(window) => {
                for (bucket, n) in pairs {
                    if let Some(counter) = window.counter(bucket) {
                        *counter = counter.saturating_add(n);
                    }
                }
            }
        }
    }

    /// Adds `n` to a bucket for which there is room.
    #[inline]
    fn add(&mut self, bucket: u16, n: u64) {
        self.add_pairs(std::iter::once((bucket, n)));
    }

    /// Adds the counters of another histogram, for which there is room.
    pub(super) fn add_all(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Wide(into), Self::Wide(from)) => {
                let at = usize::from(from.first.saturating_sub(into.first));
                // `from` may begin before `into` where it counts nothing.
                let skip = usize::from(into.first.saturating_sub(from.first));
                let pairs = into.counters.iter_mut().skip(at);
                for (into, from) in pairs.zip(from.counters.iter().skip(skip)) {
                    *into = into.saturating_add(*from);
                }
            }
            (_, Self::Inline { .. } | Self::Log(_)) => {
                self.add_pairs(other.log().iter().map(|&bucket| (bucket, 1)));
            }
            _ => {
                let _ = other.visit(|bucket, n| {
                    self.add(bucket, n);
                    ControlFlow::<()>::Continue(())
                });
            }
        }
    }

    /// Calls `f` with every bucket that counts something, in ascending order, until it breaks.
    pub(super) fn visit<B>(&self, mut f: impl FnMut(u16, u64) -> ControlFlow<B>) -> ControlFlow<B> {
        match self {
            Self::Inline { .. } | Self::Log(_) => {
                let log = self.log();
                let mut sorted = [0_u16; LOG_VALUES];
                let n = log.len().min(LOG_VALUES);
                let sorted = sorted.get_mut(..n).unwrap_or_default();
                for (to, from) in sorted.iter_mut().zip(log) {
                    *to = *from;
                }
                sorted.sort_unstable();
                for same in sorted.chunk_by(|a, b| a == b) {
                    if let Some(&bucket) = same.first() {
                        f(bucket, same.len() as u64)?;
                    }
                }
            }
            Self::Narrow(window) => {
                for (bucket, &n) in (window.first..).zip(&window.counters) {
                    if n != 0 {
                        f(bucket, u64::from(n))?;
                    }
                }
            }
            Self::Wide(window) => {
                for (bucket, &n) in (window.first..).zip(&window.counters) {
                    if n != 0 {
                        f(bucket, n)?;
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The buckets that count something, ascending, whatever the form.
    pub(super) fn to_pairs(&self) -> Vec<(u16, u64)> {
        let mut pairs = Vec::new();
        let _ = self.visit(|bucket, n| {
            pairs.push((bucket, n));
            ControlFlow::<()>::Continue(())
        });
        pairs
    }

    /// Sets all counters to zero; form and memory stay.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Inline { len, .. } => *len = 0,
            Self::Log(log) => log.clear(),
            Self::Narrow(window) => window.counters.fill(0),
            Self::Wide(window) => window.counters.fill(0),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Inline { .. } => 0,
            Self::Log(log) => log.capacity() * size_of::<u16>(),
            Self::Narrow(window) => size_of_val(window.counters.as_slice()),
            Self::Wide(window) => size_of_val(window.counters.as_slice()),
        }
    }
}
