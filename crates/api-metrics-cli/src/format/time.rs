//! Points in time, as servers write them.

use chrono::{DateTime, NaiveDateTime};

use super::{
    entry::{Instant, LineOptions, Reject},
    value::whole,
};

/// How a point in time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// `17/May/2015:10:05:03 +0200`, with or without brackets around it.
    Clf,
    /// `06/Feb/2009:12:14:14.655`, without a zone.
    ClfLocal,
    /// `2015-05-17T10:05:03.5+02:00`, also with a space in the middle or without a zone.
    Iso,
    /// Unix time in a fraction of a second: how many of them make one.
    Unix(u64),
    /// A number of Unix seconds, or a text in one of the other forms.
    Any,
    /// By a format of `strftime`.
    Strftime(String),
}

const MALFORMED: Reject = Reject::Malformed("its time is not like [17/May/2015:10:05:03 +0000]");
const NOT_ISO: Reject = Reject::Malformed("its time is not like 2015-05-17T10:05:03Z");
const NOT_UNIX: Reject = Reject::Malformed("its time is no Unix time");

impl TimeFormat {
    pub(super) fn parse(&self, text: &[u8], reading: &LineOptions) -> Result<Instant, Reject> {
        match self {
            Self::Clf => clf(text),
            Self::ClfLocal => clf_local(text, reading.utc_offset),
            Self::Iso => iso(text, reading.utc_offset),
            Self::Unix(per_second) => unix(text, *per_second),
            Self::Any => match text {
                [b'0'..=b'9' | b'-', rest @ ..] if rest.iter().all(is_numeric) => unix(text, 1),
                [_, _, b'/', ..] => clf(text),
                _ => iso(text, reading.utc_offset),
            },
            Self::Strftime(format) => strftime(text, format, reading.utc_offset),
        }
    }
}

fn is_numeric(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+')
}

/// A number of exactly so many digits.
fn digits<const N: usize>(text: &[u8], from: usize) -> Option<i64> {
    let text = text.get(from..from + N)?;
    text.iter().try_fold(0_i64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + i64::from(digit))
    })
}

/// Days since 1970-01-01 of a proleptic Gregorian date that exists.
///
/// By Howard Hinnant's `days_from_civil`, <https://howardhinnant.github.io/date_algorithms.html>.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Seconds of a day; 60 is a leap second.
fn seconds(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3_600 + minute * 60 + second)
}

fn month(name: &[u8]) -> Option<i64> {
    Some(match name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

/// `17/May/2015:10:05:03`, the first 20 bytes, as if it were UTC.
fn clf_seconds(text: &[u8]) -> Option<i64> {
    if text.get(2)? != &b'/' || text.get(6)? != &b'/' {
        return None;
    }
    if [11, 14, 17].iter().any(|at| text.get(*at) != Some(&b':')) {
        return None;
    }
    let day = days(
        digits::<4>(text, 7)?,
        month(text.get(3..6)?)?,
        digits::<2>(text, 0)?,
    )?;
    let of_day = seconds(
        digits::<2>(text, 12)?,
        digits::<2>(text, 15)?,
        digits::<2>(text, 18)?,
    )?;
    Some(day * 86_400 + of_day)
}

/// Seconds east of UTC of `+0200`, `+02:00` or `Z`.
pub(super) fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let minutes_at = match rest.len() {
        4 => 2,
        5 if rest[2] == b':' => 3,
        _ => return None,
    };
    let (hours, minutes) = (digits::<2>(rest, 0)?, digits::<2>(rest, minutes_at)?);
    (hours < 24 && minutes < 60).then(|| sign * (hours * 3_600 + minutes * 60))
}

/// `17/May/2015:10:05:03 +0200`, in brackets or not.
pub(super) fn clf(text: &[u8]) -> Result<Instant, Reject> {
    let text = text.strip_prefix(b"[").unwrap_or(text);
    let text = text.strip_suffix(b"]").unwrap_or(text);
    let read = || {
        let local = clf_seconds(text)?;
        if text.get(20)? != &b' ' {
            return None;
        }
        Some(local - offset(text.get(21..)?)?)
    };
    let seconds = read().ok_or(MALFORMED)?;
    Ok(Instant { seconds, nanos: 0 })
}

fn clf_local(text: &[u8], utc_offset: i32) -> Result<Instant, Reject> {
    let read = || {
        let local = clf_seconds(text)?;
        let (nanos, rest) = fraction(text.get(20..)?)?;
        rest.is_empty().then(|| Instant {
            seconds: local - i64::from(utc_offset),
            nanos,
        })
    };
    read().ok_or(MALFORMED)
}

/// `.655` or `,655` in nanoseconds, and what follows; nothing is 0.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.' | b',', rest @ ..] = text else {
        return Some((0, text));
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let (figures, rest) = rest.split_at(count);
    let nanos = (0..9).fold(0, |sum, place| {
        sum * 10 + figures.get(place).map_or(0, |byte| u32::from(byte - b'0'))
    });
    Some((nanos, rest))
}

