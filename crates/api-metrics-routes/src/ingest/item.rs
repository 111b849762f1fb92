//! One reported request, member by member.
//!
//! A member's name says its unit, and nothing is guessed: what can't be true is refused with the reason.

use std::{collections::BTreeMap, time::SystemTime};

use api_metrics_layer::{
    MAX_ENDPOINT_BYTES, MAX_UNITS_A_REQUEST, OTHER_METHOD, Outcome, Protocol, UNMATCHED,
};
use api_metrics_store::ingest::IngestItem;
use serde::Deserialize;
use serde_json::Value;

use super::{
    members::{self, ReportedError, checked, millis},
    writer::Templates,
};
use crate::{
    request::{Body, present, required},
    response::Problem,
};

/// A finished request.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReportedRequest))]
#[expect(dead_code, reason = "the shape of what `read` reads")]
pub(super) struct ReportedRequest {
    /// When it ended: RFC 3339, or Unix milliseconds as a number. Now, where it is left out.
    #[cfg_attr(test, schema(value_type = Option<String>, example = "2026-05-18T09:25:00.250Z"))]
    time: Option<Value>,
    /// `http` by default, or `grpc`.
    protocol: Option<String>,
    /// The method. What is none of the standard ones is counted as `_OTHER`.
    #[cfg_attr(test, schema(example = "GET"))]
    method: String,
    /// The route template, as in `/users/{id}`. Either this or `path`.
    #[cfg_attr(test, schema(example = "/users/{id}"))]
    endpoint: Option<String>,
    /// The path, which is matched against the templates of the token; what matches none is
    /// `<unmatched>`. A query is cut off.
    path: Option<String>,
    /// The status that was sent; left out where none was.
    #[cfg_attr(test, schema(example = 200, minimum = 100, maximum = 999))]
    status: Option<u16>,
    /// `completed` by default; `aborted`: the client left; `failed`: the response broke; `panicked`.
    outcome: Option<String>,
    /// From its arrival to its end, in milliseconds.
    #[cfg_attr(test, schema(example = 12.5))]
    latency_ms: Option<f64>,
    /// From its arrival to the head of its response, in milliseconds.
    time_to_headers_ms: Option<f64>,
    /// Body bytes of the request.
    request_bytes: Option<u64>,
    /// Body bytes of the response.
    response_bytes: Option<u64>,
    /// The API key: the service's own name for its consumer, never a secret.
    key: Option<String>,
    /// Who made it, by an id of the service's own, at most 256 bytes. For the request log, which keeps it in
    /// clear.
    user: Option<String>,
    /// The `traceparent` that it carried. For the request log.
    #[cfg_attr(
        test,
        schema(example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    )]
    trace: Option<String>,
    /// Its id, at most 128 visible characters. For the request log.
    request_id: Option<String>,
    /// What went wrong. For the request log.
    error: Option<ReportedError>,
    /// What it used, by the name of the unit: at most 16, whole numbers from 0 up.
    #[cfg_attr(test, schema(example = json!({"tokens": 1234})))]
    units: Option<BTreeMap<String, u64>>,
}

/// Reads an item.
///
/// # Errors
/// A problem that names the member.
pub(super) fn read(
    item: Value,
    templates: &Templates,
    now: SystemTime,
) -> Result<IngestItem, Problem> {
    let Value::Object(members) = item else {
        return Err(Problem::parameter("", "an item is a JSON object"));
    };
    let mut body = Body::from(members);
    let time = members::time(&mut body, now)?;
    let protocol = body.word("protocol", "one of http, grpc", |name| match name {
        "http" => Some(Protocol::Http),
        "grpc" => Some(Protocol::Grpc),
        _ => None,
    })?;
    let method = present("method", body.text("method")?)?;
    let endpoint = required("endpoint", body.text("endpoint")?)?;
    let path = required("path", body.text("path")?)?;
    let (endpoint, path) = match (endpoint, path) {
        (Some(endpoint), None) => (checked("endpoint", endpoint, MAX_ENDPOINT_BYTES)?, None),
        (None, Some(path)) => {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            let template = templates.of(path).unwrap_or(UNMATCHED);
            (template.to_owned(), Some(path.to_owned()))
        }
        (Some(_), Some(_)) => {
            return Err(Problem::parameter("path", "can't stand beside `endpoint`"));
        }
        (None, None) => {
            let detail = "is missing: a route template, or `path` where the token has templates";
            return Err(Problem::parameter("endpoint", detail));
        }
    };
    let mut read = IngestItem::new(standard_method(&method), endpoint, time);
    read.path = path;
    read.protocol = protocol.flatten().unwrap_or(Protocol::Http);
    let status = body.small("status")?;
    read.status = status.flatten().map(status_code).transpose()?;
    let outcome = body.word(
        "outcome",
        "one of completed, aborted, failed, panicked",
        |name| match name {
            "completed" => Some(Outcome::Completed),
            "aborted" => Some(Outcome::Aborted),
            "failed" => Some(Outcome::Failed),
            "panicked" => Some(Outcome::Panicked),
            _ => None,
        },
    )?;
    read.outcome = outcome.flatten().unwrap_or(Outcome::Completed);
    if read.status.is_none() && read.outcome == Outcome::Completed {
        let detail = "is missing: a completed request has one";
        return Err(Problem::parameter("status", detail));
    }
    read.latency = millis("latencyMs", body.number("latencyMs")?)?;
    read.time_to_headers = millis("timeToHeadersMs", body.number("timeToHeadersMs")?)?;
    read.request_bytes = body.count("requestBytes")?.flatten().unwrap_or(0);
    read.response_bytes = body.count("responseBytes")?.flatten().unwrap_or(0);
    members::detail(&mut body, &mut read)?;
    members::units(&mut body, &mut read, MAX_UNITS_A_REQUEST)?;
    body.finish()?;
    Ok(read)
}

