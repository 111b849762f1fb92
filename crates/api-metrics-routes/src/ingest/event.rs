//! One reported event, member by member: what is counted beside requests.
//!
//! | of an event | counts as |
//! |---|---|
//! | kind | the protocol |
//! | name | the endpoint |
//! | what tells its forms apart: the model of an agent, start or end of a session, how candidates of WebRTC connect | the method |
//! | outcome | `success` as 200; `error` as 500 and `timeout` as 504, both failures; `cancelled` as 499, aborted |
//! | duration, round trip | the latency |
//! | bytes sent and received | bytes of request and response |
//! | tokens, packets, `units` | units: `input_tokens`, `output_tokens`, `packets_received`, `packets_lost`, and its own |
//!
//! A member of another kind is refused, as every unknown one is.

use std::{collections::BTreeMap, time::SystemTime};

use api_metrics_layer::{
    EventKind, MAX_ENDPOINT_BYTES, MAX_UNITS_A_REQUEST, Outcome, Protocol, event_label,
};
use api_metrics_store::ingest::IngestItem;
use serde::Deserialize;
use serde_json::Value;

use super::{
    members::{self, ReportedError, checked, label, millis, used},
    writer::Writer,
};
use crate::{
    request::{Body, present, required},
    response::Problem,
};

/// The longest name of a model, in bytes.
const MAX_MODEL_BYTES: usize = 64;
/// The most of anything that one event counts, so that sums never overflow what JSON holds exactly.
const MAX_NUMBER: u64 = 1 << 53;

/// What is no request.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReportedEvent))]
#[expect(dead_code, reason = "the shape of what `read` reads")]
pub(super) struct ReportedEvent {
    /// `command`, `agent`, `session`, `webrtc`, `job`, or a kind of one's own: 1 to 32 lower-case letters, digits
    /// and `-`.
    #[cfg_attr(test, schema(example = "agent"))]
    kind: String,
    /// What it is called, such as a command or an agent: one of few.
    #[cfg_attr(test, schema(example = "triage"))]
    name: String,
    /// `success` by default; `error`, `timeout` or `cancelled`.
    outcome: Option<String>,
    /// When it ended: RFC 3339, or Unix milliseconds as a number. Now, where it is left out.
    #[cfg_attr(test, schema(value_type = Option<String>, example = "2026-05-18T09:25:00.250Z"))]
    time: Option<Value>,
    /// How long it took, in milliseconds. Not of `webrtc`.
    #[cfg_attr(test, schema(example = 1250.5))]
    duration_ms: Option<f64>,
    /// The API key: the service's own name for its consumer, never a secret.
    key: Option<String>,
    /// Whose it is, by an id of the service's own, at most 256 bytes. For the request log, which keeps it in
    /// clear.
    user: Option<String>,
    /// The `traceparent` that it belongs to. For the request log.
    trace: Option<String>,
    /// Its id, at most 128 visible characters. For the request log.
    request_id: Option<String>,
    /// What went wrong. For the request log.
    error: Option<ReportedError>,
    /// Of an `agent`: the model that has answered, at most 64 bytes.
    model: Option<String>,
    /// Of an `agent`: tokens that it was given, the unit `input_tokens`.
    input_tokens: Option<u64>,
    /// Of an `agent`: tokens that it has given, the unit `output_tokens`.
    output_tokens: Option<u64>,
    /// Of a `session`, required: `start` or `end`.
    action: Option<String>,
    /// Of `webrtc`: how its candidates connect: `host`, `srflx`, `prflx` or `relay`.
    candidate_type: Option<String>,
    /// Of `webrtc`: the round trip, in milliseconds.
    round_trip_ms: Option<f64>,
    /// Of `webrtc`: bytes that the browser has sent since the event before.
    bytes_sent: Option<u64>,
    /// Of `webrtc`: bytes that it has received since.
    bytes_received: Option<u64>,
    /// Of `webrtc`: packets that it has received since, the unit `packets_received`.
    packets_received: Option<u64>,
    /// Of `webrtc`: packets that were lost on their way to it since, the unit `packets_lost`.
    packets_lost: Option<u64>,
    /// What it used beside, by the name of the unit: at most 14, whole numbers from 0 up.
    #[cfg_attr(test, schema(example = json!({"pages": 12})))]
    units: Option<BTreeMap<String, u64>>,
}

