//! The state of one request, from its arrival until it is recorded.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use http::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    uri::PathAndQuery,
};

use crate::{
    ApiKey, Endpoint, ExtractApiKey, ExtractEndpoint, MetricSink, OTHER_METHOD, Outcome, Protocol,
    RequestRecord, UNMATCHED,
    clock::Clocks,
    grpc::{self, Flavour},
    label::{MAX_ENDPOINT_BYTES, bounded},
    request_body::BodyCounter,
    shard::Core,
};

/// The state of one open request.
pub(crate) struct RequestState {
    started: Instant,
    /// When the response's head was sent. Read only where more of the response came later.
    headers_sent_at: Option<Instant>,
    method: &'static str,
    /// The endpoint label that the router or the user's function found: a copy in memory that later requests
    /// reuse, because all threads would count references to a shared string in one place.
    template: String,
    has_template: bool,
    /// Kept only where it may be needed: without a template, or for gRPC.
    path: Option<PathAndQuery>,
    api_key: Option<ApiKey>,
    request_bytes: BodyCounter,
    response_bytes: u64,
    /// Bytes after which the response's body is complete; `u64::MAX` where only its end tells.
    complete_at: u64,
    status: Option<StatusCode>,
    /// The kind of gRPC that the request claims to speak.
    request_flavour: Option<Flavour>,
    /// The kind of gRPC that the response speaks.
    response_flavour: Option<Flavour>,
    grpc_code: Option<u16>,
    /// Whether the code stood in trailers, which only a method sends that has run.
    code_in_trailers: bool,
    /// Whether the response is an event stream, whose lifetime says nothing about the service's speed.
    long_lived: bool,
}

