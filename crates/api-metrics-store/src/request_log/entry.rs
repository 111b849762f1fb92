//! One kept request: in memory as it was captured, and as it is stored.

use std::{net::IpAddr, time::UNIX_EPOCH};

use api_metrics_layer::{ErrorDetail, LogEvent, LoggedRequest, Outcome, Place};
use uuid::Uuid;

use super::{
    event::{self, EventText},
    group,
    scrub::scrubbed,
    snapshot::{self, Copied},
    texts::{TextOf, Texts},
    words::{MAX_WORDS, all_words, words},
};

/// Why a request was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Everything,
    Error,
    ClientError,
    Slow,
    Sample,
    /// It is no request, but an event outside of any.
    Event,
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
            Self::Event => EVENT,
        }
    }
}

/// The reason under which events are stored.
pub(crate) const EVENT: &str = "event";

/// What keys are named beyond a process's bound: the recorder, which the log does not use, names its own so.
pub(crate) const OTHER_KEY: &str = "<other key>";

/// A request that was chosen, as it was captured. Its texts are scrubbed when it is stored.
#[derive(Debug)]
pub(crate) struct Entry {
    pub id: Uuid,
    pub at_ms: i64,
    pub weight: u64,
    pub reason: Reason,
    pub protocol: &'static str,
    pub method: &'static str,
    texts: Texts,
    /// Whether its key is one of too many, which have one name.
    is_other_key: bool,
    pub status: Option<u16>,
    pub counted: u16,
    pub outcome: Outcome,
    pub latency_us: Option<i64>,
    pub ttfb_us: Option<i64>,
    pub queue_wait_us: Option<i64>,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub client: Option<IpAddr>,
    pub trace: Option<([u8; 16], [u8; 8])>,
    pub error: Option<ErrorDetail>,
    pub place: Place,
    pub lines: Vec<LogEvent>,
    pub lines_left_out: u32,
    /// What it says, where it is an event and no request.
    pub event: Option<Box<LogEvent>>,
    /// What it carried, where its route leaves a snapshot.
    pub snapshot: Option<Box<Copied>>,
}