/// Reads an event of a writer.
///
/// # Errors
/// A problem that names the member.
pub(super) fn read(item: Value, writer: &Writer, now: SystemTime) -> Result<IngestItem, Problem> {
    let Value::Object(members) = item else {
        return Err(Problem::parameter("", "an event is a JSON object"));
    };
    let mut body = Body::from(members);
    let name = present("kind", body.text("kind")?)?;
    let kind =
        EventKind::new(&name).map_err(|wrong| Problem::parameter("kind", wrong.to_string()))?;
    if writer.is_browser() && kind != EventKind::WEBRTC {
        return Err(Problem::parameter(
            "kind",
            "a browser's token writes `webrtc` alone",
        ));
    }
    let time = members::time(&mut body, now)?;
    let name = present("name", body.text("name")?)?;
    let name = checked("name", name, MAX_ENDPOINT_BYTES)?;
    let mut read = IngestItem::new("", name, time);
    read.protocol = Protocol::Event(kind);
    outcome(&mut body, &mut read)?;
    members::detail(&mut body, &mut read)?;
    if writer.is_browser() {
        // Whoever looks at the page has the token, and could speak for anybody.
        let named = [
            ("key", read.api_key.is_some()),
            ("user", read.user.is_some()),
        ];
        if let Some((member, _)) = named.into_iter().find(|(_, is_named)| *is_named) {
            return Err(Problem::parameter(member, "a browser's token names nobody"));
        }
    }
    if kind == EventKind::WEBRTC {
        read.latency = millis("roundTripMs", body.number("roundTripMs")?)?;
    } else {
        read.latency = millis("durationMs", body.number("durationMs")?)?;
    }
    match kind {
        EventKind::AGENT => agent(&mut body, &mut read)?,
        EventKind::SESSION => {
            let action = body.word("action", "one of start, end", |action| match action {
                "start" => Some("start"),
                "end" => Some("end"),
                _ => None,
            })?;
            read.method = present("action", action)?;
        }
        EventKind::WEBRTC => webrtc(&mut body, &mut read)?,
        _ => {}
    }
    // With room for those that the kind itself has.
    members::units(&mut body, &mut read, MAX_UNITS_A_REQUEST - 2)?;
    body.finish()?;
    Ok(read)
}

/// How it ended.
///
/// # Errors
/// A problem that names `outcome`.
fn outcome(body: &mut Body, read: &mut IngestItem) -> Result<(), Problem> {
    let words = "one of success, error, timeout, cancelled";
    let outcome = body.word("outcome", words, |name| match name {
        "success" => Some((Some(200), Outcome::Completed)),
        "error" => Some((None, Outcome::Failed)),
        "timeout" => Some((Some(504), Outcome::Failed)),
        "cancelled" => Some((None, Outcome::Aborted)),
        _ => None,
    })?;
    let outcome = required("outcome", outcome)?;
    (read.status, read.outcome) = outcome.unwrap_or((Some(200), Outcome::Completed));
    Ok(())
}

/// The members of an `agent`.
///
/// # Errors
/// A problem that names the member.
fn agent(body: &mut Body, read: &mut IngestItem) -> Result<(), Problem> {
    let model = label("model", body.text("model")?, MAX_MODEL_BYTES)?;
    read.method = model.as_deref().map_or("", event_label);
    for (member, number) in [
        ("inputTokens", "input_tokens"),
        ("outputTokens", "output_tokens"),
    ] {
        if let Some(n) = count(body, member)? {
            used(read, number, n);
        }
    }
    Ok(())
}

/// The members of `webrtc`.
///
/// # Errors
/// A problem that names the member.
fn webrtc(body: &mut Body, read: &mut IngestItem) -> Result<(), Problem> {
    let words = "one of host, srflx, prflx, relay";
    let candidate = body.word("candidateType", words, |name| {
        let types = ["host", "srflx", "prflx", "relay"];
        types.into_iter().find(|known| *known == name)
    })?;
    read.method = candidate.flatten().unwrap_or_default();
    read.request_bytes = count(body, "bytesSent")?.unwrap_or(0);
    read.response_bytes = count(body, "bytesReceived")?.unwrap_or(0);
    for (member, number) in [
        ("packetsReceived", "packets_received"),
        ("packetsLost", "packets_lost"),
    ] {
        if let Some(n) = count(body, member)? {
            used(read, number, n);
        }
    }
    Ok(())
}

