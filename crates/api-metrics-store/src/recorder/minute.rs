//! The minute that a record counts in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::UnixSeconds;

/// The minute of the last record. The next record is most likely in the same minute, which takes two
/// comparisons instead of a division.
#[derive(Debug)]
pub(super) struct LastMinute {
    from: SystemTime,
    to: SystemTime,
    start: UnixSeconds,
}

impl Default for LastMinute {
    /// An empty range: no minute is known yet.
    fn default() -> Self {
        Self {
            from: UNIX_EPOCH,
            to: UNIX_EPOCH,
            start: 0,
        }
    }
}

impl LastMinute {
    #[inline]
    pub(super) fn of(&mut self, at: SystemTime) -> UnixSeconds {
        if !(self.from <= at && at < self.to) {
            self.change(at);
        }
        self.start
    }

    #[cold]
    fn change(&mut self, at: SystemTime) {
        self.start = minute_of(at);
        // Outside the calendar no minute is remembered, and each record is computed anew.
        self.to = UNIX_EPOCH;
        if let Ok(start) = u64::try_from(self.start) {
            let from = UNIX_EPOCH.checked_add(Duration::from_secs(start));
            let to = from.and_then(|from| from.checked_add(Duration::from_secs(60)));
            if let (Some(from), Some(to)) = (from, to) {
                (self.from, self.to) = (from, to);
            }
        }
    }
}

/// The start of the minute, kept within the years 1 to 9999, which every database can store.
pub(super) fn minute_of(at: SystemTime) -> UnixSeconds {
    const FIRST: UnixSeconds = -62_135_596_800;
    const LAST: UnixSeconds = 253_402_300_740;
    let seconds = match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(LAST),
        Err(before) => {
            // Rounded down, like the minute.
            let before = before.duration();
            let up = before
                .as_secs()
                .saturating_add(u64::from(before.subsec_nanos() > 0));
            i64::try_from(up).map_or(FIRST, |up| -up)
        }
    };
    let seconds = seconds.clamp(FIRST, LAST);
    seconds - seconds.rem_euclid(60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ns: i64) -> SystemTime {
        let distance = Duration::from_nanos(ns.unsigned_abs());
        if ns < 0 {
            UNIX_EPOCH - distance
        } else {
            UNIX_EPOCH + distance
        }
    }

    proptest! {
        #[test]
        fn what_is_remembered_changes_nothing(
            start in any::<i64>(),
            steps in proptest::collection::vec((-100_i64..100, 0_i64..1_000_000_000), 1..20),
        ) {
            let mut last = LastMinute::default();
            let mut ns = start;
            for (seconds, nanos) in steps {
                prop_assert_eq!(last.of(at(ns)), minute_of(at(ns)));
                ns = ns.saturating_add(seconds * 1_000_000_000 + nanos);
            }
        }
    }

    #[test]
    fn a_minute_begins_with_its_first_nanosecond_and_ends_before_the_next() {
        let mut last = LastMinute::default();
        let minute = 60_000_000_000;
        let cases = [
            (0, 0),
            (minute - 1, 0),
            (minute, 60),
            (2 * minute - 1, 60),
            (2 * minute, 120),
            (minute, 60),
            (-1, -60),
            (-minute, -60),
            (-minute - 1, -120),
            (0, 0),
        ];
        for (ns, start) in cases {
            assert_eq!(last.of(at(ns)), start, "{ns} ns");
        }
    }

    #[test]
    fn times_beyond_the_calendar_are_its_last_minute_and_do_not_catch_earlier_ones() {
        let mut last = LastMinute::default();
        let beyond = UNIX_EPOCH + Duration::from_secs(300_000_000_000);
        assert_eq!(last.of(beyond), 253_402_300_740);
        assert_eq!(last.of(at(1)), 0);
        assert_eq!(last.of(beyond), 253_402_300_740);
    }
}
