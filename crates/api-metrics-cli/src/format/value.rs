//! Single values: numbers, durations, statuses, request lines.

use std::{borrow::Cow, time::Duration};

use memchr::{memchr, memchr2};

use super::{entry::Reject, field::Unit};

/// What counts as a method where the one in the log is none of the standard ones.
pub(super) const OTHER_METHOD: &str = "_OTHER";

const METHODS: [&str; 10] = [
    "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY",
];

/// What was sent to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Sent(u16),
    /// The client left before, or the connection broke.
    None,
}

impl Status {
    pub(super) const fn sent(self) -> Option<u16> {
        match self {
            Self::Sent(status) => Some(status),
            Self::None => None,
        }
    }

    /// nginx writes 499 where the client left and 000 where nothing was sent, Envoy 0, HAProxy -1.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Reject> {
        match text {
            b"-" | b"" | b"0" | b"000" | b"-1" | b"499" => Ok(Self::None),
            &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => Ok(Self::Sent(
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'),
            )),
            _ => Err(Reject::Malformed("its status is no status")),
        }
    }
}

/// A whole number; overflow is none.
pub(super) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10)
            .then(|| sum.checked_mul(10)?.checked_add(digit.into()))
            .flatten()
    })
}

/// A byte count, where `-` is none at all.
pub(super) fn bytes(text: &[u8]) -> Result<u64, Reject> {
    if matches!(text, b"-" | b"") {
        return Ok(0);
    }
    whole(text).ok_or(Reject::Malformed("its byte count is no number"))
}

/// Digits before the point, and behind it in billionths.
fn decimal(text: &[u8]) -> Option<(u64, u64)> {
    let point = memchr(b'.', text).unwrap_or(text.len());
    let whole_part = if point == 0 {
        0
    } else {
        whole(text.get(..point)?)?
    };
    let fraction = text.get(point + 1..).unwrap_or_default();
    if point == 0 && fraction.is_empty() {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        let digit = fraction
            .get(place)
            .map_or(0, |byte| byte.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        nanos = nanos * 10 + u64::from(digit);
    }
    let rest = fraction.get(9..).unwrap_or_default();
    rest.iter()
        .all(u8::is_ascii_digit)
        .then_some((whole_part, nanos))
}

/// A duration in `unit`. `Ok(None)`: the log says that it does not know (`-`, or less than zero).
pub(super) fn duration(text: &[u8], unit: Unit) -> Result<Option<Duration>, Reject> {
    const NO_NUMBER: Reject = Reject::Malformed("its request time is no number");
    if matches!(text, b"-" | b"") {
        return Ok(None);
    }
    if unit == Unit::Written {
        return written_duration(text).map(Some);
    }
    let Some((whole_part, billionths)) = decimal(text) else {
        // What JSON may hold besides: an exponent, a sign.
        let number: f64 = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|number: &f64| number.is_finite())
            .ok_or(NO_NUMBER)?;
        if number < 0.0 {
            return Ok(None);
        }
        return Duration::try_from_secs_f64(number / unit.per_second() as f64)
            .map(Some)
            .map_err(|_| NO_NUMBER);
    };
    let nanos = 1_000_000_000 / unit.per_second();
    let total = u128::from(whole_part) * u128::from(nanos)
        + u128::from(billionths) * u128::from(nanos) / 1_000_000_000;
    let seconds = u64::try_from(total / 1_000_000_000).map_err(|_| NO_NUMBER)?;
    Ok(Some(Duration::new(seconds, (total % 1_000_000_000) as u32)))
}

/// A duration that names its units, as Go writes it: `250ms`, `1m2.5s`, `12µs`.
fn written_duration(text: &[u8]) -> Result<Duration, Reject> {
    const MALFORMED: Reject = Reject::Malformed("its request time is not like 250ms or 1.5s");
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))
            .ok_or(MALFORMED)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .iter()
            .position(|byte| matches!(byte, b'0'..=b'9' | b'.'))
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (unit, times) = match unit {
            b"h" => (Unit::Seconds, 3_600),
            b"m" => (Unit::Seconds, 60),
            b"s" => (Unit::Seconds, 1),
            b"ms" => (Unit::Milliseconds, 1),
            b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => (Unit::Microseconds, 1),
            b"ns" => (Unit::Nanoseconds, 1),
            _ => return Err(MALFORMED),
        };
        let part = duration(number, unit)?
            .and_then(|part| part.checked_mul(times))
            .ok_or(MALFORMED)?;
        sum = sum.checked_add(part).ok_or(MALFORMED)?;
        rest = tail;
    }
    Ok(sum)
}

