//! Snapshots: what a request and its response carried, for routes that ask for it.
//!
//! References to headers and the first bytes of bodies, copied as frames pass. Nothing is held back, and nothing is
//! masked yet: a sink works on what it keeps alone.

mod prefix;
mod replay;
mod settings;

use std::mem;

use bytes::Buf;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    uri::PathAndQuery,
};

pub(crate) use self::{prefix::Prefix, replay::is_replay};
pub use self::{
    replay::{REPLAY_HEADER, ReplaySecret, Replayed},
    settings::{MASKED_NAMES, Snapshots},
};
use super::RequestLogSink;
use crate::{Outcome, RequestRecord};

/// Memory that a snapshot takes beside its bodies, roughly.
const BASE_BYTES: usize = 1_024;

/// The snapshot of the request under way.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    is_taken: bool,
    /// Memory that the sink has reserved for it, in bytes.
    reserved: usize,
    /// Whether there was none, so that the request leaves no snapshot.
    is_refused: bool,
    request: Message,
    response: Message,
}

/// What was taken of a request or a response.
#[derive(Debug, Default)]
struct Message {
    /// The headers that are taken: the place of their name in the settings, and their value.
    headers: Vec<(usize, HeaderValue)>,
    content_type: Option<HeaderValue>,
    is_encoded: bool,
    /// Whether its body is copied.
    is_copied: bool,
    body: Prefix,
    /// How long its body is to be, where that is known.
    declared: Option<u64>,
}

impl Message {
    fn of(headers: &HeaderMap, names: &[HeaderName]) -> Self {
        let mut taken = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if *name != REPLAY_HEADER {
                let values = headers.get_all(name).iter();
                taken.extend(values.map(|value| (place, value.clone())));
            }
        }
        Self {
            headers: taken,
            content_type: headers.get(CONTENT_TYPE).cloned(),
            is_encoded: headers
                .get(CONTENT_ENCODING)
                .is_some_and(|coding| coding != "identity"),
            is_copied: false,
            body: Prefix::default(),
            declared: None,
        }
    }

    /// Memory of the headers.
    fn bytes(&self) -> usize {
        let values = self.headers.iter().map(|(_, value)| value.len() + 64);
        values.sum::<usize>() + BASE_BYTES
    }

    /// How much of a body is copied.
    fn wanted(&self, snapshots: &Snapshots, hint: &http_body::SizeHint) -> usize {
        let content_type = self.content_type.as_ref();
        let content_type = content_type.and_then(|value| value.to_str().ok());
        if self.is_encoded || !content_type.is_some_and(|it| snapshots.takes(it)) {
            return 0;
        }
        let most = snapshots.body_bytes();
        let upper = hint.upper().and_then(|upper| usize::try_from(upper).ok());
        upper.map_or(most, |upper| upper.min(most))
    }
}

impl Snapshot {
    /// Begins with the request's head. Returns how much of its body is to be copied.
    pub(super) fn on_request<B: http_body::Body>(
        &mut self,
        request: &Request<B>,
        snapshots: &Snapshots,
        log: &dyn RequestLogSink,
    ) -> usize {
        let mut message = Message::of(request.headers(), &snapshots.request_headers);
        let body = request.body();
        let wanted = if body.is_end_stream() {
            0
        } else {
            message.wanted(snapshots, &body.size_hint())
        };
        if !self.reserve(message.bytes() + wanted, log) {
            return 0;
        }
        message.is_copied = wanted > 0;
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        message.declared = request.body().size_hint().exact().or(length);
        self.request = message;
        self.is_taken = true;
        wanted
    }

    /// Takes memory from the sink. Without it there is no snapshot.
    fn reserve(&mut self, bytes: usize, log: &dyn RequestLogSink) -> bool {
        let reserved = log.reserve_snapshot(bytes);
        if reserved {
            self.reserved += bytes;
        } else {
            self.is_refused = true;
        }
        reserved
    }

    /// Whether the request's body is copied.
    pub(super) const fn copies_request(&self) -> bool {
        self.request.is_copied
    }

    /// The copy of the request's body is done.
    pub(super) fn request_body(&mut self, prefix: Prefix) {
        self.request.body = prefix;
    }

