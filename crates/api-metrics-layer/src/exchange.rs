//! What is known of one request and its response, until it is a record.

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
    shared::Core,
};

/// The state of one open request.
pub(crate) struct Exchange {
    started: Instant,
    /// When the head had left; read only where something followed it later.
    head_at: Option<Instant>,
    method: &'static str,
    /// What the router or the user's function found, as a label. A copy, in memory that the next request uses
    /// again: shared strings are counted by all threads at one place.
    template: String,
    has_template: bool,
    /// Only where it may be needed: no template, or gRPC.
    path: Option<PathAndQuery>,
    api_key: Option<ApiKey>,
    request_bytes: BodyCounter,
    response_bytes: u64,
    /// The size at which the response's body is complete; `u64::MAX` where only its end tells.
    complete_at: u64,
    status: Option<StatusCode>,
    asked: Option<Flavour>,
    answered: Option<Flavour>,
    grpc_code: Option<u16>,
    /// An event stream: its lifetime says nothing about how fast the service is.
    long_lived: bool,
}

impl Exchange {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            head_at: None,
            method: OTHER_METHOD,
            template: String::new(),
            has_template: false,
            path: None,
            api_key: None,
            request_bytes: BodyCounter::default(),
            response_bytes: 0,
            complete_at: u64::MAX,
            status: None,
            asked: None,
            answered: None,
            grpc_code: None,
            long_lived: false,
        }
    }

    /// Makes a [released](Self::release) exchange a new one: what isn't set here has been released, or is set by
    /// every request.
    #[inline]
    pub(crate) fn restart(&mut self, started: Instant) {
        self.started = started;
        self.head_at = None;
        self.method = OTHER_METHOD;
        self.response_bytes = 0;
        self.complete_at = u64::MAX;
        self.status = None;
        self.asked = None;
        self.answered = None;
        self.grpc_code = None;
        self.long_lived = false;
    }

    /// Lets go of what belongs to others.
    #[inline(always)]
    pub(crate) fn release(&mut self) {
        self.has_template = false;
        self.path = None;
        self.api_key = None;
        self.request_bytes = BodyCounter::default();
    }

    /// Asks the user's functions, which want to see the request taken apart.
    #[inline]
    pub(crate) fn ask<B, E: ExtractEndpoint, K: ExtractApiKey>(
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

    /// The template, where it can be had without the request's parts.
    #[inline(always)]
    pub(crate) fn set_template(&mut self, template: Option<&str>) {
        self.has_template = template.is_some();
        if let Some(template) = template {
            self.template.clear();
            self.template
                .push_str(&bounded(template, MAX_ENDPOINT_BYTES));
        }
    }

    /// Keeps of the request what the record will need, after [`ask`](Self::ask) or
    /// [`set_template`](Self::set_template).
    #[inline(always)]
    pub(crate) fn on_request<B>(&mut self, request: &Request<B>) {
        self.method = known_method(request.method());
        // gRPC is always POST: other methods save the look-up.
        if request.method() == Method::POST {
            self.asked = Flavour::of(request.headers());
        }
        if !self.has_template || self.asked.is_some() {
            self.path = request.uri().path_and_query().cloned();
        }
        if self.api_key.is_none() {
            self.api_key = request.extensions().get::<ApiKey>().cloned();
        }
    }

    /// A counter for the request's body; the other half stays here.
    pub(crate) fn count_request_body(&mut self) -> BodyCounter {
        let (ours, theirs) = BodyCounter::pair();
        self.request_bytes = ours;
        theirs
    }

    /// Notes the response's head. `true`: nothing will follow it, the request is complete.
    #[inline(always)]
    pub(crate) fn on_head<B: http_body::Body>(&mut self, response: &Response<B>) -> bool {
        let status = response.status();
        self.status = Some(status);
        if self.api_key.is_none() {
            self.api_key = response.extensions().get::<ApiKey>().cloned();
        }
        if self.asked.is_some() {
            self.answered = Flavour::of(response.headers());
            if self.answered.is_some() {
                self.grpc_code = grpc::code_in(response.headers());
            }
        }
        let body = response.body();
        if self.is_bodiless(status) || body.is_end_stream() {
            return true;
        }
        // The last frame of a gRPC response is its trailers, whatever its size.
        if self.answered.is_none() {
            self.complete_at = match body.size_hint().exact() {
                Some(size) => size,
                None => self.undeclared_size(response.headers()),
            };
        }
        self.complete_at == 0
    }

    /// Where the body can't tell its size.
    fn undeclared_size(&mut self, headers: &HeaderMap) -> u64 {
        self.long_lived = is_event_stream(headers);
        // The transport stops at the header's value, and never asks for the end.
        content_length(headers).unwrap_or(u64::MAX)
    }

    /// Responses of which only the head is sent (RFC 9110, 6.4.1), and those after which the
    /// connection speaks another protocol, past the body.
    #[inline]
    fn is_bodiless(&self, status: StatusCode) -> bool {
        status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self.method == "HEAD"
            || (self.method == "CONNECT" && status.is_success())
    }

    /// Notes that the transport has asked for the body, and got nothing, or not all of it.
    #[inline]
    pub(crate) fn on_head_gone(&mut self, clocks: &Clocks) {
        if self.head_at.is_none() {
            self.head_at = Some(clocks.now());
        }
    }

    /// `true`: that was the last byte.
    #[inline]
    pub(crate) fn on_data(&mut self, bytes: usize) -> bool {
        self.response_bytes = self.response_bytes.saturating_add(bytes as u64);
        self.response_bytes >= self.complete_at
    }

    pub(crate) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if self.answered.is_some() {
            self.grpc_code = grpc::code_in(trailers).or(self.grpc_code);
        }
    }

    fn path(&self) -> Option<&str> {
        self.path.as_ref().map(PathAndQuery::path)
    }

    fn template(&self) -> Option<&str> {
        self.has_template.then_some(self.template.as_str())
    }

    /// What is plain HTTP to whoever looks at the labels.
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

    /// The same, where the request says that it speaks gRPC.
    #[cold]
    fn grpc_labels(&self, outcome: Outcome, methods: &grpc::Methods) -> Labels<'_> {
        // The request's word stands only until the service has answered: anyone can claim to speak gRPC.
        if self.status.is_some() && self.answered.is_none() {
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

    fn grpc_status(&self, outcome: Outcome) -> Option<u16> {
        let http = self.status?;
        match (self.answered, self.grpc_code) {
            (Some(_), Some(code)) => Some(grpc::http_equivalent(code)),
            (Some(Flavour::Grpc), None) if http == StatusCode::OK => match outcome {
                // A client takes the missing status for UNKNOWN.
                Outcome::Completed => Some(grpc::http_equivalent(grpc::UNKNOWN)),
                _ => None,
            },
            _ => Some(http.as_u16()),
        }
    }

    /// The endpoint, and the path where no route matched.
    fn grpc_endpoint(&self, methods: &grpc::Methods) -> (Cow<'_, str>, Option<&str>) {
        let template = self.template();
        // A template that says less than the path: tonic's `/pkg.Service/{*rest}`.
        let coarse = template.is_none_or(|template| template.contains("/{*"));
        match (self.path(), template) {
            (Some(path), _) if coarse && methods.admit(path, self.grpc_code) => {
                (bounded(path, MAX_ENDPOINT_BYTES), None)
            }
            (_, Some(template)) if self.grpc_code != Some(grpc::UNIMPLEMENTED) => {
                (template.into(), None)
            }
            (path, _) => (UNMATCHED.into(), path),
        }
    }

    pub(crate) fn record<M: MetricSink>(&self, core: &Core<M>, outcome: Outcome) {
        let now = core.clocks.now();
        let since_start = |then: Instant| then.saturating_duration_since(self.started);
        let lifetime = since_start(now);
        let time_to_headers: Option<Duration> = match (self.head_at, self.status, outcome) {
            (Some(head_at), ..) => Some(since_start(head_at)),
            // The head left with all that followed it.
            (None, Some(_), Outcome::Completed | Outcome::Failed) => Some(lifetime),
            _ => None,
        };
        let latency = match time_to_headers {
            Some(time_to_headers) if self.long_lived => time_to_headers,
            _ => lifetime,
        };
        let labels = if self.asked.is_none() {
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

/// What depends on the protocol that was spoken.
struct Labels<'a> {
    protocol: Protocol,
    endpoint: Cow<'a, str>,
    unmatched_path: Option<&'a str>,
    status: Option<u16>,
}

/// Labels are a closed set: a caller may send any token as a method.
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
