//! That every record is in exactly one place, within bounds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod batches;
mod bounds;
mod coarse;
mod concurrent;
mod rows;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};

use super::*;
use crate::{bucket::Bucket, sketch::SketchKind, time::ManualClock};

/// 2026-01-05T10:00:00Z, a whole hour.
const START: UnixSeconds = 1_767_607_200;

fn at(seconds: UnixSeconds) -> SystemTime {
    ManualClock::at(seconds).wall()
}

fn request(endpoint: &str, at_seconds: UnixSeconds) -> RequestRecord<'_> {
    let mut record = RequestRecord::new("GET", endpoint, at(at_seconds));
    record.latency = Some(Duration::from_micros(1_234));
    record
}

/// A recorder with one shard more than a single thread uses, and its clock.
fn recorder(set: impl FnOnce(&mut RecorderOptions)) -> (Recorder, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(START));
    let mut options = RecorderOptions {
        shards: 2,
        clock: clock.clone(),
        ..RecorderOptions::default()
    };
    set(&mut options);
    (Recorder::new(options), clock)
}

/// (method, endpoint, key, period) to bucket.
type Rows = BTreeMap<(String, String, Option<String>, UnixSeconds), Bucket>;

fn rows(deltas: &Deltas) -> Rows {
    let mut all = Rows::new();
    for row in deltas.rows() {
        let key = (
            row.series.method.to_owned(),
            row.series.endpoint.to_string(),
            row.series.api_key.as_ref().map(ApiKey::to_string),
            row.period_start,
        );
        assert_eq!(all.insert(key, row.bucket()), None, "a key came twice");
    }
    all
}

fn add(sum: &mut Rows, deltas: &Deltas) {
    for (key, bucket) in rows(deltas) {
        sum.entry(key)
            .or_insert_with(|| Bucket::new(bucket.sketch.kind()))
            .merge(&bucket)
            .unwrap();
    }
}

/// What a bare map would hold after these records.
fn expect(sum: &mut Rows, record: &RequestRecord<'_>) {
    let key = (
        record.method.to_owned(),
        record.endpoint.to_owned(),
        record.api_key.map(ApiKey::to_string),
        super::minute::minute_of(record.finished_at),
    );
    sum.entry(key)
        .or_insert_with(|| Bucket::new(SketchKind::Histogram))
        .record(record);
}

fn everything(recorder: &Recorder) -> Deltas {
    recorder.capture(&|_, _| true).newer_than(0)
}

/// A fixed sequence that looks random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn a_recorder_crosses_threads() {
    fn sendable<T: Send + Sync>() {}
    sendable::<Recorder>();
    sendable::<Deltas>();
    sendable::<OwnDeltas>();
    sendable::<RecorderOptions>();
}

#[test]
fn recording_goes_on_after_a_panic_in_another_holder() {
    let (recorder, _) = recorder(|o| o.shards = 1);
    recorder.record(&request("/", START));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _shard = recorder.shards[0].0.lock();
        let _ledger = recorder.ledger.lock();
        let _registry = recorder.common.registry.lock();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    recorder.record(&request("/", START));
    recorder.record(&request("/new", START));
    assert_eq!(everything(&recorder).records(), 3);
}
