//! The common and the combined format, whatever stands before the time: the fast path of an import.

use std::borrow::Cow;

use memchr::memchr;

use super::{
    entry::{Draft, Entry, LineOptions, Reject},
    time,
    value::{self, Status, closing_quote},
};

/// `[17/May/2015:10:05:03 +0000]`.
const TIME_LENGTH: usize = 28;

/// Reads `… [time] "request" status bytes`, then perhaps `"referer" "agent"`. Whatever follows has
/// no meaning that anybody named, so nothing of it is used.
pub(super) fn parse<'a>(line: &'a [u8], reading: &LineOptions) -> Result<Entry<'a>, Reject> {
    let mut draft = Draft::default();
    let rest = after_time(line, &mut draft)?;
    let (request, rest) = quoted(rest).ok_or(Reject::Malformed("it has no \"request\""))?;
    let (method, path) = value::request_line(request);
    draft.method = Some(method);
    draft.path = Some(path);
    let (status, rest) = word(rest).ok_or(Reject::Malformed("it has no status"))?;
    draft.status = Some(Status::parse(status)?);
    let (bytes, rest) = word(rest).ok_or(Reject::Malformed("it has no byte count"))?;
    draft.response_body = Some(value::bytes(bytes)?);
    let mut rest = rest;
    if rest.starts_with(b" \"") {
        // A log that was cut off within its quoted fields still tells of a request.
        if let Some((_, after)) = quoted(rest) {
            rest = after;
            if rest.starts_with(b" \"")
                && let Some((agent, after)) = quoted(rest)
            {
                draft.user_agent = Some(Cow::Borrowed(agent)).filter(|agent| **agent != *b"-");
                rest = after;
            }
        }
    }
    draft.has_unnamed_fields = !rest.trim_ascii().is_empty();
    draft.finish(reading)
}

/// Host, identity, user and a proxy's own fields may hold brackets: the time is the first pair that
/// holds a time.
fn after_time<'a>(line: &'a [u8], draft: &mut Draft<'a>) -> Result<&'a [u8], Reject> {
    let mut error = Reject::Malformed("it has no [time]");
    let mut from = 0;
    while let Some(open) = line.get(from..).and_then(|rest| memchr(b'[', rest)) {
        let at = from + open;
        let Some(field) = line.get(at..at + TIME_LENGTH) else {
            return Err(match memchr(b']', &line[at..]) {
                Some(_) => Reject::Malformed("its time is not like [17/May/2015:10:05:03 +0000]"),
                None => Reject::Malformed("its time has no end"),
            });
        };
        if field[TIME_LENGTH - 1] == b']' {
            match time::clf(field) {
                Ok(time) => {
                    draft.at = Some(time);
                    return Ok(&line[at + TIME_LENGTH..]);
                }
                Err(why) => error = why,
            }
        } else {
            error = Reject::Malformed("its time is not like [17/May/2015:10:05:03 +0000]");
        }
        from = at + 1;
    }
    Err(error)
}

/// The next quoted field and what follows it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = memchr(b'"', text)? + 1;
    let inside = text.get(start..)?;
    let end = closing_quote(inside)?;
    Some((&inside[..end], &inside[end + 1..]))
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = memchr(b' ', text).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, SystemTime};

    use super::*;

    const LINE: &str = r#"192.0.2.7 - alice [17/May/2015:10:05:03 +0200] "POST /orders?id=7 HTTP/1.1" 201 512 "https://example.org/" "curl/8.0""#;

    fn read(line: &str) -> Result<Entry<'_>, Reject> {
        parse(line.as_bytes(), &LineOptions::default())
    }

    #[test]
    fn a_combined_line_gives_every_field() {
        let entry = read(LINE).unwrap();
        // 08:05:03 UTC.
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_431_849_903);
        assert_eq!(entry.finished_at, at);
        assert_eq!((entry.method, &*entry.path), ("POST", "/orders"));
        assert_eq!((entry.status, entry.response_bytes), (Some(201), 512));
        assert_eq!(entry.user_agent.as_deref(), Some(&b"curl/8.0"[..]));
        assert_eq!(entry.latency, None);
        assert!(!entry.has_unnamed_fields);
    }

    #[test]
    fn a_number_behind_the_last_field_is_no_time() {
        for tail in [
            " 0.250",
            " 250000",
            " \"0.250\"",
            " rt=0.250",
            " 7 1795687200.123",
        ] {
            let line = format!("{LINE}{tail}");
            let entry = read(&line).unwrap();
            assert_eq!(entry.latency, None, "{tail}");
            assert!(entry.has_unnamed_fields, "{tail}");
        }
    }

    #[test]
    fn quotes_inside_of_fields_end_nothing() {
        let line = r#"h - - [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 200 - "\"" "x \\""#;
        let entry = read(line).unwrap();
        assert_eq!((&*entry.path, entry.response_bytes), ("/a\\\"b", 0));
        assert_eq!(entry.user_agent.as_deref(), Some(&br"x \\"[..]));
    }

    #[test]
    fn a_line_that_was_cut_off_in_its_agent_still_tells_of_a_request() {
        let entry =
            read(r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 200 5 "-" "cut off 5.0"#)
                .unwrap();
        assert_eq!(
            (entry.status, entry.response_bytes, entry.latency),
            (Some(200), 5, None)
        );
    }

    #[test]
    fn what_is_no_log_line_is_told_why() {
        for (line, why) in [
            ("", "[time]"),
            ("hello", "[time]"),
            ("h - - [17/May/2015:10:05:03 +0000", "no end"),
            ("h - - [17/May/2015:10:05:03 +0000] GET", "request"),
            ("h - - [17/May/2015:10:05:03 +0000] \"GET /", "request"),
            ("h - - [today] \"GET / HTTP/1.1\" 200 1", "time is not like"),
            (
                "h - - [31/Feb/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1",
                "time is not like",
            ),
            (
                "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\"",
                "no status",
            ),
            (
                "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 20 1",
                "no status",
            ),
            (
                "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200",
                "no byte count",
            ),
            (
                "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 -1",
                "no number",
            ),
        ] {
            let said = read(line).unwrap_err().to_string();
            assert!(said.contains(why), "{line}: {said}");
        }
    }
}
