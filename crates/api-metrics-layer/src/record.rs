//! What the layer tells a sink about one finished request.

use std::time::{Duration, SystemTime};

use crate::ApiKey;

/// The protocol that a request spoke, as far as the meaning of its status is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP of any version.
    Http,
    /// gRPC over HTTP/2: the outcome stands in `grpc-status`.
    Grpc,
}

impl Protocol {
    /// The name under which stores keep it: `http` or `grpc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

/// How a request ended, independent of the status that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The whole response passed.
    Completed,
    /// The caller left: the response future or the response body was dropped before its end.
    Aborted,
    /// The service answered with an error, or the response body failed.
    Failed,
    /// The service panicked inside `call` or `poll`.
    Panicked,
}

/// One finished request. All fields are borrowed or `Copy`: a sink allocates only if it wants to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestRecord<'a> {
    /// Decides how `status` was found.
    pub protocol: Protocol,
    /// One of the standard methods (RFC 9110, and PATCH of RFC 5789), or [`OTHER_METHOD`](crate::OTHER_METHOD).
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
    /// From the request being seen to the last body byte; time to headers for long-lived streams.
    /// `None` where the source of an import has no times.
    pub latency: Option<Duration>,
    /// From the request being seen to the response's head being ready. `None`: there was no response.
    pub time_to_headers: Option<Duration>,
    /// Body bytes of the request that the service really read.
    pub request_bytes: u64,
    /// Body bytes of the response that really passed, whatever `Content-Length` said.
    pub response_bytes: u64,
    /// The wall clock when the request finished; decides its bucket.
    pub finished_at: SystemTime,
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
            request_bytes: 0,
            response_bytes: 0,
            finished_at,
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
