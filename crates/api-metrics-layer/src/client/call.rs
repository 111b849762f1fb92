//! The guard of an outgoing call: records it exactly once, on whichever path it ends.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Buf;
use http::{Extensions, HeaderMap, Method, Request, StatusCode, header::CONTENT_LENGTH};
use http_body::Body;

use super::{CallFailure, Partner, partner::Names};
use crate::{
    Endpoint, EventKind, MetricSink, Outcome, Protocol, RequestRecord, Units, clock::Clocks, grpc,
    request_state::known_method, settings::Settings,
};

/// The unit of attempts after the first one.
const RETRIES: &str = "retries";
/// The unit of calls without an answer, which tells them from a partner's own 502 and 504.
const NO_ANSWER: &str = "no_answer";

/// What the clones of a layer share.
pub(super) struct Shared<M> {
    pub(super) sink: M,
    pub(super) clocks: Clocks,
    pub(super) names: Names,
    /// Which responses are long-lived.
    settings: Settings,
}

impl<M> Shared<M> {
    pub(super) fn new(sink: M, clocks: Clocks) -> Self {
        Self {
            sink,
            clocks,
            names: Names::default(),
            settings: Settings::default(),
        }
    }
}

/// In a request's extensions: a layer outside counts the call, and one inside its attempts.
#[derive(Clone)]
struct Attempts {
    /// The sink of the layer outside.
    sink: Option<usize>,
    /// Gone once that call has ended: extensions that are used again are another call's.
    seen: Weak<AtomicU32>,
}

/// One open call, for adapters of clients that are no tower service. Made by
/// [`ClientLayer::begin`](super::ClientLayer::begin).
///
/// | what happens | what is recorded |
/// |---|---|
/// | [`on_head`](Self::on_head), [`on_data`](Self::on_data), [`finish`](Self::finish) | the response's status |
/// | [`fail`](Self::fail) before a head | 504 or 502, see [`CallFailure`] |
/// | dropped before a head | cancelled, counted as 499 |
/// | dropped after it | the response's status, with outcome `Aborted` |
pub struct ClientCall<M: MetricSink>(Option<Box<OpenCall<M>>>);

struct OpenCall<M> {
    shared: Arc<Shared<M>>,
    started: Instant,
    headers_at: Option<Instant>,
    method: &'static str,
    endpoint: Arc<str>,
    attempts: Arc<AtomicU32>,
    grpc: grpc::Call,
    status: Option<StatusCode>,
    failure: Option<CallFailure>,
    long_lived: bool,
    request_bytes: u64,
    response_bytes: u64,
    /// The response's declared length.
    complete_at: u64,
}

impl<M: MetricSink> ClientCall<M> {
    /// A call that is not recorded: a layer outside records it.
    pub(super) const fn inner() -> Self {
        Self(None)
    }

    pub(super) fn of_request<B: Body>(shared: &Arc<Shared<M>>, request: &mut Request<B>) -> Self {
        let Some(attempts) = attempt(shared, request.extensions_mut()) else {
            return Self::inner();
        };
        let mut partner = Partner::of(request.uri());
        let template = request.extensions().get::<Endpoint>();
        let mut grpc = grpc::Call::default();
        if request.method() == Method::POST {
            grpc.on_request(request.headers());
        }
        partner.template = match template {
            Some(template) => Some(template.as_str()),
            // The path of a call is the method's name.
            None => grpc.is_claimed().then_some(partner.path),
        };
        let mut call = Self::open(shared, request.method(), &partner, attempts);
        if let Some(open) = &mut call.0 {
            open.grpc = grpc;
            open.request_bytes = request.body().size_hint().exact().unwrap_or(0);
        }
        call
    }

    /// A call that an adapter has taken apart.
    pub(super) fn begin(
        shared: &Arc<Shared<M>>,
        method: &Method,
        partner: &Partner<'_>,
        extensions: &mut Extensions,
    ) -> Self {
        match attempt(shared, extensions) {
            Some(attempts) => Self::open(shared, method, partner, attempts),
            None => Self::inner(),
        }
    }

    fn open(
        shared: &Arc<Shared<M>>,
        method: &Method,
        partner: &Partner<'_>,
        attempts: Arc<AtomicU32>,
    ) -> Self {
        Self(Some(Box::new(OpenCall {
            started: shared.clocks.now(),
            endpoint: shared.names.name(partner),
            shared: Arc::clone(shared),
            headers_at: None,
            method: known_method(method),
            attempts,
            grpc: grpc::Call::default(),
            status: None,
            failure: None,
            long_lived: false,
            request_bytes: 0,
            response_bytes: 0,
            complete_at: u64::MAX,
        })))
    }

    /// Notes how many bytes the request's body has.
    pub fn on_request_bytes(&mut self, bytes: u64) {
        if let Some(open) = &mut self.0 {
            open.request_bytes = bytes;
        }
    }