    pub(super) fn on_response<B: http_body::Body>(
        &mut self,
        response: &Response<B>,
        snapshots: &Snapshots,
        log: &dyn RequestLogSink,
    ) {
        if !self.is_taken {
            return;
        }
        let mut message = Message::of(response.headers(), &snapshots.response_headers);
        let body = response.body();
        let wanted = if body.is_end_stream() {
            0
        } else {
            message.wanted(snapshots, &body.size_hint())
        };
        if self.reserve(message.bytes() + wanted, log) {
            message.is_copied = wanted > 0;
            message.body = Prefix::new(wanted);
            self.response = message;
        } else {
            self.is_taken = false;
        }
    }

    /// A piece of the response's body.
    #[inline]
    pub(super) fn on_data(&mut self, data: &impl Buf) {
        if self.response.is_copied {
            self.response.body.push(data);
        }
    }

    pub(super) fn logged<'a>(
        &'a self,
        path: Option<&'a PathAndQuery>,
        record: &RequestRecord<'_>,
        snapshots: &'a Snapshots,
    ) -> Option<LoggedSnapshot<'a>> {
        if !self.is_taken && !self.is_refused {
            return None;
        }
        let query = path.and_then(PathAndQuery::query);
        Some(LoggedSnapshot {
            is_dropped: self.is_refused,
            query: query.filter(|_| snapshots.query),
            request: LoggedMessage {
                message: &self.request,
                names: &snapshots.request_headers,
                total: record.request_bytes,
                // The service may have stopped reading anywhere.
                is_complete: self.request.declared == Some(record.request_bytes),
            },
            response: LoggedMessage {
                message: &self.response,
                names: &snapshots.response_headers,
                total: record.response_bytes,
                is_complete: record.outcome == Outcome::Completed,
            },
        })
    }

    /// Drops what was taken, and gives its memory back.
    pub(super) fn clear(&mut self, log: &dyn RequestLogSink) {
        if self.is_taken || self.is_refused {
            let reserved = mem::take(self).reserved;
            if reserved > 0 {
                log.release_snapshot(reserved);
            }
        }
    }
}

/// What a request and its response carried, as it was sent: nothing of it is masked. Whoever keeps it masks it
/// first.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LoggedSnapshot<'a> {
    /// Whether there was no memory for it, so that it holds nothing.
    pub is_dropped: bool,
    /// The query string, as it was sent.
    pub query: Option<&'a str>,
    request: LoggedMessage<'a>,
    response: LoggedMessage<'a>,
}

#[derive(Debug, Clone, Copy)]
struct LoggedMessage<'a> {
    message: &'a Message,
    names: &'a [HeaderName],
    /// Bytes that have passed of its body.
    total: u64,
    /// Whether it was not broken off.
    is_complete: bool,
}

impl<'a> LoggedMessage<'a> {
    fn headers(self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let headers = self.message.headers.iter();
        headers.filter_map(move |(place, value)| {
            Some((self.names.get(*place)?.as_str(), value.as_bytes()))
        })
    }

    fn body(self) -> Option<LoggedBody<'a>> {
        let content_type = self.message.content_type.as_ref();
        if self.total == 0 {
            return None;
        }
        Some(LoggedBody {
            content_type: content_type.and_then(|value| value.to_str().ok()),
            is_encoded: self.message.is_encoded,
            bytes: self.message.is_copied.then(|| self.message.body.bytes()),
            is_whole: self.is_complete && self.message.body.is_whole(self.total),
            total: self.total,
        })
    }
}

impl<'a> LoggedSnapshot<'a> {
    /// The request's headers that are taken, in the order of the settings.
    pub fn request_headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        self.request.headers()
    }

    /// The response's headers that are taken, in the order of the settings.
    pub fn response_headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        self.response.headers()
    }

    /// The request's body, as far as the service has read it; `None` where it has read none.
    #[must_use]
    pub fn request_body(&self) -> Option<LoggedBody<'a>> {
        self.request.body()
    }

    /// The response's body, as far as it was sent; `None` where none was.
    #[must_use]
    pub fn response_body(&self) -> Option<LoggedBody<'a>> {
        self.response.body()
    }
}

/// The beginning of a body, as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedBody<'a> {
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Whether it is compressed: then it is not copied.
    pub is_encoded: bool,
    /// Its first bytes; `None` where bodies of its type are not taken.
    pub bytes: Option<&'a [u8]>,
    /// Whether these are all of it that has passed.
    pub is_whole: bool,
    /// Bytes of it that have passed.
    pub total: u64,
}

impl<'a> LoggedBody<'a> {
    /// A body, for tests: all of it was copied.
    #[must_use]
    pub const fn new(content_type: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            content_type: Some(content_type),
            is_encoded: false,
            bytes: Some(bytes),
            is_whole: true,
            total: bytes.len() as u64,
        }
    }
}
