//! Which spans become entries of the request log: those of a server that say of which HTTP request they are.
//!
//! Nothing of them is counted, because an exporter may send a part of them only. Requests are counted by the metrics.
//!
//! | of us | of the span |
//! |---|---|
//! | method, template, status | its attributes, as those of metrics |
//! | path | `url.path`, or `http.target` without its query |
//! | latency, time | its start and end |
//! | trace | its trace, and the caller's span |
//! | error | its event `exception`, or the message of its status |
//! | user | `user.id`, or `enduser.id` |

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_metrics_layer::{ErrorDetail, Outcome, TraceContext, UserId, bounded};
use api_metrics_store::ingest::IngestItem;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

use super::{
    attributes::{self, text},
    body::Rejected,
};

/// A span may end so far ahead of our clock.
const AHEAD: Duration = Duration::from_secs(3_600);
/// The longest user, in bytes.
const MAX_USER_BYTES: usize = 256;

/// What a request holds.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What is to be offered to the request log.
    pub(super) items: Vec<IngestItem>,
    /// What is wrong with the others.
    pub(super) rejected: Rejected,
}

/// Reads all spans of servers.
pub(super) fn read(sent: &ExportTraceServiceRequest, now: SystemTime) -> Read {
    let mut read = Read::default();
    let scopes = sent.resource_spans.iter().flat_map(|one| &one.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        let is_http = text(&span.attributes, &["http.request.method", "http.method"]).is_some();
        if span.kind != SpanKind::Server as i32 || !is_http {
            continue;
        }
        match item(span, now) {
            Ok(item) => read.items.push(item),
            // Without its name, which may hold a path.
            Err(why) => read.rejected.add(1, why),
        }
    }
    read
}

/// One request.
///
/// # Errors
/// What is wrong with its span.
fn item(span: &Span, now: SystemTime) -> Result<IngestItem, String> {
    let requests = attributes::read(&span.attributes, false)?;
    let end = UNIX_EPOCH + Duration::from_nanos(span.end_time_unix_nano);
    if span.end_time_unix_nano == 0 || end > now + AHEAD {
        return Err("it ends at no time, or more than an hour ahead".to_owned());
    }
    let took = span
        .end_time_unix_nano
        .checked_sub(span.start_time_unix_nano)
        .ok_or_else(|| "it ends before it starts".to_owned())?;
    let mut item = IngestItem::new(requests.method, requests.endpoint, end);
    item.status = requests.status;
    item.outcome = requests.outcome;
    item.latency = Some(Duration::from_nanos(took));
    let path = text(&span.attributes, &["url.path", "http.target"]);
    let path = path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    item.path = path.map(str::to_owned);
    let user = text(&span.attributes, &["user.id", "enduser.id"]);
    item.user = user.map(|user| UserId::from(&*bounded(user, MAX_USER_BYTES)));
    let caller = <[u8; 8]>::try_from(&*span.parent_span_id);
    let itself = <[u8; 8]>::try_from(&*span.span_id);
    if let (Ok(trace), Ok(caller)) = (<[u8; 16]>::try_from(&*span.trace_id), caller.or(itself)) {
        item.trace = TraceContext::new(trace, caller);
    }
    item.error = error(span);
    let is_error = span
        .status
        .as_ref()
        .is_some_and(|status| status.code == StatusCode::Error as i32);
    if item.status.is_none() && (is_error || item.error.is_some()) {
        item.outcome = Outcome::Failed;
    }
    Ok(item)
}

