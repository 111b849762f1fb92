//! A service of many series.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    recorder::Recorder,
    time::{Clock, ManualClock, UnixSeconds},
};

/// 2026-01-05T10:00:00Z.
pub(crate) const START: UnixSeconds = 1_767_607_200;
pub(crate) const MIB: isize = 1 << 20;

/// Bytes are counted over all threads: one test at a time.
pub(crate) static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn at(seconds: UnixSeconds) -> SystemTime {
    ManualClock::at(seconds).wall()
}

/// A fixed sequence that looks random.
pub(crate) fn scatter(x: u64) -> u64 {
    (x.wrapping_mul(6_364_136_223_846_793_005) ^ (x >> 7)).wrapping_mul(1_442_695_040_888_963_407)
        >> 20
}

/// Latencies around 8 ms, most within a factor of 8 either way.
fn latencies() -> Vec<Duration> {
    let one = |x: u64| {
        let octaves: u64 = (0..6).map(|i| scatter(6 * x + i) % 1_000).sum();
        Duration::from_micros((1_000.0 * (octaves as f64 / 1_000.0).exp2()) as u64)
    };
    (0..4_099).map(one).collect()
}

pub(crate) struct Service {
    pub(crate) endpoints: Vec<String>,
    pub(crate) keys: Vec<ApiKey>,
    latencies: Vec<Duration>,
}

impl Service {
    pub(crate) fn new(series: usize) -> Self {
        Self {
            endpoints: (0..series / 20)
                .map(|i| format!("/api/v1/resources/{i}/items/{{id}}"))
                .collect(),
            keys: (0..20).map(ApiKey::from).collect(),
            latencies: latencies(),
        }
    }

    /// `each` requests of every series.
    pub(crate) fn serve(&self, recorder: &Recorder, seconds: UnixSeconds, each: u64, seed: u64) {
        let mut x = seed;
        for _ in 0..each {
            for endpoint in &self.endpoints {
                for key in &self.keys {
                    x += 1;
                    let mut record = RequestRecord::new("GET", endpoint, at(seconds));
                    record.api_key = Some(key);
                    record.latency = Some(self.latencies[x as usize % self.latencies.len()]);
                    record.time_to_headers = record.latency;
                    record.response_bytes = x % 3_000;
                    recorder.record(&record);
                }
            }
        }
    }
}