    /// Reads the response's head. Records the call where no body follows it.
    pub fn on_head(&mut self, status: StatusCode, headers: &HeaderMap, body: &impl Body) {
        let Some(open) = &mut self.0 else { return };
        open.status = Some(status);
        open.headers_at = Some(open.shared.clocks.now());
        if open.grpc.is_claimed() {
            open.grpc.on_headers(headers);
        }
        let exact = body.size_hint().exact();
        if !open.grpc.is_spoken() {
            let declared = headers.get(CONTENT_LENGTH);
            let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
            open.complete_at = declared.max(exact).unwrap_or(u64::MAX);
            open.long_lived = exact.is_none() && open.shared.settings.is_long_lived(headers);
        }
        let is_bodiless = status == StatusCode::SWITCHING_PROTOCOLS
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || open.method == "HEAD"
            || (open.method == "CONNECT" && status.is_success());
        if is_bodiless {
            self.end(Outcome::Completed);
        } else if open.complete_at == 0 || body.is_end_stream() {
            self.finish();
        }
    }

    /// Reads a piece of the response's body. Records the call with its last byte.
    pub fn on_data(&mut self, data: &impl Buf) {
        let Some(open) = &mut self.0 else { return };
        if open.grpc.is_spoken() {
            open.grpc.on_data(data);
        }
        open.response_bytes = open.response_bytes.saturating_add(data.remaining() as u64);
        if open.response_bytes >= open.complete_at {
            self.finish();
        }
    }

    /// Reads the response's trailers, which end it.
    pub fn on_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(open) = &mut self.0 {
            if open.grpc.is_spoken() {
                open.grpc.on_trailers(trailers);
            }
        }
        self.finish();
    }

    /// Records the call: the response has ended. Later calls do nothing.
    pub fn finish(&mut self) {
        let Some(open) = &self.0 else { return };
        let whole = open.complete_at == u64::MAX || open.response_bytes >= open.complete_at;
        self.end(if whole {
            Outcome::Completed
        } else {
            Outcome::Failed
        });
    }

    /// Records the call: there was no answer, or it broke off. Later calls do nothing.
    pub fn fail(&mut self, failure: CallFailure) {
        if let Some(open) = &mut self.0 {
            open.failure = Some(failure);
        }
        self.end(Outcome::Failed);
    }

    /// Whether the call is still to be recorded here.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(mut open) = self.0.take() {
            open.record(outcome);
        }
    }
}

impl<M: MetricSink> OpenCall<M> {
    fn record(&mut self, outcome: Outcome) {
        let clocks = &self.shared.clocks;
        let now = clocks.now();
        let lifetime = now.saturating_duration_since(self.started);
        let time_to_headers = self
            .headers_at
            .map(|at| at.saturating_duration_since(self.started));
        if self.grpc.is_claimed() {
            self.grpc.on_end();
        }
        let retries = self.attempts.load(Ordering::Relaxed).saturating_sub(1);
        let mut units = None;
        let mut count = |name: &'static str, amount: u32| {
            if amount > 0 {
                let units = units.get_or_insert_with(Units::new);
                units.count(name, u64::from(amount));
            }
        };
        count(RETRIES, retries);
        count(
            NO_ANSWER,
            u32::from(self.status.is_none() && self.failure.is_some()),
        );
        let finished_at = clocks.wall_at(now);
        let mut record = RequestRecord::new(self.method, &self.endpoint, finished_at);
        record.protocol = Protocol::Event(EventKind::HTTP_CLIENT);
        record.status = self.counted(outcome, lifetime);
        record.outcome = outcome;
        record.latency = match time_to_headers {
            Some(to_headers) if self.long_lived => Some(to_headers),
            _ => Some(lifetime),
        };
        record.time_to_headers = time_to_headers;
        record.request_bytes = self.request_bytes;
        record.response_bytes = self.response_bytes;
        record.units = units.as_ref();
        self.shared.sink.record(&record);
    }

    fn counted(&self, outcome: Outcome, lifetime: Duration) -> Option<u16> {
        if self.grpc.is_claimed() && (self.grpc.is_spoken() || self.status.is_none()) {
            let status = self.grpc.status(self.status, outcome, lifetime, None);
            return status.or_else(|| self.failure.map(CallFailure::counted_status));
        }
        match self.status {
            Some(status) => Some(status.as_u16()),
            None => self.failure.map(CallFailure::counted_status),
        }
    }
}

impl<M: MetricSink> Drop for ClientCall<M> {
    fn drop(&mut self) {
        self.end(Outcome::Aborted);
    }
}

impl<M: MetricSink> fmt::Debug for ClientCall<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCall")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// Counts an attempt. `None` where a layer outside, of the same sink, records the call.
fn attempt<M: MetricSink>(
    shared: &Arc<Shared<M>>,
    extensions: &mut Extensions,
) -> Option<Arc<AtomicU32>> {
    let identity = shared.sink.identity();
    // Sinks without an identity are told apart by their layers.
    let sink = identity.or_else(|| Some(Arc::as_ptr(shared).cast::<()>() as usize));
    if let Some(outside) = extensions.get::<Attempts>()
        && outside.sink == sink
        && let Some(seen) = outside.seen.upgrade()
    {
        seen.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    let seen = Arc::new(AtomicU32::new(0));
    extensions.insert(Attempts {
        sink,
        seen: Arc::downgrade(&seen),
    });
    Some(seen)
}
