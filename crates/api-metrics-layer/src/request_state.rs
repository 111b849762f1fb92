//! The state of one request, from its arrival until it is recorded.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use bytes::Buf;
use http::{
    HeaderMap, Method, Request, Response, StatusCode, header::CONTENT_LENGTH, uri::PathAndQuery,
};

use crate::{
    ApiKey, Endpoint, ExtractApiKey, ExtractEndpoint, MetricSink, OTHER_METHOD, Outcome, Protocol,
    Replayed, RequestLogSink, RequestRecord, UNMATCHED, Units, Unrecorded,
    candidate::{Candidate, hash_path},
    clock::Clocks,
    endpoint::original_path,
    grpc,
    label::{MAX_ENDPOINT_BYTES, bounded},
    queue::Wait,
    request_body::BodyCounter,
    request_log::{Captured, is_replay},
    settings::Settings,
    shard::Core,
};

/// The consumer under which requests count that this process replays over HTTP.
const REPLAY_KEY: &str = "<replay>";

/// The state of one open request.
pub(crate) struct RequestState {
    started: Instant,
    /// The request around this one that runs on the same thread, while this one does.
    pub(crate) outer: Option<Box<RequestState>>,
    /// That of the layer's sink.
    identity: usize,
    /// The hash of the path, where layers have met nested requests; otherwise 0.
    path_hash: u64,
    /// When the response's head was sent. Read only where more of the response came later.
    headers_sent_at: Option<Instant>,
    method: &'static str,
    /// The endpoint label that the router or the user's function found: a copy in memory that later requests
    /// reuse, because all threads would count references to a shared string in one place.
    template: String,
    has_template: bool,
    /// Kept only where it may be needed: without a template, or for gRPC.
    path: Option<PathAndQuery>,
    /// What the client has sent, where a router has shortened `path`.
    original_path: Option<PathAndQuery>,
    queue_wait: Option<Duration>,
    api_key: Option<ApiKey>,
    request_bytes: BodyCounter,
    response_bytes: u64,
    /// Bytes after which the response's body is complete; `u64::MAX` where only its end tells.
    complete_at: u64,
    status: Option<StatusCode>,
    grpc: grpc::Call,
    /// Whether the response is a stream, whose lifetime says nothing about the service's speed.
    long_lived: bool,
    /// Whether the response asks to be left out.
    unrecorded: bool,
    /// What the response says that the request used.
    units: Option<Units>,
    /// What the log of requests may show. Made by the first request of a layer that has one, and reused.
    captured: Option<Box<Captured>>,
}

