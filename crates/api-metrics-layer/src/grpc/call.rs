//! What a layer learns of one call that speaks gRPC, or claims to.

use std::time::Duration;

use bytes::Buf;
use http::{HeaderMap, StatusCode};

use super::{Flavour, UNIMPLEMENTED, UNKNOWN, code_in, frames::Frames, http_equivalent, timeout};
use crate::Outcome;

/// The code of a call whose deadline is over.
const DEADLINE_EXCEEDED: u16 = 4;

/// One call. Where `claimed` is `None`, the request speaks no gRPC.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// The kind of gRPC that the request claims to speak.
    claimed: Option<Flavour>,
    /// The kind of gRPC that the response speaks.
    spoken: Option<Flavour>,
    code: Option<u16>,
    /// Whether the code stood in trailers, which only a method sends that has run.
    in_trailers: bool,
    /// When the client gives up, counted from the request.
    timeout: Option<Duration>,
    frames: Frames,
}

impl Call {
    /// Forgets the call. What else it holds is set anew with the next [claim](Self::claim).
    #[inline(always)]
    pub(crate) const fn reset(&mut self) {
        self.claimed = None;
        self.spoken = None;
    }

    /// Reads the head of a POST request.
    #[inline]
    pub(crate) fn on_request(&mut self, headers: &HeaderMap) {
        if let Some(flavour) = Flavour::of(headers) {
            self.claim(flavour, headers);
        }
    }

    #[cold]
    fn claim(&mut self, flavour: Flavour, headers: &HeaderMap) {
        *self = Self {
            claimed: Some(flavour),
            timeout: timeout::timeout_in(headers),
            ..Self::default()
        };
    }

    /// Reads the response's head.
    #[cold]
    pub(crate) fn on_headers(&mut self, headers: &HeaderMap) {
        self.spoken = Flavour::of(headers);
        if self.spoken.is_some() {
            self.code = code_in(headers);
        }
    }

    #[inline(always)]
    pub(crate) const fn is_claimed(&self) -> bool {
        self.claimed.is_some()
    }

    #[inline(always)]
    pub(crate) const fn is_spoken(&self) -> bool {
        self.spoken.is_some()
    }

    /// Reads a piece of the response's body.
    #[cold]
    pub(crate) fn on_data(&mut self, data: &impl Buf) {
        let bytes = data.chunk();
        if bytes.len() < data.remaining() {
            // The rest can't be seen without taking it away from the reader.
            self.frames.skip();
            return;
        }
        match self.spoken {
            Some(Flavour::WebText) => self.frames.read_base64(bytes),
            _ => self.frames.read(bytes),
        }
    }

    #[cold]
    pub(crate) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(code) = code_in(trailers) {
            self.code = Some(code);
            self.in_trailers = true;
        }
    }

    /// Reads what grpc-web has put into the body, at its end.
    pub(crate) fn on_end(&mut self) {
        if let (Some(Flavour::Web | Flavour::WebText), Some(code)) =
            (self.spoken, self.frames.code())
        {
            self.code = Some(code);
            self.in_trailers = true;
        }
    }

    /// Whether the status shows that the method ran. See [`shows_method`](super::shows_method).
    pub(crate) const fn shows_method(&self) -> bool {
        super::shows_method(self.code, self.in_trailers)
    }

    pub(crate) const fn is_unimplemented(&self) -> bool {
        matches!(self.code, Some(UNIMPLEMENTED))
    }

    /// Whether the response had more than one message.
    pub(crate) const fn is_stream(&self) -> bool {
        self.frames.is_stream()
    }

    /// The HTTP equivalent of the call's status, whose response's head had the status `sent`, and which ended
    /// after `elapsed`. `server` is a deadline of the server's own.
    pub(crate) fn status(
        &self,
        sent: Option<StatusCode>,
        outcome: Outcome,
        elapsed: Duration,
        server: Option<Duration>,
    ) -> Option<u16> {
        let Some(sent) = sent else {
            // The server's own deadline ends at the head, the client's with the call.
            let deadline = [self.timeout, server].into_iter().flatten().min();
            return self.overdue(outcome, elapsed, deadline);
        };
        match (self.spoken, self.code) {
            (Some(_), Some(code)) => Some(http_equivalent(code)),
            (Some(Flavour::Grpc), None) if sent == StatusCode::OK => match outcome {
                // A client takes the missing status for UNKNOWN.
                Outcome::Completed => Some(http_equivalent(UNKNOWN)),
                _ => self.overdue(outcome, elapsed, self.timeout),
            },
            _ => Some(sent.as_u16()),
        }
    }

    /// DEADLINE_EXCEEDED, where the call was dropped after its deadline.
    fn overdue(
        &self,
        outcome: Outcome,
        elapsed: Duration,
        deadline: Option<Duration>,
    ) -> Option<u16> {
        let over = outcome == Outcome::Aborted
            && deadline.is_some_and(|deadline| timeout::is_over(elapsed, deadline));
        over.then(|| http_equivalent(DEADLINE_EXCEEDED))
    }
}
