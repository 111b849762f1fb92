//! A request as it is answered: in the list, one by one, and in an export.
//!
//! What the store keeps is shown as it is, with two differences: latencies are milliseconds, and some is for admins
//! alone: the hash of the client's address, the place within its country, and the lines of the service's own log.
//!
//! | shown | to admins | to tenants and consumers |
//! |---|---|---|
//! | the request, its error, its country | yes | of their own keys |
//! | lines, and the most severe level among them | yes | no: they tell of the service, not of the caller |
//! | region, city, coordinates | yes | no |
//! | the hash of the client's address | yes, but for the console | no |
//! | events | yes, but for the console | no: they have no key |
//!
//! An event is shown in the same form, with empty labels and the status 0, so that one list, one stream and one file
//! hold both, and a reader tells them apart by `kind`. Ids that others write as digits (traces, groups) are texts of digits here
//! too, because numbers in JSON are not that exact.

use api_metrics_store::{
    query::Scope,
    request_log::{EntryKind, StoredLine, StoredRequest},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::selection::group_id;
use crate::{auth::Caller, response::rounded};

/// An instant in milliseconds.
pub(super) fn time_ms(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

/// A line that the service has logged while a request ran.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = LogLine))]
pub(crate) struct LineView {
    /// When it was logged.
    at: DateTime<Utc>,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    level: &'static str,
    /// Where it comes from.
    source: String,
    /// What it says.
    message: String,
    /// Its fields, as `name=value`.
    fields: String,
}

impl From<StoredLine> for LineView {
    fn from(line: StoredLine) -> Self {
        Self {
            at: time_ms(line.at_ms),
            level: line.level.as_str(),
            source: line.source,
            message: line.message,
            fields: line.fields,
        }
    }
}

/// A request of the log, or an event that the service has logged outside of all requests. An event has a source, a
/// level, a message and fields; its protocol, method, endpoint and path are empty, its status is 0.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = LoggedRequest))]
pub(crate) struct RequestView {
    /// Its id; ids sort by time.
    id: Uuid,
    /// `request` or `event`.
    kind: &'static str,
    /// When it finished.
    at: DateTime<Utc>,
    /// The service.
    service: String,
    /// Its environment.
    environment: String,
    /// The version of its code.
    version: String,
    /// The process that served it.
    instance: Uuid,
    /// `http` or `grpc`.
    protocol: String,
    /// The method.
    method: String,
    /// The route template.
    endpoint: String,
    /// The path, without its query. Values of path parameters are masked unless the service allows them by name.
    path: String,
    /// The status that was sent; null: none was.
    status: Option<u16>,
    /// The status under which it is counted.
    counted_status: u16,
    /// `completed`, `aborted`, `failed` or `panicked`; `event`.
    outcome: String,
    /// How long it took.
    latency_ms: Option<f64>,
    /// How long its headers took.
    time_to_headers_ms: Option<f64>,
    /// How long it waited before it was seen.
    queue_wait_ms: Option<f64>,
    /// Bytes of its body.
    request_bytes: u64,
    /// Bytes of its response's body.
    response_bytes: u64,
    /// The number of its API key; null: it had none.
    api_key_id: Option<i64>,
    /// The host's own name for that key.
    api_key: Option<String>,
    /// The user.
    user: Option<String>,
    /// A hash of the client's address, which links the requests of one UTC day and nothing else. For admins.
    address: Option<Uuid>,
    /// The client's user agent.
    user_agent: Option<String>,
    /// The request's own id.
    request_id: Option<String>,
    /// The trace, as 32 hexadecimal digits.
    trace_id: Option<String>,
    /// The caller's span, as 16 hexadecimal digits.
    span_id: Option<String>,
    /// The kind of error.
    error_type: Option<String>,
    /// What the error said.
    message: Option<String>,
    /// The group of errors that it belongs to.
    group: Option<String>,
    /// For how many requests it stands, itself included.
    weight: u64,
    /// Why it was kept: `everything`, `error`, `client_error`, `slow` or `sample`; `event`.
    reason: String,
    /// Where an event comes from: the target under which it was logged.
    source: Option<String>,
    /// The level of an event; of a request the most severe among its lines. For admins.
    level: Option<&'static str>,
    /// The fields of an event, as `name=value`.
    fields: Option<String>,
    /// What the service has logged while it ran, at most 20 lines and 4 KiB. For admins.
    lines: Vec<LineView>,
    /// Lines beyond these bounds. For admins.
    lines_left_out: u64,
    /// The client's country, by its two letters of ISO 3166.
    country: Option<String>,
    /// The client's region, as a code or a name. For admins.
    region: Option<String>,
    /// The client's city. For admins.
    city: Option<String>,
    /// Degrees north, rounded to a tenth. For admins.
    latitude: Option<f64>,
    /// Degrees east, rounded to a tenth. For admins.
    longitude: Option<f64>,
}

impl RequestView {
    /// What a caller may see of a request.
    pub(crate) fn of(request: StoredRequest, caller: &Caller) -> Self {
        Self::seen_by(request, &caller.scope)
    }

    /// The same without what is for admins, whoever asks.
    pub(crate) fn for_consumers(mut request: StoredRequest, caller: &Caller) -> Self {
        hide(&mut request);
        Self::of(request, caller)
    }

    /// What may be seen of it within a scope.
    pub(super) fn seen_by(mut request: StoredRequest, scope: &Scope) -> Self {
        if *scope != Scope::All {
            hide(&mut request);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of less than centuries"
        )]
        let ms = |us: Option<u64>| us.map(|us| rounded(us as f64 / 1_000.0));
        Self {
            id: request.id,
            kind: request.kind.into(),
            at: time_ms(request.at_ms),
            service: request.service,
            environment: request.environment,
            version: request.version,
            instance: request.instance,
            protocol: request.protocol,
            method: request.method,
            endpoint: request.endpoint,
            path: request.path,
            status: request.status,
            counted_status: request.counted_status,
            outcome: request.outcome,
            latency_ms: ms(request.latency_us),
            time_to_headers_ms: ms(request.time_to_headers_us),
            queue_wait_ms: ms(request.queue_wait_us),
            request_bytes: request.request_bytes,
            response_bytes: request.response_bytes,
            api_key_id: Some(request.api_key_id).filter(|id| *id != 0),
            api_key: request.api_key,
            user: request.user,
            address: request.address,
            user_agent: request.user_agent,
            request_id: request.request_id,
            trace_id: request.trace_id.map(|trace| trace.simple().to_string()),
            span_id: request.span_id,
            error_type: request.error_type,
            message: request.message,
            group: request.group.map(group_id),
            weight: request.weight,
            reason: request.reason,
            source: request.source,
            level: request.level.map(|level| level.as_str()),
            fields: request.fields,
            lines: request.lines.into_iter().map(LineView::from).collect(),
            lines_left_out: request.lines_left_out,
            country: request.country,
            region: request.region,
            city: request.city,
            latitude: degrees(request.coordinates_tenths.map(|(north, _)| north)),
            longitude: degrees(request.coordinates_tenths.map(|(_, east)| east)),
        }
    }
}

/// Takes out what is for admins.
fn hide(request: &mut StoredRequest) {
    request.address = None;
    request.lines = Vec::new();
    request.lines_left_out = 0;
    (request.region, request.city, request.coordinates_tenths) = (None, None, None);
    if request.kind == EntryKind::Request {
        request.level = None;
    }
}

/// Tenths as degrees.
fn degrees(tenths: Option<i64>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "at most 1,800")]
    tenths.map(|tenths| tenths as f64 / 10.0)
}
