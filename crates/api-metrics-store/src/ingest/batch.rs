//! What one request to ingest brings, and what it is answered.

use std::time::{Duration, SystemTime};

use api_metrics_layer::{
    ApiKey, ErrorDetail, Outcome, Protocol, RequestRecord, TraceContext, Units, UserId,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{point::MetricPoint, token::hex};
use crate::store::StoreError;

/// One finished request of another service, as [`RequestRecord`] has it, but owned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IngestItem {
    /// HTTP, gRPC, or a kind of events.
    pub protocol: Protocol,
    /// A standard method or `_OTHER`; of an event its [label](api_metrics_layer::event_label), or nothing.
    pub method: &'static str,
    /// The route template, at most 1,024 bytes.
    pub endpoint: String,
    /// The consumer.
    pub api_key: Option<ApiKey>,
    /// The status that was sent; `None`: none was sent.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// From its arrival to its end; `None`: not known.
    pub latency: Option<Duration>,
    /// From its arrival to its response's head; `None`: not known.
    pub time_to_headers: Option<Duration>,
    /// Body bytes of the request.
    pub request_bytes: u64,
    /// Body bytes of the response.
    pub response_bytes: u64,
    /// When it ended; decides its bucket.
    pub finished_at: SystemTime,
    /// The path, for the request log alone, which masks it.
    pub path: Option<String>,
    /// Who made it, for the request log alone.
    pub user: Option<UserId>,
    /// The trace that it belongs to, for the request log alone.
    pub trace: Option<TraceContext>,
    /// Its id, at most 128 bytes of visible ASCII, for the request log alone.
    pub request_id: Option<String>,
    /// What went wrong, for the request log alone.
    pub error: Option<ErrorDetail>,
    /// What it used.
    pub units: Option<Units>,
    /// What else is known of it, as names and values, for the request log alone.
    pub context: Vec<(String, String)>,
}

impl IngestItem {
    /// A completed HTTP request with status 200 and without key, bytes or times.
    #[must_use]
    pub fn new(method: &'static str, endpoint: impl Into<String>, finished_at: SystemTime) -> Self {
        Self {
            protocol: Protocol::Http,
            method,
            endpoint: endpoint.into(),
            api_key: None,
            status: Some(200),
            outcome: Outcome::Completed,
            latency: None,
            time_to_headers: None,
            request_bytes: 0,
            response_bytes: 0,
            finished_at,
            path: None,
            user: None,
            trace: None,
            request_id: None,
            error: None,
            units: None,
            context: Vec::new(),
        }
    }

    /// The same as a record, with a label of its own.
    pub(super) fn record<'a>(&'a self, endpoint: &'a str) -> RequestRecord<'a> {
        let mut record = RequestRecord::new(self.method, endpoint, self.finished_at);
        record.protocol = self.protocol;
        record.api_key = self.api_key.as_ref();
        record.status = self.status;
        record.outcome = self.outcome;
        record.latency = self.latency;
        record.time_to_headers = self.time_to_headers;
        record.request_bytes = self.request_bytes;
        record.response_bytes = self.response_bytes;
        record.units = self.units.as_ref();
        record
    }
}

/// An item that is not counted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedItem {
    /// Its place in the batch, from 0.
    pub place: u32,
    /// The member that is wrong; `None`: the item as a whole.
    pub member: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// The requests of one batch, and what is refused of it already.
///
/// The [module](super) has an example.
#[derive(Debug, Clone)]
pub struct IngestBatch {
    /// The key under which it is counted once, and the hash of its body.
    pub(super) once: Option<Once>,
    /// What is to be counted, with its place and its text.
    pub(super) items: Vec<(u32, IngestItem, Box<str>)>,
    /// Points of metrics, whose differences are to be counted.
    pub(super) points: Vec<MetricPoint>,
    /// What is wrong already, with its text.
    pub(super) refused: Vec<(RefusedItem, Box<str>)>,
    /// Whether it is a dead letter, which leaves none behind when it is refused again.
    pub(super) is_retry: bool,
    /// Whether its items are events.
    pub(super) is_of_events: bool,
    /// In which shapes of the collector its items came, each with the place from which on.
    pub(super) shapes: Vec<(u32, &'static str)>,
    /// Whether its items are logged and not counted.
    pub(super) is_logged_only: bool,
}

/// How a batch is known when it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Once {
    pub(super) key: String,
    pub(super) fingerprint: String,
}

impl IngestBatch {
    /// An empty batch. With an idempotency `key`, which should be of at most 200 bytes, a batch of the same
    /// token and key that was counted in the last 24 hours gets the same answer and is not counted again;
    /// `body` tells whether it is the same batch.
    #[must_use]
    pub fn new(key: Option<&str>, body: &[u8]) -> Self {
        Self {
            once: key.map(|key| Once {
                key: key.to_owned(),
                fingerprint: hex(&Sha256::digest(body)),
            }),
            items: Vec::new(),
            points: Vec::new(),
            refused: Vec::new(),
            is_retry: false,
            is_of_events: false,
            shapes: Vec::new(),
            is_logged_only: false,
        }
    }