/// Seconds at the start of `2015-05-17`.
pub(super) fn date(text: &[u8]) -> Result<i64, Reject> {
    let read = || {
        if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
            return None;
        }
        let day = days(
            digits::<4>(text, 0)?,
            digits::<2>(text, 5)?,
            digits::<2>(text, 8)?,
        )?;
        Some(day * 86_400)
    };
    read().ok_or(Reject::Malformed("its date is not like 2015-05-17"))
}

/// Seconds of a day of `10:05:03`, with or without a fraction.
pub(super) fn clock(text: &[u8]) -> Result<Instant, Reject> {
    let read = || {
        let (of_day, rest) = clock_of_day(text)?;
        let (nanos, rest) = fraction(rest)?;
        rest.is_empty().then_some(Instant {
            seconds: of_day,
            nanos,
        })
    };
    read().ok_or(Reject::Malformed("its time of day is not like 10:05:03"))
}

fn clock_of_day(text: &[u8]) -> Option<(i64, &[u8])> {
    if text.get(2)? != &b':' || text.get(5)? != &b':' {
        return None;
    }
    let of_day = seconds(
        digits::<2>(text, 0)?,
        digits::<2>(text, 3)?,
        digits::<2>(text, 6)?,
    )?;
    Some((of_day, text.get(8..)?))
}

fn iso(text: &[u8], utc_offset: i32) -> Result<Instant, Reject> {
    let read = || {
        let day = date(text.get(..10)?).ok()?;
        if !matches!(text.get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let (of_day, rest) = clock_of_day(text.get(11..)?)?;
        let (nanos, rest) = fraction(rest)?;
        let east = match rest.strip_prefix(b" ").unwrap_or(rest) {
            b"" => utc_offset.into(),
            zone => offset(zone)?,
        };
        Some(Instant {
            seconds: day + of_day - east,
            nanos,
        })
    };
    read().ok_or(NOT_ISO)
}

fn unix(text: &[u8], per_second: u64) -> Result<Instant, Reject> {
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let per_second = i64::try_from(per_second).map_err(|_| NOT_UNIX)?;
    let Some(number) = whole(&text[..point]).and_then(|number| i64::try_from(number).ok()) else {
        // An exponent, as some JSON has it.
        let number: f64 = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|number: &f64| number.is_finite() && number.abs() < 1e18)
            .ok_or(NOT_UNIX)?;
        let number = number / per_second as f64;
        return plausible(Instant {
            seconds: number.floor() as i64,
            nanos: (number.rem_euclid(1.0) * 1e9) as u32,
        });
    };
    let (nanos, rest) = fraction(&text[point..]).ok_or(NOT_UNIX)?;
    if !rest.is_empty() {
        return Err(NOT_UNIX);
    }
    let below = (number % per_second) * (1_000_000_000 / per_second);
    let below = u32::try_from(below).map_err(|_| NOT_UNIX)?;
    // A fraction of a millisecond is below what any bucket or sketch can tell apart.
    let nanos = if per_second == 1 { nanos } else { below };
    plausible(Instant {
        seconds: number / per_second,
        nanos,
    })
}

/// A number past the year 9999 was no number of seconds.
fn plausible(at: Instant) -> Result<Instant, Reject> {
    if at.seconds > 253_402_300_799 {
        return Err(Reject::Malformed(
            "its Unix time lies past the year 9999: name its unit, e.g. --field time=ts:ms",
        ));
    }
    Ok(at)
}

