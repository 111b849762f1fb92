//! What is taken from a request and its response while they pass: references, no copies, except the beginning
//! of a body that tells of an error.

use std::net::IpAddr;

use bytes::Buf;
use http::{HeaderMap, HeaderValue, Request, Response, header::USER_AGENT, uri::PathAndQuery};

use super::{
    ErrorDetail, LoggedError, LoggedPath, LoggedPlace, LoggedRequest, Prefix, RequestCapture,
    RequestLogSink, TraceContext, UserId, address, error::ErrorBody, geography::Told, lines::Lines,
    panics, place::Country, snapshot::Snapshot,
};
use crate::{Protocol, RequestRecord, endpoint::original_path};

/// The longest user agent, in characters.
const MAX_AGENT_CHARS: usize = 128;
/// The longest request id, in bytes.
const MAX_ID_BYTES: usize = 128;

/// What was taken of one request. Its memory serves later requests.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    /// Whether a request is being captured.
    active: bool,
    /// Whether the log is interested in it; else its country alone is counted.
    admitted: bool,
    path: Option<PathAndQuery>,
    client: Option<IpAddr>,
    told: Told,
    /// Whether a proxy has told anything.
    has_told: bool,
    lines: Lines,
    user: Option<UserId>,
    agent: Option<HeaderValue>,
    trace: Option<HeaderValue>,
    id: Option<HeaderValue>,
    error: Option<ErrorDetail>,
    /// What a panic has said that was caught inside.
    panic: Option<ErrorDetail>,
    grpc_message: Option<HeaderValue>,
    body: ErrorBody,
    snapshot: Snapshot,
    /// Whether the host replays the request, so that nobody counts it.
    pub(crate) is_exempt: bool,
}

impl Captured {
    /// Begins a snapshot, where the route leaves one. Returns how much of the request's body is to be copied.
    pub(crate) fn begin_snapshot<B: http_body::Body>(
        &mut self,
        request: &Request<B>,
        template: Option<&str>,
        log: &dyn RequestLogSink,
    ) -> usize {
        let snapshots = &log.capture().snapshots;
        if !snapshots.is_on() {
            return 0;
        }
        let path = self.path.as_ref().map_or("", PathAndQuery::path);
        if !snapshots.cover(template, path) {
            return 0;
        }
        self.snapshot.on_request(request, snapshots, log)
    }

    /// The copy of the request's body is done.
    pub(crate) fn end_request_copy(&mut self, prefix: Prefix) {
        self.snapshot.request_body(prefix);
    }

    /// Whether the request's body is copied.
    pub(crate) const fn copies_request(&self) -> bool {
        self.snapshot.copies_request()
    }

    pub(crate) fn on_request<B>(
        &mut self,
        request: &Request<B>,
        capture: &RequestCapture,
        admitted: bool,
    ) {
        let (headers, extensions) = (request.headers(), request.extensions());
        (self.active, self.admitted) = (true, admitted);
        let peer = capture.peer(extensions);
        let trusted = &capture.trusted_proxies;
        self.client = peer.and_then(|peer| address::client(peer, headers, trusted));
        if let (Some(geography), Some(peer)) = (&capture.geography, peer) {
            if address::is_among(peer, trusted) {
                self.told = Told::read(geography, headers);
                self.has_told = true;
            }
        }
        if !admitted {
            return;
        }
        let path = original_path(extensions).or(request.uri().path_and_query());
        self.path = path.cloned();
        self.user = extensions.get().cloned();
        self.agent = headers.get(USER_AGENT).cloned();
        self.trace = headers.get("traceparent").cloned();
        self.id = headers.get(&capture.request_id_header).cloned();
    }

    pub(crate) fn on_response<B: http_body::Body>(
        &mut self,
        response: &Response<B>,
        log: &dyn RequestLogSink,
    ) {
        if !self.is_logged() {
            return;
        }
        let capture = log.capture();
        self.snapshot.on_response(response, &capture.snapshots, log);
        let (headers, extensions) = (response.headers(), response.extensions());
        if self.user.is_none() {
            self.user = extensions.get().cloned();
        }
        if self.id.is_none() {
            self.id = headers.get(&capture.request_id_header).cloned();
        }
        self.error = extensions.get().cloned();
        self.on_grpc_message(headers);
        if self.error.is_none() && response.status().as_u16() >= 400 {
            self.body.restart(headers);
        }
    }

