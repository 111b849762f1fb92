//! One line of an access log.
//!
//! The combined format of Apache (`%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`) and of
//! nginx, which writes the same; anything may follow it, and the last field, if it is a number, is
//! the request time in seconds.

use std::time::{Duration, SystemTime};

use api_metrics::layer::OTHER_METHOD;
use chrono::DateTime;

/// What a line says about a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) finished_at: SystemTime,
    /// A standard method, or `_OTHER`.
    pub(crate) method: &'static str,
    /// Without its query; `-` where the request line held none, as the log itself writes it.
    pub(crate) path: &'a str,
    /// `None`: none was sent, because the client left.
    pub(crate) status: Option<u16>,
    pub(crate) response_bytes: u64,
    pub(crate) latency: Option<Duration>,
}

/// nginx's own code for a client that left before an answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl<'a> Line<'a> {
    /// Reads a line, or says what is wrong with it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        // Host, identity and user may hold brackets only in theory; the time is the first of them.
        let (_, rest) = text.split_once('[').ok_or("it has no [time]")?;
        let (time, rest) = rest.split_once(']').ok_or("its time has no end")?;
        let (request, rest) = quoted(rest).ok_or("it has no \"request\"")?;
        let mut fields = rest.split_ascii_whitespace();
        let status = status(fields.next().ok_or("it has no status")?)?;
        let response_bytes = bytes(fields.next().ok_or("it has no byte count")?)?;
        let (method, path) = request_line(request);
        Ok(Self {
            finished_at: finished_at(time)?,
            method,
            path,
            status,
            response_bytes,
            latency: latency(rest),
        })
    }
}

/// The next quoted field and what follows it. Apache escapes a quote as `\"`, nginx as `\x22`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let start = text.find('"')? + 1;
    let inside = text.get(start..)?;
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

fn finished_at(time: &str) -> Result<SystemTime, &'static str> {
    DateTime::parse_from_str(time, "%d/%b/%Y:%H:%M:%S %z")
        .map(SystemTime::from)
        .map_err(|_| "its time is not like [17/May/2015:10:05:03 +0000]")
}

fn status(text: &str) -> Result<Option<u16>, &'static str> {
    match text.parse() {
        _ if text == "-" => Ok(None),
        Ok(CLIENT_CLOSED_REQUEST) => Ok(None),
        Ok(status @ 100..=999) => Ok(Some(status)),
        _ => Err("its status is no status"),
    }
}

fn bytes(text: &str) -> Result<u64, &'static str> {
    if text == "-" {
        return Ok(0);
    }
    text.parse().map_err(|_| "its byte count is no number")
}

/// The method and the path of `GET /path?query HTTP/1.1`. Scanners send anything: what is no such
/// line was still a request, and the server answered it.
fn request_line(request: &str) -> (&'static str, &str) {
    let mut words = request.split(' ').filter(|word| !word.is_empty());
    let method = words.next().map_or(OTHER_METHOD, standard);
    let target = words.next().unwrap_or("-");
    // A proxy's request names the host as well.
    let target = match target.split_once("://") {
        Some(("http" | "https", rest)) => rest.find('/').map_or("/", |path| &rest[path..]),
        _ => target,
    };
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = &target[..end];
    (method, if path.is_empty() { "/" } else { path })
}

fn standard(method: &str) -> &'static str {
    const METHODS: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ];
    METHODS
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or(OTHER_METHOD)
}

/// The last field behind the quoted ones, if it is a number. The byte count of a common log, which
/// has no quoted fields, is none; neither is what an agent without its closing quote ends with.
fn latency(rest: &str) -> Option<Duration> {
    let mut rest = rest;
    let mut quotes = 0;
    while rest.contains('"') {
        (_, rest) = quoted(rest)?;
        quotes += 1;
    }
    if quotes == 0 {
        return None;
    }
    let field = rest.split_ascii_whitespace().last()?;
    Duration::try_from_secs_f64(field.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NGINX: &str = r#"192.0.2.7 - alice [17/May/2015:10:05:03 +0200] "POST /orders?id=7 HTTP/1.1" 201 512 "https://example.org/" "curl/8.0" 0.250"#;

    #[test]
    fn a_combined_line_with_a_request_time_gives_every_field() {
        assert_eq!(
            Line::parse(NGINX),
            Ok(Line {
                // 08:05:03 UTC.
                finished_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_431_849_903),
                method: "POST",
                path: "/orders",
                status: Some(201),
                response_bytes: 512,
                latency: Some(Duration::from_millis(250)),
            })
        );
    }

    #[test]
    fn without_a_request_time_there_is_no_latency() {
        for line in [
            NGINX.trim_end_matches(" 0.250"),
            &NGINX.replace("0.250", "-"),
            &NGINX.replace("0.250", "-0.1"),
            r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 200 5"#,
            r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 200 5 "-" "cut off 5.0"#,
        ] {
            assert_eq!(Line::parse(line).unwrap().latency, None, "{line}");
        }
    }

    #[test]
    fn fields_between_agent_and_request_time_are_passed_over() {
        let line = NGINX.replace("0.250", r#""10.0.0.1" upstream=3 1.5"#);
        assert_eq!(
            Line::parse(&line).unwrap().latency,
            Some(Duration::from_millis(1_500))
        );
    }

    #[test]
    fn quotes_inside_of_fields_end_nothing() {
        let line = r#"h - - [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 200 - "\"" "x \\" 2"#;
        let line = Line::parse(line).unwrap();
        assert_eq!((line.path, line.response_bytes), ("/a\\\"b", 0));
        assert_eq!(line.latency, Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_client_that_left_was_sent_no_status() {
        for status in ["499", "-"] {
            let line = NGINX.replace("201", status);
            assert_eq!(Line::parse(&line).unwrap().status, None);
        }
    }

    #[test]
    fn methods_and_targets_of_every_kind_become_bounded_labels() {
        for (request, method, path) in [
            ("GET / HTTP/1.1", "GET", "/"),
            ("get / HTTP/1.1", "_OTHER", "/"),
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
            assert_eq!(request_line(request), (method, path), "{request}");
        }
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
            let said = Line::parse(line).unwrap_err();
            assert!(said.contains(why), "{line}: {said}");
        }
    }
}