impl RequestState {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            outer: None,
            identity: 0,
            path_hash: 0,
            headers_sent_at: None,
            method: OTHER_METHOD,
            template: String::new(),
            has_template: false,
            path: None,
            original_path: None,
            queue_wait: None,
            api_key: None,
            request_bytes: BodyCounter::default(),
            response_bytes: 0,
            complete_at: u64::MAX,
            status: None,
            grpc: grpc::Call::default(),
            long_lived: false,
            unrecorded: false,
            units: None,
            captured: None,
        }
    }

    /// Resets a [released](Self::release) state for a new request. Fields that are missing here were reset by
    /// `release` or are set by every request.
    #[inline]
    pub(crate) fn restart(&mut self, started: Instant) {
        self.started = started;
        self.headers_sent_at = None;
        self.method = OTHER_METHOD;
        self.response_bytes = 0;
        self.complete_at = u64::MAX;
        self.status = None;
        self.grpc.reset();
        self.long_lived = false;
        self.unrecorded = false;
    }

    /// Drops shared values, so that a pooled state keeps nothing of the request alive.
    #[inline(always)]
    pub(crate) fn release(&mut self) {
        self.has_template = false;
        if self.path.is_some() {
            self.release_paths();
        }
        self.queue_wait = None;
        self.api_key = None;
        self.request_bytes = BodyCounter::default();
        self.units = None;
    }

    #[cold]
    fn release_paths(&mut self) {
        self.path = None;
        self.original_path = None;
    }

    /// Calls the user's functions. They want the request's parts, so it is taken apart and put together again.
    #[inline]
    pub(crate) fn extract_labels<B, E: ExtractEndpoint, K: ExtractApiKey>(
        &mut self,
        request: Request<B>,
        endpoint: &E,
        api_key: &K,
    ) -> Request<B> {
        let (parts, body) = request.into_parts();
        if E::NEEDS_PARTS {
            let endpoint = endpoint.endpoint(&parts);
            self.set_template(endpoint.as_ref().map(Endpoint::as_str));
        } else {
            self.set_template(endpoint.template_in(&parts.extensions));
        }
        self.api_key = api_key.api_key(&parts);
        Request::from_parts(parts, body)
    }

    /// Sets the endpoint label, where it was found without the request's parts.
    #[inline(always)]
    pub(crate) fn set_template(&mut self, template: Option<&str>) {
        self.has_template = template.is_some();
        if let Some(template) = template {
            self.template.clear();
            self.template
                .push_str(&bounded(template, MAX_ENDPOINT_BYTES));
        }
    }

    /// Copies what the record needs from the request, after [`extract_labels`](Self::extract_labels) or
    /// [`set_template`](Self::set_template).
    #[inline(always)]
    pub(crate) fn on_request<B, M>(&mut self, request: &Request<B>, core: &Core<M>) {
        self.identity = core.identity;
        self.method = known_method(request.method());
        // gRPC always uses POST; other methods skip the header look-up.
        if request.method() == Method::POST {
            self.grpc.on_request(request.headers());
        }
        if !self.has_template || self.grpc.is_claimed() {
            self.keep_paths(request);
        }
        self.path_hash = 0;
        if core.settings.looks_at_paths() {
            self.path_hash = hash_path(request.uri().path());
        }
        if self.api_key.is_none() {
            self.api_key = request.extensions().get::<ApiKey>().cloned();
        }
    }

    #[cold]
    fn keep_paths<B>(&mut self, request: &Request<B>) {
        self.path = request.uri().path_and_query().cloned();
        self.original_path = original_path(request.extensions()).cloned();
    }

    /// The service was not ready at first.
    #[cold]
    pub(crate) fn on_wait(&mut self, wait: Wait, sink: &impl MetricSink) {
        let waited = wait.end(self.started);
        self.queue_wait = Some(waited);
        sink.on_queue_wait(waited, true);
    }

    /// Whether layers of this sink count the request.
    pub(crate) const fn is_counted_for(&self, identity: usize) -> bool {
        self.identity == identity
    }

    /// Whether a layer inside sees the request of this one, rather than one that a handler has made.
    pub(crate) fn is_same(&self, inner: &Candidate<'_>) -> bool {
        if self.identity != inner.identity || self.method != inner.method {
            return false;
        }
        if self.path_hash != 0 {
            return inner.has_hash(self.path_hash);
        }
        match (self.path(), self.template()) {
            (Some(path), _) => inner.has_path(path),
            (None, Some(template)) => inner.fits(template),
            (None, None) => true,
        }
    }

    /// Takes over what only a layer inside knows.
    pub(crate) fn adopt(&mut self, template: Option<&str>, api_key: Option<ApiKey>) {
        if template.is_some() && self.template().is_none_or(is_coarse) {
            self.set_template(template);
        }
        if self.api_key.is_none() {
            self.api_key = api_key;
        }
    }

    /// Creates the counter of the request's body and keeps its reading half.
    pub(crate) fn count_request_body(&mut self) -> BodyCounter {
        let (ours, theirs) = BodyCounter::pair();
        self.request_bytes = ours;
        theirs
    }

    /// Reads the response's head. Returns how the request ends, where no body follows.
    #[inline(always)]
    pub(crate) fn on_headers<B: http_body::Body>(
        &mut self,
        response: &Response<B>,
        settings: &Settings,
    ) -> Option<Outcome> {
        let status = response.status();
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            // A server has no final response to send, and answers 500 or breaks the stream off.
            return Some(Outcome::Failed);
        }
        self.status = Some(status);
        let extensions = response.extensions();
        // Most responses have none, and then nothing is looked up.
        if !extensions.is_empty() {
            self.unrecorded = extensions.get::<Unrecorded>().is_some();
            self.units = extensions.get::<Units>().cloned();
        }
        if self.api_key.is_none() {
            self.api_key = extensions.get::<ApiKey>().cloned();
        }
        if self.grpc.is_claimed() {
            self.grpc.on_headers(response.headers());
        }
        if self.is_bodiless(status) {
            return Some(Outcome::Completed);
        }
        let body = response.body();
        // The last frame of a gRPC response is its trailers, whatever its size.
        if !self.grpc.is_spoken() {
            // The transport stops at the header's value and never polls for the end. Where the body knows its
            // size and the two differ, the shorter one breaks the response.
            let exact = body.size_hint().exact();
            if let Some(size) = content_length(response.headers()).max(exact) {
                self.complete_at = size;
            }
            if exact.is_none() {
                self.long_lived = settings.is_long_lived(response.headers());
            }
        }
        (self.complete_at == 0 || body.is_end_stream()).then(|| self.outcome_at_end())
    }

    /// Whether only the head is sent (RFC 9110, 6.4.1), or the connection speaks another protocol after it.
    #[inline]
    fn is_bodiless(&self, status: StatusCode) -> bool {
        status == StatusCode::SWITCHING_PROTOCOLS
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self.method == "HEAD"
            || (self.method == "CONNECT" && status.is_success())
    }

    /// Notes that the transport has asked for the body, and got nothing, or not all of it.
    #[inline]
    pub(crate) fn on_headers_sent(&mut self, clocks: &Clocks) {
        if self.headers_sent_at.is_none() {
            self.headers_sent_at = Some(clocks.now());
        }
    }

    /// How the response ends where its body says that nothing more comes. A body that ends before its declared
    /// length breaks the connection (HTTP/1.1) or the stream (HTTP/2), so it has failed.
    #[inline]
    pub(crate) fn outcome_at_end(&self) -> Outcome {
        if self.complete_at == u64::MAX || self.response_bytes >= self.complete_at {
            Outcome::Completed
        } else {
            Outcome::Failed
        }
    }

    /// Reads a piece of the response's body. Returns whether the last byte has passed.
    #[inline]
    pub(crate) fn on_data(&mut self, data: &impl Buf) -> bool {
        if self.grpc.is_spoken() {
            self.grpc.on_data(data);
        }
        let bytes = data.remaining() as u64;
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        self.response_bytes >= self.complete_at
    }

    pub(crate) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if self.grpc.is_spoken() {
            self.grpc.on_trailers(trailers);
        }
    }

    /// The path of the request, without its query.
    fn path(&self) -> Option<&str> {
        self.path.as_ref().map(PathAndQuery::path)
    }

    fn template(&self) -> Option<&str> {
        self.has_template.then_some(self.template.as_str())
    }

    /// The path that is told of a request without an endpoint: as the client sent it.
    fn unmatched_path(&self) -> Option<&str> {
        let path = self.original_path.as_ref().or(self.path.as_ref())?;
        Some(path.path())
    }

    /// The labels of an HTTP request.
    #[inline]
    fn labels(&self) -> Labels<'_> {
        let template = self.template();
        Labels {
            protocol: Protocol::Http,
            endpoint: template.unwrap_or(UNMATCHED).into(),
            unmatched_path: if template.is_some() {
                None
            } else {
                self.unmatched_path()
            },
            status: self.status.map(|status| status.as_u16()),
            streams: false,
        }
    }

    /// The labels of a request that claims to speak gRPC.
    #[cold]
    fn grpc_labels<M: MetricSink>(
        &self,
        outcome: Outcome,
        lifetime: Duration,
        core: &Core<M>,
    ) -> Labels<'_> {
        // Anyone can claim to speak gRPC, so the claim counts only until the service has answered.
        if self.status.is_some() && !self.grpc.is_spoken() {
            return self.labels();
        }
        let settings = &core.settings;
        let methods = &settings.grpc_methods;
        let (endpoint, unmatched_path) = self.grpc_endpoint(methods, &core.sink);
        let streams = self
            .path()
            .is_some_and(|path| methods.streams(path, self.grpc.is_stream()));
        let deadline = settings.grpc_deadline();
        Labels {
            protocol: Protocol::Grpc,
            endpoint,
            unmatched_path,
            status: self.grpc.status(self.status, outcome, lifetime, deadline),
            streams: streams && settings.is_grpc_long_lived(),
        }
    }

    /// The endpoint of a gRPC call, and its path where that is `<unmatched>`.
    fn grpc_endpoint(
        &self,
        methods: &grpc::Methods,
        sink: &impl MetricSink,
    ) -> (Cow<'_, str>, Option<&str>) {
        let template = self.template();
        // A template may say less than the path: tonic's is `/pkg.Service/{*rest}`.
        let coarse = template.is_none_or(is_coarse);
        match (self.path(), template) {
            (Some(path), _)
                if coarse
                    && (methods.admit(path, self.grpc.shows_method())
                        || sink.knows_grpc_method(path)) =>
            {
                (bounded(path, MAX_ENDPOINT_BYTES), None)
            }
            (_, Some(template)) if !coarse || !self.grpc.is_unimplemented() => {
                (template.into(), None)
            }
            _ => (UNMATCHED.into(), self.unmatched_path()),
        }
    }

    /// Hands the record to the sink, unless the response asks to be left out.
    pub(crate) fn record<M: MetricSink>(&mut self, core: &Core<M>, outcome: Outcome) {
        if self.unrecorded {
            return;
        }
        if core.sink.request_log().is_some() && self.is_exempt() {
            return;
        }
        let now = core.clocks.now();
        if self.grpc.is_claimed() {
            self.grpc.on_end();
        }
        let since_start = |then: Instant| then.saturating_duration_since(self.started);
        let lifetime = since_start(now);
        let time_to_headers: Option<Duration> = match (self.headers_sent_at, self.status, outcome) {
            (Some(headers_sent_at), ..) => Some(since_start(headers_sent_at)),
            // The head was sent together with the whole body.
            (None, Some(_), Outcome::Completed | Outcome::Failed) => Some(lifetime),
            _ => None,
        };
        let labels = if self.grpc.is_claimed() {
            self.grpc_labels(outcome, lifetime, core)
        } else {
            self.labels()
        };
        let latency = match time_to_headers {
            Some(time_to_headers) if self.long_lived || labels.streams => time_to_headers,
            _ => lifetime,
        };
        let record = RequestRecord {
            protocol: labels.protocol,
            method: self.method,
            endpoint: &labels.endpoint,
            unmatched_path: labels.unmatched_path,
            api_key: self.api_key.as_ref(),
            status: labels.status,
            outcome,
            latency: Some(latency),
            time_to_headers,
            queue_wait: self.queue_wait,
            request_bytes: self.request_bytes.get(),
            response_bytes: self.response_bytes,
            finished_at: core.clocks.wall_at(now),
            units: self.units.as_ref(),
        };
        core.sink.record(&record);
        if let Some(log) = core.sink.request_log() {
            self.log(&record, log);
        }
    }

    #[inline(never)]
    fn log(&self, record: &RequestRecord<'_>, log: &dyn RequestLogSink) {
        let (captured, capture) = (self.captured.as_ref(), log.capture());
        if capture.geography.is_some() {
            log.count_country(record, captured.and_then(|it| it.country(capture)));
        }
        if let Some(request) = captured.and_then(|it| it.logged(record, capture)) {
            log.log(&request);
        }
    }

    /// Takes what the log of requests may show from the request, where the log is interested in its route, and what
    /// tells its country, where countries are counted. Returns how much of its body is to be copied.
    #[inline(never)]
    pub(crate) fn capture_request<B: http_body::Body>(
        &mut self,
        request: &Request<B>,
        log: &dyn RequestLogSink,
    ) -> usize {
        let capture = log.capture();
        if request.extensions().get::<Replayed>().is_some() {
            self.captured.get_or_insert_default().is_exempt = true;
            return 0;
        }
        if is_replay(capture, request.headers()) {
            self.api_key = Some(ApiKey::from(REPLAY_KEY));
        }
        let admitted = log.admits(self.method, self.template());
        if !admitted && capture.geography.is_none() {
            return 0;
        }
        let mut captured = self.captured.take().unwrap_or_default();
        captured.on_request(request, capture, admitted);
        let copied = if admitted {
            captured.begin_snapshot(request, self.template(), log)
        } else {
            0
        };
        self.captured = Some(captured);
        copied
    }

    /// Copies the beginning of the request's body, whose counter there is.
    #[cold]
    pub(crate) fn copy_request_body(&self, most: usize) {
        self.request_bytes.copy_first(most);
    }

    /// Ends the copy of the request's body. It is read on without one.
    #[inline]
    pub(crate) fn end_copy(&mut self) {
        if let Some(captured) = self.captured.as_deref_mut() {
            if captured.copies_request() {
                if let Some(prefix) = self.request_bytes.end_copy() {
                    captured.end_request_copy(prefix);
                }
            }
        }
    }

    /// Whether the host replays the request.
    fn is_exempt(&self) -> bool {
        self.captured.as_ref().is_some_and(|it| it.is_exempt)
    }

    /// From here on no request is taken for this one: its body is being sent.
    pub(crate) const fn forget_identity(&mut self) {
        self.identity = 0;
    }

    /// What the log of requests may show, where it was captured.
    pub(crate) fn captured(&mut self) -> Option<&mut Captured> {
        self.captured.as_deref_mut()
    }
}

/// The labels that depend on the protocol.
struct Labels<'a> {
    protocol: Protocol,
    endpoint: Cow<'a, str>,
    unmatched_path: Option<&'a str>,
    status: Option<u16>,
    /// Whether the call is one of a gRPC method that streams.
    streams: bool,
}

/// Whether a template says less than the path does.
fn is_coarse(template: &str) -> bool {
    template.contains("/{*")
}

/// The method as a label. A caller may send any token, so the set is closed.
pub(crate) fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        Method::QUERY => "QUERY",
        _ => OTHER_METHOD,
    }
}

/// Looks through the names of few headers, which costs less than to hash the one that is looked for.
#[inline]
fn content_length(headers: &HeaderMap) -> Option<u64> {
    const FEW: usize = 4;
    let value = if headers.keys_len() <= FEW {
        headers.iter().find(|(name, _)| *name == CONTENT_LENGTH)?.1
    } else {
        headers.get(CONTENT_LENGTH)?
    };
    value.to_str().ok()?.parse().ok()
}
