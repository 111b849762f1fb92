//! The record of one finished request.

use std::time::{Duration, SystemTime};

use crate::{ApiKey, EventKind, Units};

/// The protocol that a request spoke, as far as the meaning of its status is concerned.
///
/// A request is gRPC when it is a POST with `content-type: application/grpc*` and the response has such a
/// type too; the request alone decides while there is no response. A request that only claims to speak gRPC is HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP of any version.
    Http,
    /// gRPC, grpc-web included: the status stands in `grpc-status`.
    Grpc,
    /// It is no request to the service, but an event of this kind. No layer makes such a record; whoever counts
    /// events does.
    Event(EventKind),
}

impl Protocol {
    /// What the server itself speaks: views without a protocol mean these.
    pub const SERVED: [&'static str; 2] = ["http", "grpc"];

    /// The name under which stores keep it: `http`, `grpc`, or that of the kind of events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Event(kind) => kind.as_str(),
        }
    }
}

/// How a request ended, independent of the status that was sent.
///
/// | what happened | outcome | status | counted as |
/// |---|---|---|---|
/// | the whole response passed | `Completed` | as sent | as sent |
/// | the client left before there was a response; a timeout layer outside dropped the future | `Aborted` | none | 499 |
/// | the client left during the response; it was dropped unread | `Aborted` | as sent | as sent |
/// | the inner service returned an error instead of a response | `Failed` | none | 500 |
/// | the response's body failed | `Failed` | as sent | as sent |
/// | the response has a status of 1xx other than 101, which is none to end with | `Failed` | none | 500 |
/// | the response's body ended before its `Content-Length` (except HEAD, 204 and 304) | `Failed` | as sent | as sent |
/// | the service panicked before there was a response | `Panicked` | none | 500 |
/// | the response's body panicked | `Panicked` | as sent | as sent |
/// | a `CatchPanicLayer` inside made a response of a panic | `Completed` | 500 | 500 |
/// | a timeout layer inside made a response of a timeout | `Completed` | as sent | as sent |
///
/// "As sent" is the head's status; for gRPC it is that of `grpc-status`, and none until that has come. A gRPC
/// call that is dropped after its deadline is `Aborted` with DEADLINE_EXCEEDED, counted as 504: the deadline is
/// that of `grpc-timeout` or of [`grpc_deadline`](crate::ApiMetricsLayer::grpc_deadline).
/// 499 is nginx's code for a client that closed the connection: it is never sent, only counted. An abort is
/// not an error of the service, and a layer that wants to see timeouts as such belongs inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The whole response passed: its last byte, its trailers, or its head where that is all.
    ///
    /// Passed means handed to whoever polled it, in a server the transport. What a client lost after that
    /// on the wire, no layer can see.
    Completed,
    /// The caller left: the response's future or its body was dropped before its end.
    Aborted,
    /// The inner service returned an error, the response's body failed, or it ended before its `Content-Length`.
    Failed,
    /// The service or the response's body panicked, and the panic unwound through this layer.
    Panicked,
}

