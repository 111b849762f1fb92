//! Requests as a busy service sees them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_metrics_benches::Dice;
use api_metrics_layer::{ApiKey, RequestRecord};

/// 2026-01-05T10:00:00Z.
pub(crate) const START: u64 = 1_767_607_200;

/// Records of 20 keys on endpoints with one method each, in random order, latencies lognormal.
pub(crate) struct Traffic {
    endpoints: Vec<String>,
    keys: Vec<ApiKey>,
    /// Endpoint, key, latency in microseconds.
    requests: Vec<(usize, usize, u64)>,
}

impl Traffic {
    pub(crate) fn new(series: usize) -> Self {
        let keys = if series < 20 { 1 } else { 20 };
        let endpoints = series / keys;
        let mut dice = Dice(7);
        let mut order: Vec<usize> = (0..series).cycle().take(series.max(40_000)).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.roll(at as u64 + 1) as usize);
        }
        Self {
            endpoints: (0..endpoints)
                .map(|i| format!("/api/v1/resources/{i}/items/{{id}}"))
                .collect(),
            keys: (0..keys as i64).map(ApiKey::from).collect(),
            requests: order
                .into_iter()
                .map(|series| {
                    (
                        series / keys,
                        series % keys,
                        dice.lognormal(8_000.0, 1.0) as u64,
                    )
                })
                .collect(),
        }
    }

    /// All at the same second.
    pub(crate) fn records(&self) -> impl Iterator<Item = RequestRecord<'_>> + Clone {
        self.records_at(UNIX_EPOCH + Duration::from_secs(START))
    }

    pub(crate) fn records_at(
        &self,
        at: SystemTime,
    ) -> impl Iterator<Item = RequestRecord<'_>> + Clone {
        self.requests
            .iter()
            .filter_map(move |&(endpoint, key, us)| {
                let mut record = RequestRecord::new("GET", self.endpoints.get(endpoint)?, at);
                record.api_key = self.keys.get(key);
                record.latency = Some(Duration::from_micros(us));
                record.time_to_headers = Some(Duration::from_micros(us));
                record.response_bytes = 1_500;
                Some(record)
            })
    }
}
