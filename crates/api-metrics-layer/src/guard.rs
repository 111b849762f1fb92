//! Makes one record of one request, on whichever path it ends.

use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    request,
    uri::PathAndQuery,
};

use crate::{
    ApiKey, Endpoint, ExtractApiKey, ExtractEndpoint, MetricSink, OTHER_METHOD, Outcome, Protocol,
    RequestRecord, UNMATCHED,
    grpc::{self, Flavour},
    label::{MAX_ENDPOINT_BYTES, bounded},
    request_body::BodyCounter,
    shared::Core,
};

/// One open request. Travels from the response's future into its body, and records itself when it
/// is dropped: as aborted, unless [`end`] was called with another outcome.
pub(crate) struct Guard<M: MetricSink> {
    core: Arc<Core<M>>,
    started: Instant,
    head_at: Option<Instant>,
    /// Where the end was timed already, because it is the head's.
    ended_at: Option<Instant>,
    method: &'static str,
    endpoint: Option<Endpoint>,
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
    outcome: Outcome,
    /// An event stream: its lifetime says nothing about how fast the service is.
    long_lived: bool,
}

impl<M: MetricSink> Guard<M> {
    pub(crate) fn start(core: &Arc<Core<M>>) -> Self {
        Self {
            started: core.clocks.now(),
            core: Arc::clone(core),
            head_at: None,
            ended_at: None,
            method: OTHER_METHOD,
            endpoint: None,
            path: None,
            api_key: None,
            request_bytes: BodyCounter::default(),
            response_bytes: 0,
            complete_at: u64::MAX,
            status: None,
            asked: None,
            answered: None,
            grpc_code: None,
            outcome: Outcome::Aborted,
            long_lived: false,
        }
    }

    /// Keeps of the request what the record will need.
    pub(crate) fn on_request(
        &mut self,
        request: &request::Parts,
        endpoint: &impl ExtractEndpoint,
        api_key: &impl ExtractApiKey,
    ) {
        self.method = known_method(&request.method);
        // gRPC is always POST: other methods save the look-up.
        if request.method == Method::POST {
            self.asked = Flavour::of(&request.headers);
        }
        self.endpoint = endpoint.endpoint(request);
        if self.endpoint.is_none() || self.asked.is_some() {
            self.path = request.uri.path_and_query().cloned();
        }
        self.api_key = api_key
            .api_key(request)
            .or_else(|| request.extensions.get::<ApiKey>().cloned());
    }

    /// A counter for the request's body; the other half stays here.
    pub(crate) fn count_request_body(&mut self) -> BodyCounter {
        let (ours, theirs) = BodyCounter::pair();
        self.request_bytes = ours;
        theirs
    }

    /// Notes the response's head. `true`: nothing will follow it, the request is complete.
    pub(crate) fn on_head<B: http_body::Body>(&mut self, response: &http::Response<B>) -> bool {
        let now = self.core.clocks.now();
        let status = response.status();
        self.head_at = Some(now);
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
        let complete = self.is_bodiless(status) || body.is_end_stream() || {
            // The last frame of a gRPC response is its trailers, whatever its size.
            if self.answered.is_none() {
                self.complete_at = match body.size_hint().exact() {
                    Some(size) => size,
                    None => {
                        self.long_lived = is_event_stream(response.headers());
                        // The transport stops here, and never asks for the end.
                        content_length(response.headers()).unwrap_or(u64::MAX)
                    }
                };
            }
            self.complete_at == 0
        };
        if complete {
            self.ended_at = Some(now);
        }
        complete
    }