fn strftime(text: &[u8], format: &str, utc_offset: i32) -> Result<Instant, Reject> {
    const OTHER: Reject = Reject::Malformed("its time is not in the format that was named");
    let text = std::str::from_utf8(text).map_err(|_| OTHER)?;
    if let Ok(at) = DateTime::parse_from_str(text, format) {
        return Ok(Instant {
            seconds: at.timestamp(),
            nanos: at.timestamp_subsec_nanos().min(999_999_999),
        });
    }
    let at = NaiveDateTime::parse_from_str(text, format)
        .map_err(|_| OTHER)?
        .and_utc();
    Ok(Instant {
        seconds: at.timestamp() - i64::from(utc_offset),
        nanos: at.timestamp_subsec_nanos().min(999_999_999),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(format: &TimeFormat, text: &str) -> Option<(i64, u32)> {
        let reading = LineOptions {
            utc_offset: 3_600,
            ..LineOptions::default()
        };
        let at = format.parse(text.as_bytes(), &reading).ok()?;
        Some((at.seconds, at.nanos))
    }

    #[test]
    fn every_way_to_write_a_time_means_the_same() {
        for (format, text, seconds, nanos) in [
            (
                TimeFormat::Clf,
                "17/May/2015:10:05:03 +0200",
                1_431_849_903,
                0,
            ),
            (
                TimeFormat::Clf,
                "[17/May/2015:10:05:03 +0200]",
                1_431_849_903,
                0,
            ),
            (
                TimeFormat::Clf,
                "17/May/2015:03:05:03 -0500",
                1_431_849_903,
                0,
            ),
            (
                TimeFormat::Clf,
                "01/Jan/2099:00:00:00 +0000",
                4_070_908_800,
                0,
            ),
            (
                TimeFormat::Clf,
                "29/Feb/2000:23:59:60 +0000",
                951_868_800,
                0,
            ),
            (TimeFormat::Clf, "31/Dec/1969:23:59:59 +0000", -1, 0),
            (
                TimeFormat::ClfLocal,
                "17/May/2015:09:05:03.655",
                1_431_849_903,
                655_000_000,
            ),
            (TimeFormat::Iso, "2015-05-17T08:05:03Z", 1_431_849_903, 0),
            (
                TimeFormat::Iso,
                "2015-05-17T10:05:03.186641+02:00",
                1_431_849_903,
                186_641_000,
            ),
            (TimeFormat::Iso, "2015-05-17 09:05:03", 1_431_849_903, 0),
            (
                TimeFormat::Unix(1),
                "1431849903.123",
                1_431_849_903,
                123_000_000,
            ),
            (
                TimeFormat::Unix(1_000),
                "1431849903123",
                1_431_849_903,
                123_000_000,
            ),
            (TimeFormat::Any, "1431849903.5", 1_431_849_903, 500_000_000),
            (TimeFormat::Any, "2015-05-17T08:05:03Z", 1_431_849_903, 0),
            (
                TimeFormat::Any,
                "17/May/2015:10:05:03 +0200",
                1_431_849_903,
                0,
            ),
            (
                TimeFormat::Strftime("%d/%m/%y %H:%M:%S".into()),
                "17/05/15 09:05:03",
                1_431_849_903,
                0,
            ),
            (
                TimeFormat::Strftime("%d/%m/%y %T %z".into()),
                "17/05/15 10:05:03 +0200",
                1_431_849_903,
                0,
            ),
        ] {
            assert_eq!(
                read(&format, text),
                Some((seconds, nanos)),
                "{format:?} {text}"
            );
        }
    }

    #[test]
    fn a_time_that_does_not_exist_is_refused() {
        for text in [
            "31/Feb/2015:10:05:03 +0000",
            "29/Feb/2015:10:05:03 +0000",
            "17/May/2015:24:05:03 +0000",
            "17/May/2015:10:60:03 +0000",
            "17/Foo/2015:10:05:03 +0000",
            "17/May/2015:10:05:03",
            "17/May/2015:10:05:03 +02",
            "today",
            "",
        ] {
            assert_eq!(read(&TimeFormat::Clf, text), None, "{text}");
        }
        assert_eq!(read(&TimeFormat::Any, "1431849903123456"), None);
    }

    #[test]
    fn the_calendar_agrees_with_chrono_on_every_day_of_five_centuries() {
        let mut day = chrono::NaiveDate::from_ymd_opt(1700, 1, 1).unwrap();
        while day < chrono::NaiveDate::from_ymd_opt(2200, 1, 1).unwrap() {
            let text = day.format("%d/%b/%Y:00:00:00 +0000").to_string();
            let expected = day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp();
            assert_eq!(clf(text.as_bytes()).unwrap().seconds, expected, "{text}");
            day = day.succ_opt().unwrap();
        }
    }
}