impl RequestState {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            headers_sent_at: None,
            method: OTHER_METHOD,
            template: String::new(),
            has_template: false,
            path: None,
            api_key: None,
            request_bytes: BodyCounter::default(),
            response_bytes: 0,
            complete_at: u64::MAX,
            status: None,
            request_flavour: None,
            response_flavour: None,
            grpc_code: None,
            code_in_trailers: false,
            long_lived: false,
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
        self.request_flavour = None;
        self.response_flavour = None;
        self.grpc_code = None;
        self.code_in_trailers = false;
        self.long_lived = false;
    }

    /// Drops shared values, so that a pooled state keeps nothing of the request alive.
    #[inline(always)]
    pub(crate) fn release(&mut self) {
        self.has_template = false;
        self.path = None;
        self.api_key = None;
        self.request_bytes = BodyCounter::default();
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
    pub(crate) fn on_request<B>(&mut self, request: &Request<B>) {
        self.method = known_method(request.method());
        // gRPC always uses POST; other methods skip the header look-up.
        if request.method() == Method::POST {
            self.request_flavour = Flavour::of(request.headers());
        }
        if !self.has_template || self.request_flavour.is_some() {
            self.path = request.uri().path_and_query().cloned();
        }
        if self.api_key.is_none() {
            self.api_key = request.extensions().get::<ApiKey>().cloned();
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
    ) -> Option<Outcome> {
        let status = response.status();
        self.status = Some(status);
        if self.api_key.is_none() {
            self.api_key = response.extensions().get::<ApiKey>().cloned();
        }
        if self.request_flavour.is_some() {
            self.response_flavour = Flavour::of(response.headers());
            if self.response_flavour.is_some() {
                self.grpc_code = grpc::code_in(response.headers());
            }
        }
        if self.is_bodiless(status) {
            return Some(Outcome::Completed);
        }
        let body = response.body();
        // The last frame of a gRPC response is its trailers, whatever its size.
        if self.response_flavour.is_none() {
            // The transport stops at the header's value and never polls for the end. Where the body knows its
            // size and the two differ, the shorter one breaks the response.
            let exact = body.size_hint().exact();
            if let Some(size) = content_length(response.headers()).max(exact) {
                self.complete_at = size;
            }
            if exact.is_none() {
                self.long_lived = is_event_stream(response.headers());
            }
        }
        (self.complete_at == 0 || body.is_end_stream()).then(|| self.outcome_at_end())
    }

    /// Whether only the head is sent (RFC 9110, 6.4.1), or the connection speaks another protocol after it.
    #[inline]
    fn is_bodiless(&self, status: StatusCode) -> bool {
        status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self.method == "HEAD"
            || (self.method == "CONNECT" && status.is_success())
    }

    /// Notes that the transport has request_flavour for the body, and got nothing, or not all of it.
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

    /// Counts bytes of the response's body. Returns whether the last byte has passed.
    #[inline]
    pub(crate) fn on_data(&mut self, bytes: usize) -> bool {
        self.response_bytes = self.response_bytes.saturating_add(bytes as u64);
        self.response_bytes >= self.complete_at
    }

    pub(crate) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if self.response_flavour.is_some() {
            if let Some(code) = grpc::code_in(trailers) {
                self.grpc_code = Some(code);
                self.code_in_trailers = true;
            }
        }
    }

    /// The path of the request, without its query.
    fn path(&self) -> Option<&str> {
        self.path.as_ref().map(PathAndQuery::path)
    }

    fn template(&self) -> Option<&str> {
        self.has_template.then_some(self.template.as_str())
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
                self.path()
            },
            status: self.status.map(|status| status.as_u16()),
        }
    }

    /// The labels of a request that claims to speak gRPC.
    #[cold]
    fn grpc_labels(&self, outcome: Outcome, methods: &grpc::Methods) -> Labels<'_> {
        // Anyone can claim to speak gRPC, so the claim counts only until the service has answered.
        if self.status.is_some() && self.response_flavour.is_none() {
            return self.labels();
        }
        let (endpoint, unmatched_path) = self.grpc_endpoint(methods);
        Labels {
            protocol: Protocol::Grpc,
            endpoint,
            unmatched_path,
            status: self.grpc_status(outcome),
        }
    }

    /// The HTTP equivalent of the call's gRPC status.
    fn grpc_status(&self, outcome: Outcome) -> Option<u16> {
        let http = self.status?;
        match (self.response_flavour, self.grpc_code) {
            (Some(_), Some(code)) => Some(grpc::http_equivalent(code)),
            (Some(Flavour::Grpc), None) if http == StatusCode::OK => match outcome {
                // A client takes the missing status for UNKNOWN.
                Outcome::Completed => Some(grpc::http_equivalent(grpc::UNKNOWN)),
                _ => None,
            },
            _ => Some(http.as_u16()),
        }
    }

    /// The endpoint of a gRPC call, and its path where that is `<unmatched>`.
    fn grpc_endpoint(&self, methods: &grpc::Methods) -> (Cow<'_, str>, Option<&str>) {
        let template = self.template();
        // A template that says less than the path: tonic's `/pkg.Service/{*rest}`.
        let coarse = template.is_none_or(|template| template.contains("/{*"));
        let shown = grpc::shows_method(self.grpc_code, self.code_in_trailers);
        match (self.path(), template) {
            (Some(path), _) if coarse && methods.admit(path, shown) => {
                (bounded(path, MAX_ENDPOINT_BYTES), None)
            }
            (_, Some(template)) if !coarse || self.grpc_code != Some(grpc::UNIMPLEMENTED) => {
                (template.into(), None)
            }
            (path, _) => (UNMATCHED.into(), path),
        }
    }

    /// Hands the record to the sink.
    pub(crate) fn record<M: MetricSink>(&self, core: &Core<M>, outcome: Outcome) {
        let now = core.clocks.now();
        let since_start = |then: Instant| then.saturating_duration_since(self.started);
        let lifetime = since_start(now);
        let time_to_headers: Option<Duration> = match (self.headers_sent_at, self.status, outcome) {
            (Some(headers_sent_at), ..) => Some(since_start(headers_sent_at)),
            // The head was sent together with the whole body.
            (None, Some(_), Outcome::Completed | Outcome::Failed) => Some(lifetime),
            _ => None,
        };
        let latency = match time_to_headers {
            Some(time_to_headers) if self.long_lived => time_to_headers,
            _ => lifetime,
        };
        let labels = if self.request_flavour.is_none() {
            self.labels()
        } else {
            self.grpc_labels(outcome, &core.grpc_methods)
        };
        core.sink.record(&RequestRecord {
            protocol: labels.protocol,
            method: self.method,
            endpoint: &labels.endpoint,
            unmatched_path: labels.unmatched_path,
            api_key: self.api_key.as_ref(),
            status: labels.status,
            outcome,
            latency: Some(latency),
            time_to_headers,
            request_bytes: self.request_bytes.get(),
            response_bytes: self.response_bytes,
            finished_at: core.clocks.wall_at(now),
        });
    }
}

/// The labels that depend on the protocol.
struct Labels<'a> {
    protocol: Protocol,
    endpoint: Cow<'a, str>,
    unmatched_path: Option<&'a str>,
    status: Option<u16>,
}

/// The method as a label. A caller may send any token, so the set is closed.
fn known_method(method: &Method) -> &'static str {
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

fn is_event_stream(headers: &HeaderMap) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .get(..EVENT_STREAM.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
    })
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