/// One finished request. All fields are borrowed or `Copy`: a sink allocates only if it wants to.
///
/// | field | unit | what it is | edge cases |
/// |---|---|---|---|
/// | `protocol` | | how `status` was found | see [`Protocol`] |
/// | `method` | | GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE (RFC 9110), PATCH (RFC 5789), QUERY (RFC 10008) | anything else is [`_OTHER`](crate::OTHER_METHOD); methods are case-sensitive |
/// | `endpoint` | at most 1,024 bytes | the route template, never a raw path; a gRPC method's path | no route: [`<unmatched>`](crate::UNMATCHED); longer ones are cut on a character boundary, NUL becomes U+FFFD |
/// | `unmatched_path` | any length | the path without its query, where `endpoint` is `<unmatched>` | `None` for the authority form (CONNECT); as the client sent it, so not to be trusted |
/// | `api_key` | | the consumer that the host has verified | `None`: anonymous, or refused by auth |
/// | `status` | 100 to 999 | what was sent; for gRPC the HTTP equivalent of `grpc-status` | `None`: none was sent; see [`Outcome`] and [`counted_status`](Self::counted_status) |
/// | `outcome` | | how it ended | see [`Outcome`] |
/// | `latency` | ns | from the request being seen to the last body byte, or to wherever it ended | for [long-lived responses](crate::LONG_LIVED_CONTENT_TYPES) the time to headers; 101 and CONNECT: to the head; `None` only in imports |
/// | `time_to_headers` | ns | from the request being seen to its head leaving: the transport's first poll of the body has returned. A server writes head and first bytes in one go, so a response of one frame has the same time for both | without a body: the head being ready; `None`: no response, or nobody asked for it |
/// | `queue_wait` | ns | from the service's first "not ready" to its call, before the request was seen; no part of `latency` | `None`: it was ready at once, or is polled through a router that hides it; see [`Queue`](crate::Queue) |
/// | `request_bytes` | bytes | body bytes that the service read until the record was made, without framing | an upload left unread is 0; what is read after the response's end is not in it |
/// | `response_bytes` | bytes | body bytes that passed, whatever `Content-Length` said, without framing, headers and trailers | HEAD, 204, 304: 0; compressed by a layer inside: compressed, outside: uncompressed; after an upgrade: 0 |
/// | `finished_at` | wall clock, to 1 ms | when the record was made; decides its bucket | may run backwards when the clock is set; see [`Clock`](crate::RequestClock) |
/// | `units` | the host's own | what the response's extensions say that the request used | `None`: they say nothing, or there was no response |
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestRecord<'a> {
    /// Decides how `status` was found.
    pub protocol: Protocol,
    /// One of the standard methods, or [`OTHER_METHOD`](crate::OTHER_METHOD).
    pub method: &'static str,
    /// The route template (`/users/{id}`), never a raw path; at most 1,024 bytes.
    pub endpoint: &'a str,
    /// The raw path, but only where no route matched, for a sample of what scanners ask for.
    pub unmatched_path: Option<&'a str>,
    /// The consumer that the host has verified.
    pub api_key: Option<&'a ApiKey>,
    /// The status that was sent; for gRPC the HTTP equivalent of `grpc-status`. `None`: none was sent.
    pub status: Option<u16>,
    /// How the request ended.
    pub outcome: Outcome,
    /// From the request being seen to the last body byte; time to headers for long-lived responses.
    /// `None` where the source of an import has no times.
    pub latency: Option<Duration>,
    /// From the request being seen to the response's head leaving. `None`: there was no response, or
    /// nobody asked for it.
    pub time_to_headers: Option<Duration>,
    /// How long the caller waited for the service to become ready, before the request was seen. `None`: it
    /// did not wait.
    pub queue_wait: Option<Duration>,
    /// Body bytes of the request that the service really read.
    pub request_bytes: u64,
    /// Body bytes of the response that really passed, whatever `Content-Length` said.
    pub response_bytes: u64,
    /// The wall clock when the request finished; decides its bucket.
    pub finished_at: SystemTime,
    /// What the request used, by name, as the response's extensions say; see [`Units`].
    pub units: Option<&'a Units>,
}

impl<'a> RequestRecord<'a> {
    /// A completed HTTP request without key, bytes or times: the start for imports and tests,
    /// to be filled in field by field.
    #[must_use]
    pub const fn new(method: &'static str, endpoint: &'a str, finished_at: SystemTime) -> Self {
        Self {
            protocol: Protocol::Http,
            method,
            endpoint,
            unmatched_path: None,
            api_key: None,
            status: Some(200),
            outcome: Outcome::Completed,
            latency: None,
            time_to_headers: None,
            queue_wait: None,
            request_bytes: 0,
            response_bytes: 0,
            finished_at,
            units: None,
        }
    }

    /// The status under which the request is counted: the one that was sent, else 499 for
    /// [`Outcome::Aborted`] and 500 for [`Outcome::Failed`] and [`Outcome::Panicked`].
    #[must_use]
    pub const fn counted_status(&self) -> u16 {
        match (self.status, self.outcome) {
            (Some(status), _) => status,
            (None, Outcome::Completed) => 200,
            (None, Outcome::Aborted) => 499,
            (None, Outcome::Failed | Outcome::Panicked) => 500,
        }
    }
}

/// In a response's extensions: the request is left out of the numbers.
///
/// For what is no use of the service, such as the page on which a consumer reads its own usage. A request
/// that ends before its response has a head is recorded all the same, because nothing has said so yet.
///
/// ```
/// use api_metrics_layer::Unrecorded;
/// use http::Response;
///
/// let mut response = Response::new("your usage so far");
/// response.extensions_mut().insert(Unrecorded);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unrecorded;