/// The end of a quoted field whose opening quote was read. A backslash escapes, as Apache writes it.
pub(super) fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The method and the target of `GET /path?query HTTP/1.1`. Scanners send anything: what is no such
/// line was still a request, and the server answered it.
pub(super) fn request_line(request: &[u8]) -> (&'static str, Cow<'_, str>) {
    let mut words = request
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let method = words.next().map_or(OTHER_METHOD, method);
    (method, path(words.next().unwrap_or(b"-")))
}

/// A standard method, or `_OTHER`. Methods are case-sensitive.
pub(super) fn method(text: &[u8]) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| known.as_bytes() == text)
        .unwrap_or(OTHER_METHOD)
}

/// The path of a target, without query and fragment. A proxy's request names the host as well.
pub(super) fn path(target: &[u8]) -> Cow<'_, str> {
    let target = [&b"http://"[..], b"https://"]
        .into_iter()
        .find_map(|scheme| target.strip_prefix(scheme))
        .map_or(target, |rest| {
            memchr(b'/', rest).map_or(&b"/"[..], |slash| &rest[slash..])
        });
    let end = memchr2(b'?', b'#', target).unwrap_or(target.len());
    match &target[..end] {
        b"" => Cow::Borrowed("/"),
        path => String::from_utf8_lossy(path),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn methods_and_targets_of_every_kind_become_bounded_labels() {
        for (request, method, path) in [
            ("GET / HTTP/1.1", "GET", "/"),
            ("get / HTTP/1.1", "_OTHER", "/"),
            ("QUERY /search HTTP/1.1", "QUERY", "/search"),
            ("PROPFIND /dav HTTP/1.1", "_OTHER", "/dav"),
            ("GET http://example.org/a?b HTTP/1.1", "GET", "/a"),
            ("GET https://example.org HTTP/1.1", "GET", "/"),
            ("GET ?x HTTP/1.1", "GET", "/"),
            ("OPTIONS * HTTP/1.1", "OPTIONS", "*"),
            (
                "CONNECT example.org:443 HTTP/1.1",
                "CONNECT",
                "example.org:443",
            ),
            ("GET /a://b HTTP/1.1", "GET", "/a://b"),
            ("\\x16\\x03\\x01", "_OTHER", "-"),
            ("-", "_OTHER", "-"),
            ("", "_OTHER", "-"),
        ] {
            assert_eq!(
                request_line(request.as_bytes()),
                (method, path.into()),
                "{request}"
            );
        }
    }

    #[test]
    fn durations_are_exact_in_every_unit() {
        for (text, unit, expected) in [
            ("0.250", Unit::Seconds, Some(Duration::from_millis(250))),
            (
                "250000",
                Unit::Microseconds,
                Some(Duration::from_millis(250)),
            ),
            ("250", Unit::Milliseconds, Some(Duration::from_millis(250))),
            (
                "1.5",
                Unit::Milliseconds,
                Some(Duration::from_micros(1_500)),
            ),
            ("7", Unit::Nanoseconds, Some(Duration::from_nanos(7))),
            ("1.2e-05", Unit::Seconds, Some(Duration::from_micros(12))),
            ("-", Unit::Seconds, None),
            ("-1", Unit::Seconds, None),
            ("", Unit::Seconds, None),
            ("1m2.5s", Unit::Written, Some(Duration::from_millis(62_500))),
            ("12µs", Unit::Written, Some(Duration::from_micros(12))),
        ] {
            assert_eq!(duration(text.as_bytes(), unit), Ok(expected), "{text}");
        }
        for text in ["x", "1.2.3", ".", "0.1x", "1 2", "inf", "NaN"] {
            assert!(duration(text.as_bytes(), Unit::Seconds).is_err(), "{text}");
        }
        for text in ["250", "5y", "ms"] {
            assert!(duration(text.as_bytes(), Unit::Written).is_err(), "{text}");
        }
    }

    #[test]
    fn a_client_that_left_was_sent_no_status() {
        for text in ["-", "000", "0", "499", "-1"] {
            assert_eq!(Status::parse(text.as_bytes()), Ok(Status::None), "{text}");
        }
        assert_eq!(Status::parse(b"201"), Ok(Status::Sent(201)));
        for text in ["20", "2000", "099", "abc", "+20"] {
            assert!(Status::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
