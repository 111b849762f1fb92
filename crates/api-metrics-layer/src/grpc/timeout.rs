//! The deadline that a gRPC client sends along, in `grpc-timeout`.

use std::time::Duration;

use http::HeaderMap;

/// The client's deadline, counted from the request: at most eight digits and a unit. `None` where there is none
/// that can be read.
pub(crate) fn timeout_in(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.as_bytes();
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Whether a call that was dropped after `elapsed` was dropped because of its deadline.
///
/// The server's timer starts a moment before the layer sees the request, so a drop a moment before the
/// deadline is due to it as well.
pub(crate) fn is_over(elapsed: Duration, deadline: Duration) -> bool {
    let earlier = (deadline / 10).min(Duration::from_millis(1));
    elapsed.saturating_add(earlier) >= deadline
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn timeout(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", value.parse().unwrap());
        timeout_in(&headers)
    }

    #[test]
    fn a_timeout_is_digits_and_one_of_six_units() {
        assert_eq!(timeout("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(timeout("3M"), Some(Duration::from_secs(180)));
        assert_eq!(timeout("5S"), Some(Duration::from_secs(5)));
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("7u"), Some(Duration::from_micros(7)));
        assert_eq!(timeout("99999999n"), Some(Duration::from_nanos(99_999_999)));
        assert_eq!(
            timeout("99999999H"),
            Some(Duration::from_secs(359_999_996_400))
        );
        for bad in [
            "",
            "S",
            "5",
            "5s",
            "-5S",
            "+5S",
            "1.5S",
            "100000000n",
            "5 S",
        ] {
            assert_eq!(timeout(bad), None, "{bad:?}");
        }
        assert_eq!(timeout_in(&HeaderMap::new()), None);
    }

    #[test]
    fn a_deadline_is_over_a_moment_before_the_layers_own_clock_says_so() {
        let ms = Duration::from_millis;
        assert!(is_over(ms(50), ms(50)));
        assert!(is_over(ms(49), ms(50)));
        assert!(!is_over(ms(48), ms(50)));
        assert!(!is_over(Duration::from_micros(899), ms(1)));
        assert!(is_over(Duration::from_micros(900), ms(1)));
    }
}
