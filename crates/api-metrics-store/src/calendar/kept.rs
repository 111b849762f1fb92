//! Since when a store keeps periods of each granularity.

use std::fmt;

use super::Step;
use crate::time::{Granularity, UnixSeconds};

/// Since when periods of each granularity are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept([UnixSeconds; 4]);

impl Default for Kept {
    /// A store from which nothing has been removed yet.
    fn default() -> Self {
        Self([UnixSeconds::MIN; 4])
    }
}

impl Kept {
    /// The first kept instants of `1m`, `5m`, `1h` and `1d`. A finer granularity is never kept for longer
    /// than a coarser one, and each begins with a period of the next coarser one.
    #[must_use]
    pub(crate) const fn since_each(
        minute: UnixSeconds,
        five: UnixSeconds,
        hour: UnixSeconds,
        day: UnixSeconds,
    ) -> Self {
        Self([minute, five, hour, day])
    }

    /// The first instant from which on this granularity is kept.
    #[must_use]
    pub const fn since(&self, granularity: Granularity) -> UnixSeconds {
        let [minute, five, hour, day] = self.0;
        match granularity {
            Granularity::Minute => minute,
            Granularity::FiveMinutes => five,
            Granularity::Hour => hour,
            Granularity::Day => day,
        }
    }

    /// The finest granularity that keeps the period around an instant.
    #[must_use]
    pub fn finest_at(&self, at: UnixSeconds) -> Granularity {
        Granularity::ALL
            .into_iter()
            .find(|granularity| granularity.floor(at) >= self.since(*granularity))
            .unwrap_or(Granularity::Day)
    }

    /// Where `[from, to)` begins when it is divided by `step`: at `from`, or a little later where
    /// the store has just removed what lies before. `None` where the step is not kept there any more.
    ///
    /// A range as long as a retention always has an answer, though clocks differ and old periods are removed
    /// in pieces: at most one period of the next coarser granularity may be missing at its start.
    #[must_use]
    pub(super) fn start(
        &self,
        step: Step,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Option<UnixSeconds> {
        let granularity = step.granularity();
        let since = self.since(granularity);
        let missing = since.saturating_sub(from);
        if missing <= 0 || granularity == Granularity::Day {
            return Some(from);
        }
        let tolerated = match granularity {
            Granularity::Minute => 300,
            Granularity::FiveMinutes => 3_600,
            Granularity::Hour | Granularity::Day => 86_400,
        };
        // Of a short range that would be most of it, or all.
        let tolerated = tolerated.min(to.saturating_sub(from) / 10);
        (missing <= tolerated).then_some(since)
    }

    /// The finest step that is kept for all of `[from, to)`.
    pub(super) fn finest_step(&self, from: UnixSeconds, to: UnixSeconds) -> Step {
        Step::ALL
            .into_iter()
            .find(|step| self.start(*step, from, to).is_some())
            .unwrap_or(Step::Day)
    }
}

impl Kept {
    /// `[from, to)` as a question about it is answered, moved outward to the finest kept periods, and the
    /// range before it of the same length. It ends at `from`, or a little before it. `None` where none can
    /// be cut out of what is kept, as for 7 days and 4 minutes while only whole hours are kept there. A
    /// range that ends after `now` may end a little later, to have one before it, without holding anything
    /// more.
    ///
    /// ```
    /// use api_metrics_store::calendar::Kept;
    ///
    /// let (range, before) = Kept::default().comparable(3_601, 7_195, 9_000);
    /// assert_eq!((range, before), ((3_600, 7_200), Some((0, 3_600))));
    /// ```
    #[must_use]
    pub fn comparable(
        &self,
        from: UnixSeconds,
        to: UnixSeconds,
        now: UnixSeconds,
    ) -> (
        (UnixSeconds, UnixSeconds),
        Option<(UnixSeconds, UnixSeconds)>,
    ) {
        let from = self.finest_at(from).floor(from);
        let to = self.finest_at(to - 1).ceil(to);
        let to = if to > now {
            self.comparable_end(from, to)
        } else {
            to
        };
        ((from, to), self.before(from, to))
    }

    /// The range before `[from, to)` that has the same length and can be cut out of what is kept.
    pub(super) fn before(
        &self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Option<(UnixSeconds, UnixSeconds)> {
        let length = to - from;
        let start = from.checked_sub(length)?;
        let granularity = self.finest_at(start);
        // What is kept later on is as fine or finer, so the end can be cut where the start can.
        let start = granularity.floor(start);
        (length % granularity.seconds() == 0).then_some((start, start + length))
    }

    /// The first end from `to` on for which [`before`](Self::before) has an answer.
    pub(super) fn comparable_end(&self, from: UnixSeconds, to: UnixSeconds) -> UnixSeconds {
        let mut end = to;
        for _ in Granularity::ALL {
            let granularity = self.finest_at(from - (end - from)).seconds();
            let missing = (end - from).rem_euclid(granularity);
            if missing == 0 {
                break;
            }
            end += granularity - missing;
        }
        end
    }
}

impl Step {
    /// The finest step that is kept for all of `[from, to)` and divides it into at most `most` periods; weeks
    /// where there is none.
    pub(crate) fn auto(from: UnixSeconds, to: UnixSeconds, most: i64, kept: &Kept) -> Self {
        Self::ALL
            .into_iter()
            .filter(|step| *step < Self::Month)
            .find(|step| {
                to.saturating_sub(from) <= most * step.seconds()
                    && kept.start(*step, from, to).is_some()
            })
            .unwrap_or(Self::Week)
    }
}

/// A step was asked for that is not kept for all of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotKept {
    /// The step that was asked for.
    pub step: Step,
    /// Since when it is kept, in Unix seconds.
    pub since: UnixSeconds,
    /// The finest step that is kept for the whole range.
    pub finest: Step,
}

impl NotKept {
    pub(super) fn new(step: Step, from: UnixSeconds, to: UnixSeconds, kept: &Kept) -> Self {
        Self {
            step,
            since: kept.since(step.granularity()),
            finest: kept.finest_step(from, to),
        }
    }
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = chrono::DateTime::from_timestamp(self.since, 0).unwrap_or_default();
        write!(
            f,
            "steps of {} are kept since {}; the finest step for the whole range is {}",
            self.step,
            since.format("%Y-%m-%dT%H:%M:%SZ"),
            self.finest
        )
    }
}

impl std::error::Error for NotKept {}
