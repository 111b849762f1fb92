//! Records that outlive their requests, and the sink that takes them.

use std::time::{Duration, SystemTime};

use api_metrics_layer::{MetricSink, Outcome, Protocol, RequestRecord};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{START, bound};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) protocol: Protocol,
    pub(crate) method: &'static str,
    pub(crate) endpoint: String,
    pub(crate) unmatched_path: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    pub(crate) latency: Option<Duration>,
    pub(crate) time_to_headers: Option<Duration>,
    pub(crate) queue_wait: Option<Duration>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) finished_at: Duration,
    /// As `Debug` shows them; empty without.
    pub(crate) units: String,
}

impl Record {
    /// A completed exchange without bodies that took no time, at the clock's start.
    pub(crate) fn new(method: &'static str, endpoint: &str) -> Self {
        Self {
            protocol: Protocol::Http,
            method,
            endpoint: endpoint.to_owned(),
            unmatched_path: None,
            api_key: None,
            status: Some(200),
            outcome: Outcome::Completed,
            latency: Some(Duration::ZERO),
            time_to_headers: Some(Duration::ZERO),
            queue_wait: None,
            request_bytes: 0,
            response_bytes: 0,
            finished_at: START,
            units: String::new(),
        }
    }
}

pub(crate) fn get(endpoint: &str) -> Record {
    Record::new("GET", endpoint)
}

pub(crate) fn post(endpoint: &str) -> Record {
    Record::new("POST", endpoint)
}

/// Ended before there was a response.
pub(crate) fn aborted(record: Record) -> Record {
    Record {
        status: None,
        outcome: Outcome::Aborted,
        time_to_headers: None,
        ..record
    }
}

impl From<&RequestRecord<'_>> for Record {
    fn from(record: &RequestRecord<'_>) -> Self {
        Self {
            protocol: record.protocol,
            method: record.method,
            endpoint: record.endpoint.to_owned(),
            unmatched_path: record.unmatched_path.map(str::to_owned),
            api_key: record.api_key.map(ToString::to_string),
            status: record.status,
            outcome: record.outcome,
            latency: record.latency,
            time_to_headers: record.time_to_headers,
            queue_wait: record.queue_wait,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            finished_at: record
                .finished_at
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap(),
            units: record
                .units
                .map_or_else(String::new, |units| format!("{units:?}")),
        }
    }
}

/// The sink's far end.
pub(crate) struct Recorded(UnboundedReceiver<Record>);

struct Sink(UnboundedSender<Record>);

impl MetricSink for Sink {
    fn record(&self, record: &RequestRecord<'_>) {
        // A test that is over reads no more.
        let _ = self.0.send(record.into());
    }
}

impl Recorded {
    pub(crate) fn pair() -> (impl MetricSink, Self) {
        let (sender, receiver) = unbounded_channel();
        (Sink(sender), Self(receiver))
    }

    /// The next record, in the order of their ends.
    pub(crate) async fn next(&mut self) -> Record {
        bound("a record", self.0.recv()).await.unwrap()
    }

    /// What was recorded and not asked for.
    pub(crate) fn rest(&mut self) -> Vec<Record> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}