    /// Responses of which only the head is sent (RFC 9110, 6.4.1), and those after which the
    /// connection speaks another protocol, past the body.
    fn is_bodiless(&self, status: StatusCode) -> bool {
        status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self.method == "HEAD"
            || (self.method == "CONNECT" && status.is_success())
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

    fn status(&self) -> Option<u16> {
        let http = self.status?;
        match (self.answered, self.grpc_code) {
            (Some(_), Some(code)) => Some(grpc::http_equivalent(code)),
            (Some(Flavour::Grpc), None) if http == StatusCode::OK => match self.outcome {
                // A client takes the missing status for UNKNOWN.
                Outcome::Completed => Some(grpc::http_equivalent(grpc::UNKNOWN)),
                _ => None,
            },
            _ => Some(http.as_u16()),
        }
    }

    fn protocol(&self) -> Protocol {
        // The request's word stands only until the service has answered: anyone can claim to speak gRPC.
        match (self.status, self.asked, self.answered) {
            (Some(_), _, Some(_)) | (None, Some(_), _) => Protocol::Grpc,
            _ => Protocol::Http,
        }
    }

    /// The gRPC method's path, where it is the better label.
    fn grpc_method(&self) -> Option<&str> {
        let path = self.path.as_ref()?.path();
        let template = self.endpoint.as_ref().map(Endpoint::as_str);
        let coarse =
            template.is_none_or(|template| template.ends_with('}') && template.contains("/{*"));
        (coarse && self.core.grpc_methods.admit(path, self.grpc_code)).then_some(path)
    }

    fn record(&mut self) {
        let now = self.ended_at.unwrap_or_else(|| self.core.clocks.now());
        let since_start = |then: Instant| then.saturating_duration_since(self.started);
        let time_to_headers: Option<Duration> = self.head_at.map(since_start);
        let latency = match time_to_headers {
            Some(time_to_headers) if self.long_lived => time_to_headers,
            _ => since_start(now),
        };
        let protocol = self.protocol();
        let path = self.path.as_ref().map(PathAndQuery::path);
        let (endpoint, unmatched_path) = if protocol == Protocol::Grpc {
            let absent = self.grpc_code == Some(grpc::UNIMPLEMENTED);
            match (self.grpc_method(), &self.endpoint) {
                (Some(method), _) => (method, None),
                (None, Some(template)) if !absent => (template.as_str(), None),
                _ => (UNMATCHED, path),
            }
        } else {
            match &self.endpoint {
                Some(template) => (template.as_str(), None),
                None => (UNMATCHED, path),
            }
        };
        self.core.sink.record(&RequestRecord {
            protocol,
            method: self.method,
            endpoint: &bounded(endpoint, MAX_ENDPOINT_BYTES),
            unmatched_path,
            api_key: self.api_key.as_ref(),
            status: self.status(),
            outcome: self.outcome,
            latency: Some(latency),
            time_to_headers,
            request_bytes: self.request_bytes.get(),
            response_bytes: self.response_bytes,
            finished_at: self.core.clocks.wall_at(now),
        });
    }
}

impl<M: MetricSink> Drop for Guard<M> {
    fn drop(&mut self) {
        self.record();
    }
}

/// Records the request with `outcome`; does nothing if that has been done.
#[inline]
pub(crate) fn end<M: MetricSink>(guard: &mut Option<Guard<M>>, outcome: Outcome) {
    if let Some(open) = guard {
        open.outcome = outcome;
        *guard = None;
    }
}

/// Runs `inner`, and records the request as panicked if it unwinds.
///
/// It must be noticed here: whoever catches the panic further out drops the future only afterwards,
/// when it looks like any other abort. `forget` on the way out makes the drop mean nothing but
/// unwinding.
#[inline]
pub(crate) fn watch<M: MetricSink, R>(
    guard: &mut Option<Guard<M>>,
    inner: impl FnOnce(&mut Option<Guard<M>>) -> R,
) -> R {
    struct Unwinding<'a, M: MetricSink>(&'a mut Option<Guard<M>>);

    impl<M: MetricSink> Drop for Unwinding<'_, M> {
        fn drop(&mut self) {
            end(self.0, Outcome::Panicked);
        }
    }

    let unwinding = Unwinding(guard);
    let result = inner(unwinding.0);
    mem::forget(unwinding);
    result
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