impl Entry {
    /// Copies what is kept of a request.
    pub(crate) fn of(request: &LoggedRequest<'_>, id: Uuid, at_ms: i64, reason: Reason) -> Self {
        let record = request.record;
        let length = |text: Option<&str>| text.map_or(0, str::len);
        // A path is mostly as long as its template, and a key or an id of 32 digits fits.
        let mut texts = Texts::with_capacity(
            2 * record.endpoint.len()
                + length(request.user_agent)
                + length(request.request_id)
                + record.api_key.map_or(0, |_| 32)
                + request.user.map_or(0, |_| 32)
                + 16,
        );
        texts.push(TextOf::Endpoint, record.endpoint);
        texts.push(TextOf::Path, request.path);
        if let Some(key) = record.api_key {
            texts.push(TextOf::ApiKey, key);
        }
        if let Some(user) = request.user {
            texts.push(TextOf::User, user);
        }
        for (of, text) in [
            (TextOf::Agent, request.user_agent),
            (TextOf::RequestId, request.request_id),
        ] {
            if let Some(text) = text {
                texts.push(of, text);
            }
        }
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
            texts,
            is_other_key: false,
            status: record.status,
            counted: record.counted_status(),
            outcome: record.outcome,
            latency_us: micros(record.latency),
            ttfb_us: micros(record.time_to_headers),
            queue_wait_us: micros(record.queue_wait),
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            client: request.client_address,
            trace: request.trace.map(|trace| (trace.trace_id, trace.span_id)),
            error: request.error.detail(),
            place: request.place.place(),
            lines: request.lines.to_vec(),
            lines_left_out: request.lines_left_out,
            event: None,
            snapshot: None,
        }
    }

    /// An event outside of all requests.
    pub(crate) fn of_event(event: LogEvent, id: Uuid, at_ms: i64) -> Self {
        Self {
            id,
            at_ms,
            weight: 1,
            reason: Reason::Event,
            protocol: "",
            method: "",
            texts: Texts::default(),
            is_other_key: false,
            status: None,
            counted: 0,
            outcome: Outcome::Completed,
            latency_us: None,
            ttfb_us: None,
            queue_wait_us: None,
            request_bytes: 0,
            response_bytes: 0,
            client: None,
            trace: None,
            error: None,
            place: Place::default(),
            lines: Vec::new(),
            lines_left_out: 0,
            event: Some(Box::new(event)),
            snapshot: None,
        }
    }

    /// Its API key.
    pub(crate) fn api_key(&self) -> Option<&str> {
        let key = self.texts.get(TextOf::ApiKey);
        key.map(|key| if self.is_other_key { OTHER_KEY } else { key })
    }

    /// Names its key as one of too many.
    pub(crate) fn name_other_key(&mut self) {
        self.is_other_key = true;
    }

    /// Its user.
    pub(crate) fn user(&self) -> Option<&str> {
        self.texts.get(TextOf::User)
    }

    /// The memory that it takes, roughly and never less.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        let error = self.error.as_ref().map_or(0, |error| {
            error.message.len() + error.error_type.as_deref().map_or(0, str::len) + 64
        });
        size_of::<Self>()
            + self.texts.capacity()
            + text(&self.place.region)
            + text(&self.place.city)
            + self.lines.iter().map(event::bytes).sum::<usize>()
            + self.event.as_deref().map_or(0, event::bytes)
            + self.snapshot.as_deref().map_or(0, Copied::bytes)
            + error
    }

    /// As it is stored: scrubbed, with its words and its group.
    pub(crate) fn stored(&self) -> Stored {
        let clean = |text: &str| scrubbed(&plain(text)).into_owned();
        let error = self.error.as_ref();
        let path = clean(self.texts.get(TextOf::Path).unwrap_or_default());
        let agent = self.texts.get(TextOf::Agent).map(clean);
        let message = error.map(|error| clean(&error.message));
        let error_type = error.and_then(|error| error.error_type.as_deref().map(clean));
        let texts = [
            Some(&path),
            message.as_ref(),
            error_type.as_ref(),
            agent.as_ref(),
        ];
        let lines: Vec<_> = self.lines.iter().map(EventText::of).collect();
        let event = self.event.as_deref().map(EventText::of);
        let own = words(
            texts
                .into_iter()
                .flatten()
                .map(String::as_str)
                .chain(event.iter().flat_map(EventText::texts)),
        );
        let of_lines = words(lines.iter().flat_map(EventText::texts));
        let levels = self.lines.iter().chain(self.event.as_deref());
        let levels = levels.fold(0, |levels, event| levels | event::bit(event.level));
        let source = event.as_ref().map(|event| event.source.clone());
        let (event_message, fields) = event.map(|event| (event.message, event.fields)).unzip();
        let mut stored = Stored {
            method: self.method,
            endpoint: plain(self.texts.get(TextOf::Endpoint).unwrap_or_default()),
            counted: self.counted,
            outcome: if self.event.is_some() {
                EVENT
            } else {
                outcome(self.outcome)
            },
            source: source.unwrap_or_default(),
            level: self.event.as_ref().map(|event| event.level.as_str()),
            levels,
            fields: fields.filter(|fields| !fields.is_empty()),
            lines: event::json(&lines),
            words: all_words([own.as_str(), of_lines.as_str()], 2 * MAX_WORDS),
            own_words: own,
            line_words: of_lines,
            region: self.place.region.as_deref().map(clean),
            city: self.place.city.as_deref().map(clean),
            request_id: self.texts.get(TextOf::RequestId).and_then(id),
            path,
            agent,
            error_type,
            message: event_message.or(message),
            snapshot: self
                .snapshot
                .as_deref()
                .map(|it| snapshot::text_of(&it.masked())),
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
    /// Where an event comes from; empty for a request.
    pub source: String,
    /// The level of an event.
    pub level: Option<&'static str>,
    /// A bit for each level that occurs.
    pub levels: i64,
    /// The fields of an event.
    pub fields: Option<String>,
    /// Lines as JSON.
    pub lines: Option<String>,
    /// The words by which it is found.
    pub words: String,
    /// Those without the words of lines.
    pub own_words: String,
    /// The words of lines.
    pub line_words: String,
    pub region: Option<String>,
    pub city: Option<String>,
    /// A snapshot as JSON.
    pub snapshot: Option<String>,
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
pub(super) fn plain(text: &str) -> String {
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