/// What went wrong, in its own words.
fn error(span: &Span) -> Option<ErrorDetail> {
    let exception = span.events.iter().rev().find(|one| one.name == "exception");
    if let Some(exception) = exception {
        let of = |name| text(&exception.attributes, &[name]);
        let kind = of("exception.type");
        let message = of("exception.message").or(kind)?;
        let detail = ErrorDetail::new(message);
        return Some(match kind {
            Some(kind) => detail.with_type(kind),
            None => detail,
        });
    }
    let status = span.status.as_ref()?;
    let said = status.code == StatusCode::Error as i32 && !status.message.is_empty();
    said.then(|| {
        let detail = ErrorDetail::new(&status.message);
        match text(&span.attributes, &["error.type"]) {
            Some(kind) => detail.with_type(kind),
            None => detail,
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use opentelemetry_proto::tonic::{
        common::v1::{AnyValue, KeyValue, any_value::Value},
        trace::v1::{ResourceSpans, ScopeSpans, Status, span::Event},
    };

    use super::*;

    fn with(key: &str, value: Value) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        }
    }

    fn texts(all: &[(&str, &str)]) -> Vec<KeyValue> {
        let of = |(key, value): &(&str, &str)| with(key, Value::StringValue((*value).to_owned()));
        all.iter().map(of).collect()
    }

    fn span() -> Span {
        let mut attributes = texts(&[
            ("http.request.method", "GET"),
            ("http.route", "/items/:id"),
            ("url.path", "/items/7"),
            ("url.query", "secret=1"),
            ("user.id", "u-1"),
        ]);
        attributes.push(with("http.response.status_code", Value::IntValue(500)));
        Span {
            kind: SpanKind::Server as i32,
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            start_time_unix_nano: 1_000_000_000,
            end_time_unix_nano: 1_250_000_000,
            attributes,
            ..Default::default()
        }
    }

    fn of(spans: Vec<Span>) -> Read {
        let scope_spans = vec![ScopeSpans {
            spans,
            ..Default::default()
        }];
        let resource_spans = vec![ResourceSpans {
            scope_spans,
            ..Default::default()
        }];
        read(&ExportTraceServiceRequest { resource_spans }, UNIX_EPOCH)
    }

    #[test]
    fn a_span_of_a_server_is_a_request() {
        let mut sent = span();
        sent.events.push(Event {
            name: "exception".into(),
            attributes: texts(&[
                ("exception.type", "ValueError"),
                ("exception.message", "order 7 is locked"),
            ]),
            ..Default::default()
        });
        let found = of(vec![sent]).items.remove(0);
        let end = UNIX_EPOCH + Duration::from_millis(1_250);
        let mut expected = IngestItem::new("GET", "/items/{id}", end);
        expected.status = Some(500);
        expected.latency = Some(Duration::from_millis(250));
        expected.path = Some("/items/7".into());
        expected.user = Some(UserId::from("u-1"));
        expected.trace = TraceContext::new([1; 16], [2; 8]);
        expected.error = Some(ErrorDetail::new("order 7 is locked").with_type("ValueError"));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_callers_span_and_the_message_of_a_status_are_taken_where_they_are() {
        let mut sent = span();
        sent.parent_span_id = vec![3; 8];
        sent.status = Some(Status {
            code: StatusCode::Error as i32,
            message: "broken".into(),
        });
        sent.attributes
            .retain(|one| one.key != "http.response.status_code");
        let found = of(vec![sent]).items.remove(0);
        assert_eq!(found.trace, TraceContext::new([1; 16], [3; 8]));
        assert_eq!(found.error, Some(ErrorDetail::new("broken")));
        assert_eq!(found.outcome, Outcome::Failed);
    }

    #[test]
    fn spans_of_clients_and_of_other_protocols_are_left_alone_and_impossible_times_rejected() {
        let mut client = span();
        client.kind = SpanKind::Client as i32;
        let mut other = span();
        other.attributes.clear();
        let mut backwards = span();
        backwards.start_time_unix_nano = 2_000_000_000;
        let mut ahead = span();
        ahead.end_time_unix_nano = 9_000 * 1_000_000_000;
        let found = of(vec![client, other, backwards, ahead]);
        assert_eq!((found.items.len(), found.rejected.points), (0, 2));
        assert!(found.rejected.reason.contains("before it starts"));
    }
}