/// A whole number that an event counts.
///
/// # Errors
/// A problem that names the member.
fn count(body: &mut Body, member: &'static str) -> Result<Option<u64>, Problem> {
    match body.count(member)?.flatten() {
        Some(n) if n > MAX_NUMBER => Err(Problem::parameter(
            member,
            format!("`{n}` is more than {MAX_NUMBER}"),
        )),
        n => Ok(n),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, UNIX_EPOCH};

    use api_metrics_layer::UnitValue;
    use api_metrics_store::ingest::NewIngestToken;
    use serde_json::json;

    use super::*;

    fn of(item: Value, origins: &[&str]) -> Result<IngestItem, (String, String)> {
        let mut token = NewIngestToken::new("ci", "shop", "test");
        token.origins = origins.iter().map(|&origin| origin.to_owned()).collect();
        let writer = Writer::of(token.into_token(1));
        let now = UNIX_EPOCH + Duration::from_secs(1_779_096_300);
        read(item, &writer, now).map_err(|problem| {
            let named = problem.named().unwrap_or_default().to_owned();
            (named, problem.detail().to_owned())
        })
    }

    /// What an item has used, by the names of the units.
    fn units(item: &IngestItem) -> Vec<(String, u64)> {
        let mut all = std::collections::BTreeMap::new();
        if let Some(units) = &item.units {
            units.for_each(|name, value| {
                let UnitValue::Sum(amount) = value else {
                    panic!("{name} is a gauge")
                };
                all.insert(name.to_owned(), *amount);
            });
        }
        all.into_iter().collect()
    }

    #[test]
    fn each_outcome_counts_as_its_own_status() {
        for (outcome, status, ended) in [
            (None, Some(200), Outcome::Completed),
            (Some("success"), Some(200), Outcome::Completed),
            (Some("error"), None, Outcome::Failed),
            (Some("timeout"), Some(504), Outcome::Failed),
            (Some("cancelled"), None, Outcome::Aborted),
        ] {
            let mut item = json!({"kind": "command", "name": "deploy", "durationMs": 1.5});
            if let Some(outcome) = outcome {
                item["outcome"] = json!(outcome);
            }
            let read = of(item, &[]).unwrap();
            assert_eq!((read.status, read.outcome), (status, ended), "{outcome:?}");
            assert_eq!(read.protocol.as_str(), "command");
            assert_eq!((read.endpoint.as_str(), read.method), ("deploy", ""));
            assert_eq!(read.latency, Some(Duration::from_micros(1_500)));
        }
    }

    #[test]
    fn each_kind_has_members_of_its_own() {
        let agent = json!({"kind": "agent", "name": "triage", "model": "small", "key": "k",
            "inputTokens": 7, "outputTokens": 8});
        let read = of(agent, &[]).unwrap();
        assert_eq!(read.method, "small");
        assert_eq!(
            units(&read),
            [("input_tokens".into(), 7), ("output_tokens".into(), 8)]
        );
        let session = json!({"kind": "session", "name": "web", "action": "end", "durationMs": 9});
        assert_eq!(of(session, &[]).unwrap().method, "end");
        let webrtc = json!({"kind": "webrtc", "name": "call", "candidateType": "relay",
            "roundTripMs": 40, "bytesSent": 5, "bytesReceived": 6, "packetsReceived": 9,
            "packetsLost": 1});
        for origins in [&[][..], &["https://app.example"]] {
            let read = of(webrtc.clone(), origins).unwrap();
            assert_eq!(read.method, "relay");
            assert_eq!((read.request_bytes, read.response_bytes), (5, 6));
            assert_eq!(
                units(&read),
                [("packets_lost".into(), 1), ("packets_received".into(), 9)]
            );
            assert_eq!(read.latency, Some(Duration::from_millis(40)));
        }
        let own = json!({"kind": "render-frame", "name": "scene", "outcome": "timeout"});
        assert_eq!(of(own, &[]).unwrap().protocol.as_str(), "render-frame");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (base, name, value) in [
            ("job", "kind", json!("http")),
            ("job", "kind", json!("Big Kind")),
            ("job", "kind", json!(null)),
            ("job", "name", json!("")),
            ("job", "name", json!("x".repeat(1_025))),
            ("job", "outcome", json!("fine")),
            ("job", "outcome", json!(null)),
            ("job", "durationMs", json!(-1)),
            ("job", "model", json!("small")),
            ("job", "inputTokens", json!(1)),
            ("job", "status", json!(200)),
            ("agent", "model", json!("m".repeat(65))),
            ("agent", "inputTokens", json!(-1)),
            ("agent", "outputTokens", json!(1.5)),
            ("agent", "outputTokens", json!(u64::MAX)),
            ("agent", "action", json!("start")),
            ("session", "action", json!("pause")),
            ("webrtc", "candidateType", json!("magic")),
            ("webrtc", "bytesSent", json!("7")),
            ("webrtc", "packetsLost", json!(-7)),
            ("webrtc", "durationMs", json!(7)),
        ] {
            let mut item = json!({"kind": base, "name": "x"});
            if base == "session" {
                item["action"] = json!("start");
            }
            assert!(of(item.clone(), &[]).is_ok(), "{item}");
            item[name] = value;
            assert_eq!(of(item.clone(), &[]).unwrap_err().0, name, "{item}");
        }
        assert_eq!(
            of(json!({"kind": "session", "name": "web"}), &[])
                .unwrap_err()
                .0,
            "action"
        );
        assert_eq!(of(json!({"kind": "job"}), &[]).unwrap_err().0, "name");
        assert_eq!(of(json!(7), &[]).unwrap_err().0, "");
    }

    #[test]
    fn a_browsers_token_writes_webrtc_alone_and_names_nobody() {
        let browser = &["https://app.example"];
        for (item, named) in [
            (json!({"kind": "job", "name": "x"}), "kind"),
            (json!({"kind": "webrtc", "name": "x", "key": "k"}), "key"),
            (json!({"kind": "webrtc", "name": "x", "user": "u"}), "user"),
        ] {
            assert_eq!(of(item.clone(), browser).unwrap_err().0, named, "{item}");
            assert!(of(item, &[]).is_ok());
        }
    }
}
