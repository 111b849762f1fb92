//! One kept request: in memory as it was captured, and as it is stored.

use std::{net::IpAddr, sync::Arc, time::UNIX_EPOCH};

use api_metrics_layer::{ErrorDetail, LoggedRequest, Outcome};
use uuid::Uuid;

use super::{group, scrub::scrubbed, words::words};

/// Why a request was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Everything,
    Error,
    ClientError,
    Slow,
    Sample,
}

impl Reason {
    /// The name under which it is stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Error => "error",
            Self::ClientError => "client_error",
            Self::Slow => "slow",
            Self::Sample => "sample",
        }
    }
}

/// A request that was chosen, as it was captured. Its texts are scrubbed when it is stored.
#[derive(Debug)]
pub(crate) struct Entry {
    pub id: Uuid,
    pub at_ms: i64,
    pub weight: u64,
    pub reason: Reason,
    pub protocol: &'static str,
    pub method: &'static str,
    pub endpoint: Arc<str>,
    pub api_key: Option<String>,
    pub status: Option<u16>,
    pub counted: u16,
    pub outcome: Outcome,
    pub latency_us: Option<i64>,
    pub ttfb_us: Option<i64>,
    pub queue_wait_us: Option<i64>,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub path: String,
    pub user: Option<String>,
    pub client: Option<IpAddr>,
    pub agent: Option<String>,
    pub request_id: Option<String>,
    pub trace: Option<([u8; 16], [u8; 8])>,
    pub error: Option<ErrorDetail>,
}

impl Entry {
    /// Copies what is kept of a request.
    pub(crate) fn of(
        request: &LoggedRequest<'_>,
        id: Uuid,
        at_ms: i64,
        reason: Reason,
        endpoint: Arc<str>,
    ) -> Self {
        let record = request.record;
        let micros = |time: Option<std::time::Duration>| {
            time.map(|time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
        };
        Self {
            id,
            at_ms,
            weight: 1,
            reason,
            protocol: record.protocol.as_str(),
            method: record.method,
            endpoint,
            api_key: record.api_key.map(ToString::to_string),
            status: record.status,
            counted: record.counted_status(),
            outcome: record.outcome,
            latency_us: micros(record.latency),
            ttfb_us: micros(record.time_to_headers),
            queue_wait_us: micros(record.queue_wait),
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            path: request.path.to_string(),
            user: request.user.map(ToString::to_string),
            client: request.client_address,
            agent: request.user_agent.map(str::to_owned),
            request_id: request.request_id.map(str::to_owned),
            trace: request.trace.map(|trace| (trace.trace_id, trace.span_id)),
            error: request.error.detail(),
        }
    }

    /// The memory that it takes, roughly and never less.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        let error = self.error.as_ref().map_or(0, |error| {
            error.message.len() + error.error_type.as_deref().map_or(0, str::len) + 64
        });
        size_of::<Self>()
            + self.path.capacity()
            + text(&self.api_key)
            + text(&self.user)
            + text(&self.agent)
            + text(&self.request_id)
            + error
    }

    /// As it is stored: scrubbed, with its words and its group.
    pub(crate) fn stored(&self) -> Stored {
        let clean = |text: &str| scrubbed(&plain(text)).into_owned();
        let error = self.error.as_ref();
        let path = clean(&self.path);
        let agent = self.agent.as_deref().map(clean);
        let message = error.map(|error| clean(&error.message));
        let error_type = error.and_then(|error| error.error_type.as_deref().map(clean));
        let texts = [
            Some(&path),
            message.as_ref(),
            error_type.as_ref(),
            agent.as_ref(),
        ];
        let words = words(texts.into_iter().flatten().map(String::as_str));
        let mut stored = Stored {
            method: self.method,
            endpoint: plain(&self.endpoint),
            counted: self.counted,
            outcome: outcome(self.outcome),
            request_id: self.request_id.as_deref().and_then(id),
            path,
            agent,
            error_type,
            message,
            words,
            group: None,
        };
        stored.group = group::of(&stored);
        stored
    }
}

/// The texts of a request as they are stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub method: &'static str,
    pub endpoint: String,
    pub counted: u16,
    pub outcome: &'static str,
    pub path: String,
    pub agent: Option<String>,
    pub request_id: Option<String>,
    pub error_type: Option<String>,
    pub message: Option<String>,
    pub words: String,
    pub group: Option<i64>,
}

/// The name under which an outcome is stored.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Aborted => "aborted",
        Outcome::Failed => "failed",
        Outcome::Panicked => "panicked",
        _ => "completed",
    }
}

/// Postgres' texts hold no NUL.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A client may write anything into its request's id: what looks like more than an id is not kept. Long
/// hexadecimal digits are what ids are made of.
fn id(id: &str) -> Option<String> {
    let is_id = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'='));
    let scrubbed = scrubbed(id);
    let secret = ["[email]", "[jwt]", "[card]", "[token]", "[hidden]"];
    let is_secret = secret.iter().any(|mark| scrubbed.contains(mark));
    (is_id && !is_secret).then(|| id.to_owned())
}

/// Unix milliseconds of a time, within what an id can hold.
pub(crate) fn millis(at: std::time::SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).map_or(MAX_MS, |ms| ms.min(MAX_MS))
}

/// The last millisecond that fits 48 bits.
const MAX_MS: i64 = (1 << 48) - 1;

/// An id that begins with its time: of the form that RFC 9562 calls version 7.
pub(crate) fn id_at(at_ms: i64, node: u64, number: u32) -> Uuid {
    let (at_ms, number) = (u128::from(at_ms.unsigned_abs()), u128::from(number));
    let node = u128::from(node) & ((1 << 42) - 1);
    Uuid::from_u128(
        at_ms << 80
            | 7 << 76
            | (number >> 20 & 0xfff) << 64
            | 2 << 62
            | node << 20
            | number & 0xf_ffff,
    )
}

/// The time that an id begins with, in Unix milliseconds.
pub(crate) fn ms_of(id: Uuid) -> i64 {
    // 48 bits.
    i64::try_from(id.as_u128() >> 80).unwrap_or(MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_by_number() {
        let at = 1_773_144_000_123;
        let ids = [
            id_at(at, u64::MAX, 0),
            id_at(at, u64::MAX, 1),
            id_at(at, u64::MAX, 1 << 20),
            id_at(at + 1, 0, 0),
            id_at(MAX_MS, 0, 0),
        ];
        assert!(ids.is_sorted());
        assert_eq!(ids.map(ms_of), [at, at, at, at + 1, MAX_MS]);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn an_id_that_is_more_than_an_id_is_not_kept() {
        for kept in [
            "r-1",
            "0123456789abcdef0123456789abcdef",
            "Root=1-67891233-abcdef012345678912345678",
        ] {
            assert_eq!(id(kept).as_deref(), Some(kept));
        }
        for refused in [
            "ann@example.org",
            "4111111111111111",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "a b",
            "<script>",
        ] {
            assert_eq!(id(refused), None, "{refused}");
        }
    }
}