    /// Reads a piece of the response's body, as far as it lies in one place: the rest can't be seen without
    /// taking it away from the reader.
    pub(crate) fn on_data(&mut self, data: &impl Buf) {
        if self.body.is_read() {
            self.body.read(data.chunk());
        }
        self.snapshot.on_data(data);
    }

    pub(crate) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if self.is_logged() {
            self.on_grpc_message(trailers);
        }
    }

    fn on_grpc_message(&mut self, headers: &HeaderMap) {
        if let Some(message) = headers.get("grpc-message") {
            self.grpc_message = Some(message.clone());
        }
    }

    /// Notes a panic that may be caught inside. Returns whether a request is captured here.
    pub(crate) fn note_panic(&mut self, panic: &ErrorDetail) -> bool {
        if self.is_logged() {
            self.panic = Some(panic.clone());
        }
        self.is_logged()
    }

    /// Whether a request is captured that the log is interested in.
    pub(crate) const fn is_logged(&self) -> bool {
        self.active && self.admitted
    }

    /// The lines that are logged while it runs.
    #[cfg(feature = "tracing")]
    pub(crate) const fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// Where the client is.
    fn place<'a>(&'a self, capture: &'a RequestCapture) -> LoggedPlace<'a> {
        match &capture.geography {
            Some(geography) if self.active => {
                LoggedPlace::captured(&self.told, self.client, geography)
            }
            _ => LoggedPlace::none(),
        }
    }

    /// The country of the client, as far as it is known.
    pub(crate) fn country(&self, capture: &RequestCapture) -> Option<Country> {
        self.place(capture).country()
    }

    /// The thread unwinds through the request. What the response has said of its error goes before.
    pub(crate) fn on_panic(&mut self) {
        let panic = panics::take();
        if self.is_logged() && self.error.is_none() {
            self.error = panic;
        }
    }

    /// The request as a log may show it; `None` where it was not captured.
    pub(crate) fn logged<'a>(
        &'a self,
        record: &'a RequestRecord<'a>,
        capture: &'a RequestCapture,
    ) -> Option<LoggedRequest<'a>> {
        if !self.is_logged() {
            return None;
        }
        let panic = self
            .panic
            .as_ref()
            .filter(|_| record.counted_status() >= 500);
        let error = match (self.error.as_ref().or(panic), &self.grpc_message) {
            (Some(error), _) => LoggedError::told(error),
            (None, Some(message)) if record.protocol == Protocol::Grpc => {
                LoggedError::grpc(message)
            }
            _ if self.body.is_read() => LoggedError::body(&self.body),
            _ => LoggedError::none(),
        };
        let path = self.path.as_ref().map(PathAndQuery::path);
        Some(LoggedRequest {
            record,
            path: LoggedPath::masked(record.endpoint, path, &capture.shown_parameters),
            user: self.user.as_ref(),
            client_address: self.client,
            user_agent: self.agent.as_ref().and_then(agent),
            trace: self.trace.as_ref().and_then(TraceContext::of),
            request_id: self.id.as_ref().and_then(id),
            error,
            snapshot: self
                .snapshot
                .logged(self.path.as_ref(), record, &capture.snapshots),
            place: self.place(capture),
            lines: self.lines.lines(),
            lines_left_out: self.lines.left_out(),
        })
    }

    /// Drops what was taken, so that a pooled state keeps nothing of the request alive.
    pub(crate) fn clear(&mut self, log: &dyn RequestLogSink) {
        self.is_exempt = false;
        if !self.active {
            return;
        }
        (self.active, self.admitted) = (false, false);
        self.path = None;
        self.client = None;
        if self.has_told {
            self.told = Told::default();
            self.has_told = false;
        }
        self.lines.clear();
        self.user = None;
        self.agent = None;
        self.trace = None;
        self.id = None;
        self.error = None;
        self.panic = None;
        self.grpc_message = None;
        self.body.clear();
        self.snapshot.clear(log);
    }
}

fn agent(value: &HeaderValue) -> Option<&str> {
    let agent = std::str::from_utf8(value.as_bytes()).ok()?;
    let end = agent.char_indices().nth(MAX_AGENT_CHARS);
    agent.get(..end.map_or(agent.len(), |(end, _)| end))
}

fn id(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?.trim();
    let id = id.get(..id.len().min(MAX_ID_BYTES))?;
    (!id.is_empty()).then_some(id)
}