/// A status as HTTP writes it, of three digits.
fn status_code(status: u32) -> Result<u16, Problem> {
    u16::try_from(status)
        .ok()
        .filter(|status| (100..=999).contains(status))
        .ok_or_else(|| Problem::parameter("status", format!("`{status}` is not from 100 to 999")))
}

/// The standard methods, and one name for all others, as the layer has them.
pub(super) fn standard_method(method: &str) -> &'static str {
    const METHODS: [&str; 10] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
    ];
    let known = METHODS.iter().find(|known| **known == method);
    known.copied().unwrap_or(OTHER_METHOD)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, UNIX_EPOCH};

    use api_metrics_layer::{ApiKey, ErrorDetail, TraceContext, UserId};
    use serde_json::json;

    use super::*;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_779_096_300)
    }

    fn of(item: Value) -> Result<IngestItem, (String, String)> {
        let templates = Templates::new(&["/users/{id}".into(), "/users/me".into()]).unwrap();
        read(item, &templates, now()).map_err(|problem| {
            let named = problem.named().unwrap_or_default().to_owned();
            (named, problem.detail().to_owned())
        })
    }

    #[test]
    fn each_member_has_the_unit_of_its_name() {
        let item = of(json!({
            "time": "2026-05-18T09:25:00.250Z", "method": "POST", "endpoint": "/orders",
            "status": 503, "outcome": "failed", "latencyMs": 12.5, "timeToHeadersMs": 1,
            "requestBytes": 7, "responseBytes": 8, "key": "k-1", "protocol": "grpc",
            "user": "u-1", "requestId": "r-1", "error": {"type": "ledger", "message": "locked"},
            "trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        }))
        .unwrap();
        let mut expected = IngestItem::new(
            "POST",
            "/orders",
            UNIX_EPOCH + Duration::from_millis(1_779_096_300_250),
        );
        expected.protocol = Protocol::Grpc;
        expected.status = Some(503);
        expected.outcome = Outcome::Failed;
        expected.latency = Some(Duration::from_micros(12_500));
        expected.time_to_headers = Some(Duration::from_millis(1));
        (expected.request_bytes, expected.response_bytes) = (7, 8);
        expected.api_key = Some(ApiKey::from("k-1"));
        expected.user = Some(UserId::from("u-1"));
        expected.request_id = Some("r-1".into());
        expected.error = Some(ErrorDetail::new("locked").with_type("ledger"));
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        expected.trace = TraceContext::parse(trace);
        assert!(expected.trace.is_some());
        assert_eq!(item, expected);
    }

    #[test]
    fn a_path_becomes_its_template_or_unmatched() {
        for (path, endpoint) in [
            ("/users/7?x=1", "/users/{id}"),
            ("/users/me", "/users/me"),
            ("/wp-login.php", UNMATCHED),
        ] {
            let item = of(json!({"method": "get", "path": path, "status": 200})).unwrap();
            assert_eq!(item.endpoint, endpoint);
            assert_eq!(item.method, OTHER_METHOD, "methods are case-sensitive");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_is_guessed() {
        let base = json!({"method": "GET", "endpoint": "/a", "status": 200});
        let with = |name: &str, value: Value| {
            let mut item = base.clone();
            item[name] = value;
            of(item).unwrap_err().0
        };
        for (name, value) in [
            ("time", json!(1_779_096_300)),
            ("time", json!("yesterday")),
            ("time", json!("2026-05-18T10:30:00Z")),
            ("time", json!(null)),
            ("method", json!(7)),
            ("endpoint", json!("")),
            ("endpoint", json!("x".repeat(1_025))),
            ("path", json!("/a")),
            ("status", json!(99)),
            ("status", json!("200")),
            ("status", json!(null)),
            ("outcome", json!("fine")),
            ("latencyMs", json!(-1)),
            ("latencyMs", json!(86_400_001)),
            ("requestBytes", json!(-1)),
            ("key", json!("")),
            ("user", json!("u".repeat(257))),
            ("user", json!(7)),
            ("trace", json!("4bf92f3577b34da6a3ce929d0e0e4736")),
            ("requestId", json!("two words")),
            ("requestId", json!("r".repeat(129))),
            ("error", json!("locked")),
            ("error.message", json!({"type": "ledger"})),
            (
                "error.surprise",
                json!({"message": "locked", "surprise": 1}),
            ),
            ("protocol", json!("soap")),
            ("surprise", json!(1)),
        ] {
            let member = name.split('.').next().unwrap();
            assert_eq!(with(member, value.clone()), name, "{name}: {value}");
        }
        assert_eq!(of(json!([])).unwrap_err().0, "");
        assert_eq!(
            of(json!({"method": "GET", "status": 200})).unwrap_err().0,
            "endpoint"
        );
        assert!(of(json!({"method": "GET", "endpoint": "/a", "outcome": "aborted"})).is_ok());
    }
}
