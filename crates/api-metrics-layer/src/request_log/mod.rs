//! The request log's side of the layer: what of a request may be kept, and the sink that decides.

mod address;
mod captured;
mod error;
mod event;
mod geography;
mod json;
mod lines;
mod panics;
mod path;
mod place;
mod settings;
mod snapshot;
mod trace;
mod user;

use std::{net::IpAddr, sync::Arc};

use crate::RequestRecord;

pub use self::{
    address::{InvalidNetwork, Network, PeerAddress},
    error::{ErrorDetail, LoggedError},
    event::{LogEvent, LogField, LogLevel},
    geography::{GeoHeaders, Geography, Locate, LoggedPlace},
    path::LoggedPath,
    place::{Coordinates, Country, Place},
    settings::RequestCapture,
    snapshot::{
        LoggedBody, LoggedSnapshot, MASKED_NAMES, REPLAY_HEADER, ReplaySecret, Replayed, Snapshots,
    },
    trace::TraceContext,
    user::UserId,
};
pub(crate) use self::{
    captured::Captured, panics::remember as remember_panic, snapshot::Prefix, snapshot::is_replay,
};

/// Receives every finished request with what a log of requests may show of it, beside the
/// [`MetricSink`](crate::MetricSink) that counts it.
///
/// A layer has one where its sink gives one by [`MetricSink::request_log`](crate::MetricSink::request_log):
/// [`WithRequestLog`](crate::WithRequestLog) adds one to any sink. Without one a request costs nothing more.
///
/// `log` is called on the thread that finished the request, right after the request was counted. Nothing of the
/// request has been copied by then: the sink decides by the record whether it keeps the request, and copies
/// only then. It must not block.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use api_metrics_layer::{
///     ApiMetricsLayer, LoggedRequest, RequestCapture, RequestLogSink, WithRequestLog,
/// };
///
/// /// Remembers the paths of server errors.
/// #[derive(Default)]
/// struct Failures {
///     capture: RequestCapture,
///     paths: Mutex<Vec<String>>,
/// }
///
/// impl RequestLogSink for Failures {
///     fn capture(&self) -> &RequestCapture {
///         &self.capture
///     }
///     fn log(&self, request: &LoggedRequest<'_>) {
///         if request.record.counted_status() >= 500 {
///             // Values of path parameters are masked: `/users/{id}`.
///             self.paths.lock().unwrap().push(request.path.to_string());
///         }
///     }
/// }
///
/// let log = Arc::new(Failures::default());
/// let layer = ApiMetricsLayer::new(WithRequestLog::new((), log));
/// # let _ = layer.in_flight();
/// ```
pub trait RequestLogSink: Send + Sync + 'static {
    /// What may be captured. Read for every request, so it must not change.
    fn capture(&self) -> &RequestCapture;

    /// Whether requests of this method and route template are of interest at all, asked before anything of a
    /// request is captured. `endpoint` is `None` where the router has not told yet; then nobody is asked
    /// again, and `log` is called. The default is yes.
    fn admits(&self, method: &'static str, endpoint: Option<&str>) -> bool {
        let _ = (method, endpoint);
        true
    }

    /// Whether there is memory for `bytes` of a snapshot, which the layer then holds until the request ends and
    /// gives back by [`release_snapshot`](Self::release_snapshot). Without it the request leaves none. The default is yes.
    fn reserve_snapshot(&self, bytes: usize) -> bool {
        let _ = bytes;
        true
    }

    /// Memory that was reserved is free again.
    fn release_snapshot(&self, bytes: usize) {
        let _ = bytes;
    }

    /// Takes one finished request.
    fn log(&self, request: &LoggedRequest<'_>);

    /// Takes the country of one finished request, right before [`log`](Self::log): while
    /// [geography](RequestCapture::geography) is on of every request that is counted, excluded ones too. `None` is
    /// an unknown country. The default does nothing.
    fn count_country(&self, record: &RequestRecord<'_>, country: Option<Country>) {
        let _ = (record, country);
    }

    /// Takes an event of the host's log that happened outside of all requests. It must not log. The default does
    /// nothing.
    fn event(&self, event: LogEvent) {
        let _ = event;
    }

    /// Takes how many such events there was no room for, before anybody took them. The default does nothing.
    fn events_left_out(&self, count: u64) {
        let _ = count;
    }
}

impl<S: RequestLogSink + ?Sized> RequestLogSink for Arc<S> {
    fn capture(&self) -> &RequestCapture {
        (**self).capture()
    }

    fn admits(&self, method: &'static str, endpoint: Option<&str>) -> bool {
        (**self).admits(method, endpoint)
    }

    fn reserve_snapshot(&self, bytes: usize) -> bool {
        (**self).reserve_snapshot(bytes)
    }

    fn release_snapshot(&self, bytes: usize) {
        (**self).release_snapshot(bytes);
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        (**self).log(request);
    }

    fn count_country(&self, record: &RequestRecord<'_>, country: Option<Country>) {
        (**self).count_country(record, country);
    }

    fn event(&self, event: LogEvent) {
        (**self).event(event);
    }

    fn events_left_out(&self, count: u64) {
        (**self).events_left_out(count);
    }
}

/// A finished request, as a log of requests may show it. Everything is borrowed; what takes work to find out,
/// the path and the error, is worked out only when it is asked for.
///
/// There is no body, no header outside of what the fields name, no query, no value of a path parameter that is
/// not allowed by name, and no address other than the client's, which a log keeps hashed or not at all. Only a
/// [`snapshot`](Self::snapshot), which a host asks for by route, holds more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoggedRequest<'a> {
    /// The record that was counted.
    pub record: &'a RequestRecord<'a>,
    /// The path, masked. See [`LoggedPath`].
    pub path: LoggedPath<'a>,
    /// Who made the request, as the host has verified it.
    pub user: Option<&'a UserId>,
    /// The client's address: the peer's, or what a trusted proxy has told of it.
    pub client_address: Option<IpAddr>,
    /// The client's `User-Agent`, cut to 128 characters.
    pub user_agent: Option<&'a str>,
    /// What the client's `traceparent` said.
    pub trace: Option<TraceContext>,
    /// The request's id: of the request's `x-request-id`, else of the response's. At most 128 bytes of visible
    /// ASCII.
    pub request_id: Option<&'a str>,
    /// What went wrong, as far as the response says it.
    pub error: LoggedError<'a>,
    /// What has passed, where the route leaves a [snapshot](Snapshots): as it was sent, nothing masked.
    pub snapshot: Option<LoggedSnapshot<'a>>,
    /// Where the client is, while [geography](RequestCapture::geography) is on.
    pub place: LoggedPlace<'a>,
    /// What was logged while it ran, at most 20 lines and 4 KiB. Filled where a `CaptureEvents` is among the host's
    /// subscribers.
    pub lines: &'a [LogEvent],
    /// Lines beyond these bounds.
    pub lines_left_out: u32,
}

impl<'a> LoggedRequest<'a> {
    /// A request of which nothing but the record is known: the start for imports and tests, to be filled in
    /// field by field.
    #[must_use]
    pub const fn new(record: &'a RequestRecord<'a>) -> Self {
        Self {
            record,
            path: LoggedPath::template(record.endpoint),
            user: None,
            client_address: None,
            user_agent: None,
            trace: None,
            request_id: None,
            error: LoggedError::none(),
            snapshot: None,
            place: LoggedPlace::none(),
            lines: &[],
            lines_left_out: 0,
        }
    }
}
