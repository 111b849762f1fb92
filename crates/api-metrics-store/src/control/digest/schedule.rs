//! When a digest is sent, and of which week.

use std::{fmt, str::FromStr};

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, Weekday};

use crate::{
    calendar::{Tz, first_instant, local_date, start_of_day},
    query::TimeRange,
    time::UnixSeconds,
};

/// When the weekly digest is sent: Mondays at 8 in UTC by default.
///
/// As text, `Mon 08:00 Europe/Berlin`: a weekday, a whole hour, and an IANA zone, which may be left out for UTC.
///
/// ```
/// use api_metrics_store::control::digest::WeeklyDigest;
///
/// let digest: WeeklyDigest = "Fri 17:00 Europe/Berlin".parse()?;
/// assert_eq!(digest.to_string(), "Fri 17:00 Europe/Berlin");
/// assert!("Fri 25:00".parse::<WeeklyDigest>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyDigest {
    weekday: Weekday,
    /// 0 to 23.
    hour: u32,
    zone: Tz,
}

impl Default for WeeklyDigest {
    fn default() -> Self {
        Self {
            weekday: Weekday::Mon,
            hour: 8,
            zone: Tz::UTC,
        }
    }
}

impl fmt::Display for WeeklyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02}:00 {}", self.weekday, self.hour, self.zone)
    }
}

impl FromStr for WeeklyDigest {
    type Err = String;

    /// # Errors
    /// What is expected, in a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || "a weekday, a whole hour and a zone, such as Mon 08:00 Europe/Berlin".to_owned();
        let mut words = text.split_whitespace();
        let weekday = words.next().and_then(|word| word.parse().ok());
        let hour = words
            .next()
            .and_then(|word| word.strip_suffix(":00")?.parse().ok())
            .filter(|hour| *hour < 24);
        let zone = words.next().map_or(Some(Tz::UTC), |word| word.parse().ok());
        match (weekday, hour, zone, words.next()) {
            (Some(weekday), Some(hour), Some(zone), None) => Ok(Self {
                weekday,
                hour,
                zone,
            }),
            _ => Err(expected()),
        }
    }
}

/// A week that is over, and when its digest was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Week {
    /// When.
    pub(super) due: UnixSeconds,
    /// Its first day.
    pub(super) first: NaiveDate,
    /// Its last day.
    pub(super) last: NaiveDate,
    /// From its start to its end.
    pub(super) range: TimeRange,
    /// The same of the week before.
    pub(super) before: TimeRange,
}

impl WeeklyDigest {
    /// The week whose digest was due last, at `now`. `None` at the ends of the calendar.
    pub(super) fn latest(&self, now: UnixSeconds) -> Option<Week> {
        let today = local_date(self.zone, now);
        let since = today.weekday().days_since(self.weekday);
        let day = today.checked_sub_days(Days::new(u64::from(since)))?;
        self.due_on(day)
            .filter(|week| week.due <= now)
            .or_else(|| self.due_on(day.checked_sub_days(Days::new(7))?))
    }

    fn due_on(&self, day: NaiveDate) -> Option<Week> {
        let back = |days| day.checked_sub_days(Days::new(days));
        let start = |day| start_of_day(self.zone, day);
        let at = day.and_time(NaiveTime::from_hms_opt(self.hour, 0, 0)?);
        Some(Week {
            due: first_instant(self.zone, at),
            first: back(7)?,
            last: back(1)?,
            range: TimeRange::new(start(back(7)?), start(day)),
            before: TimeRange::new(start(back(14)?), start(back(7)?)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// 2026-03-10T12:00:00Z, a Tuesday.
    const NOON: UnixSeconds = 1_773_144_000;

    #[test]
    fn a_digest_is_of_the_seven_days_before_its_day() {
        let digest: WeeklyDigest = "Tue 12:00".parse().unwrap();
        let week = digest.latest(NOON).unwrap();
        assert_eq!(week.due, NOON);
        assert_eq!(
            (week.first.to_string(), week.last.to_string()),
            ("2026-03-03".to_owned(), "2026-03-09".to_owned())
        );
        assert_eq!(week.range.to - week.range.from, 7 * 86_400);
        assert_eq!(week.before.to, week.range.from);
        // A second before it is the one of a week ago.
        assert_eq!(digest.latest(NOON - 1).unwrap().due, NOON - 7 * 86_400);
    }

    #[test]
    fn a_week_in_which_clocks_change_has_another_length() {
        let digest: WeeklyDigest = "Mon 08:00 Europe/Berlin".parse().unwrap();
        // 2026-03-30 is the Monday after the change to summer time.
        let week = digest.latest(1_774_850_400).unwrap();
        assert_eq!(week.range.to - week.range.from, 7 * 86_400 - 3_600);
        assert_eq!(week.due, 1_774_850_400);
    }

    #[test]
    fn what_is_no_time_of_a_week_says_what_one_is() {
        for text in [
            "",
            "Mon",
            "Mon 8",
            "Mon 24:00",
            "Mon 08:30",
            "Xyz 08:00",
            "Mon 08:00 Mars",
            "Mon 08:00 UTC x",
        ] {
            let why = text.parse::<WeeklyDigest>().unwrap_err();
            assert!(why.contains("Mon 08:00 Europe/Berlin"), "{text}: {why}");
        }
        assert_eq!("Mon 08:00".parse(), Ok(WeeklyDigest::default()));
    }

    proptest! {
        #[test]
        fn the_latest_is_due_within_the_week_before_now(now in 0_i64..4_000_000_000, hour in 0_u32..24, day in 0_u8..7) {
            let weekday = Weekday::try_from(day).unwrap();
            let digest = WeeklyDigest { weekday, hour, zone: Tz::named("Europe/Berlin") };
            let week = digest.latest(now).unwrap();
            prop_assert!(week.due <= now && now < week.due + 7 * 86_400 + 7_200);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            prop_assert_eq!(digest.latest(week.due).unwrap(), week);
        }
    }
}