    /// The same, whose items are events: what is refused of it is kept as such.
    #[must_use]
    pub const fn of_events(mut self) -> Self {
        self.is_of_events = true;
        self
    }

    /// The same, whose items came in these shapes, each from a place on: what is refused of it is kept with its
    /// shape, so that it can be read again.
    #[must_use]
    pub fn of_shapes(mut self, shapes: Vec<(u32, &'static str)>) -> Self {
        self.shapes = shapes;
        self.of_events()
    }

    /// The shape in which the item of a place came.
    pub(super) fn shape_of(&self, place: u32) -> Option<&'static str> {
        let before = self.shapes.iter().rev();
        let found = before.copied().find(|(from, _)| *from <= place);
        found.map(|(_, shape)| shape)
    }

    /// Points of metrics. The same `body`, sent again by the same token within 24 hours, is counted once.
    #[must_use]
    pub fn of_points(points: Vec<MetricPoint>, body: &[u8]) -> Self {
        let mut batch = Self::new(None, body);
        let fingerprint = hex(&Sha256::digest(body));
        batch.once = Some(Once {
            key: format!("points {fingerprint}"),
            fingerprint,
        });
        batch.points = points;
        batch
    }

    /// Single requests that are offered to the log and counted elsewhere. The same `body`, sent again by the same token
    /// within 24 hours, is offered once.
    #[must_use]
    pub fn of_spans(items: Vec<IngestItem>, body: &[u8]) -> Self {
        let mut batch = Self::of_points(Vec::new(), body);
        for (place, item) in (0..).zip(items) {
            batch.push(place, item, "");
        }
        batch.is_logged_only = true;
        batch
    }

    /// The item of a dead letter, tried again. Accepted, it is counted once, however often that is tried.
    #[must_use]
    pub fn retry_of(letter: i64, item: IngestItem, text: &str) -> Self {
        let mut batch = Self::new(Some(&format!("dead letter {letter}")), text.as_bytes());
        batch.push(0, item, text);
        batch.is_retry = true;
        batch
    }

    /// Adds an item. `text` is kept where it is refused later, because its key is another tenant's.
    pub fn push(&mut self, place: u32, item: IngestItem, text: &str) {
        self.items.push((place, item, text.into()));
    }

    /// Adds an item that is not counted: a dead letter.
    pub fn refuse(
        &mut self,
        place: u32,
        member: Option<&str>,
        reason: impl Into<String>,
        text: &str,
    ) {
        let refused = RefusedItem {
            place,
            member: member.map(str::to_owned),
            reason: reason.into(),
        };
        self.refused.push((refused, text.into()));
    }

    /// Items and points, refused ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len() + self.points.len() + self.refused.len()
    }

    /// Whether it has no item at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IngestAnswer {
    /// Items that are counted.
    pub accepted: u32,
    /// Items that are not, by their place.
    pub refused: Vec<RefusedItem>,
    /// Whether it had been counted before, under the same key.
    pub repeated: bool,
}

impl IngestAnswer {
    /// As it is kept for a repetition.
    pub(super) fn encode(&self) -> String {
        let refused = self.refused.iter();
        let refused = refused.map(|one| json!([one.place, one.member, one.reason]));
        json!([self.accepted, refused.collect::<Vec<_>>()]).to_string()
    }

    /// The answer that was kept, which is now a repetition's.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where it can't be read.
    pub(super) fn decode(text: &str) -> Result<Self, StoreError> {
        let read = || {
            let value: Value = serde_json::from_str(text).ok()?;
            let refused = value.get(1)?.as_array()?.iter().map(|one| {
                Some(RefusedItem {
                    place: u32::try_from(one.get(0)?.as_u64()?).ok()?,
                    member: one.get(1)?.as_str().map(str::to_owned),
                    reason: one.get(2)?.as_str()?.to_owned(),
                })
            });
            Some(Self {
                accepted: u32::try_from(value.get(0)?.as_u64()?).ok()?,
                refused: refused.collect::<Option<_>>()?,
                repeated: true,
            })
        };
        read().ok_or_else(|| StoreError::Corrupt("the kept answer of a batch".into()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_kept_answer_is_the_same_but_for_being_a_repetition() {
        let answer = IngestAnswer {
            accepted: 3,
            refused: vec![
                RefusedItem {
                    place: 1,
                    member: Some("status".into()),
                    reason: "`\u{202e}` is \"wrong\"".into(),
                },
                RefusedItem {
                    place: 2,
                    member: None,
                    reason: "not an object".into(),
                },
            ],
            repeated: false,
        };
        let mut kept = IngestAnswer::decode(&answer.encode()).unwrap();
        assert!(kept.repeated);
        kept.repeated = false;
        assert_eq!(kept, answer);
    }

    #[test]
    fn a_damaged_answer_is_an_error_and_no_panic() {
        for text in ["", "[]", "[1]", "[1,[[0]]]", "[-1,[]]", "{}"] {
            assert!(
                matches!(IngestAnswer::decode(text), Err(StoreError::Corrupt(_))),
                "{text}"
            );
        }
    }
}
