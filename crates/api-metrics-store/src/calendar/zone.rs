//! Wall clocks: from an instant to what a zone's clocks show, and back.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::Tz;
use crate::time::UnixSeconds;

fn utc(at: UnixSeconds) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or(if at < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// How far a zone's clocks are ahead of UTC at an instant, in seconds.
#[must_use]
pub(super) fn offset_at(zone: Tz, at: UnixSeconds) -> i64 {
    zone.offset_at(at)
}

/// What a zone's clocks show at an instant.
#[must_use]
pub(crate) fn local_time(zone: Tz, at: UnixSeconds) -> NaiveDateTime {
    utc(at.saturating_add(offset_at(zone, at))).naive_utc()
}

/// The date that a zone's calendar shows at an instant.
#[must_use]
pub fn local_date(zone: Tz, at: UnixSeconds) -> NaiveDate {
    local_time(zone, at).date()
}

/// The instants that would show `local` by the offsets a day before and after it, the earlier one first.
fn candidates(zone: Tz, local: NaiveDateTime) -> [UnixSeconds; 2] {
    let wanted = local.and_utc().timestamp();
    let [before, after] = [wanted - 86_400, wanted + 86_400].map(|at| offset_at(zone, at));
    [wanted - before.max(after), wanted - before.min(after)]
}

/// The first instant at which a zone's clocks show `local`; none where they skip it.
#[must_use]
pub(crate) fn earliest(zone: Tz, local: NaiveDateTime) -> Option<UnixSeconds> {
    candidates(zone, local)
        .into_iter()
        .find(|at| local_time(zone, *at) == local)
}

/// The first instant at which a zone's clocks show `local` or, where they skip it, something later.
///
/// Where the clocks go back and show `local` twice, it is the earlier of the two.
#[must_use]
pub(crate) fn first_instant(zone: Tz, local: NaiveDateTime) -> UnixSeconds {
    if let Some(at) = earliest(zone, local) {
        return at;
    }
    // The clocks jump over it. The jump lies where the two offsets around it put the missing time.
    let [mut shown_less, mut shown_more] = candidates(zone, local);
    while shown_more - shown_less > 1 {
        let middle = shown_less + (shown_more - shown_less) / 2;
        if local_time(zone, middle) < local {
            shown_less = middle;
        } else {
            shown_more = middle;
        }
    }
    shown_more
}

/// The first instant of a date in a zone, also where its midnight is skipped or comes twice.
#[must_use]
pub fn start_of_day(zone: Tz, date: NaiveDate) -> UnixSeconds {
    first_instant(zone, date.and_time(NaiveTime::MIN))
}

/// The date so many days later; the calendar's last where there is none.
pub(super) fn days_after(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}

/// The pieces of `[start, end)` in which the clocks are not changed: start, end, offset.
pub(super) fn pieces(
    zone: Tz,
    start: UnixSeconds,
    end: UnixSeconds,
) -> Vec<(UnixSeconds, UnixSeconds, i64)> {
    /// No zone changes its clocks twice within this time.
    const STRIDE: i64 = 3 * 3_600;
    let mut pieces = Vec::with_capacity(1);
    let (mut from, mut offset) = (start, offset_at(zone, start));
    let mut at = start;
    while at < end {
        let next = (at + STRIDE).min(end);
        let changed = offset_at(zone, next);
        if changed != offset {
            let (mut same, mut other) = (at, next);
            while other - same > 1 {
                let middle = same + (other - same) / 2;
                if offset_at(zone, middle) == offset {
                    same = middle;
                } else {
                    other = middle;
                }
            }
            if other < end {
                pieces.push((from, other, offset));
                (from, offset) = (other, changed);
            }
        }
        at = next;
    }
    pieces.push((from, end, offset));
    pieces
}
