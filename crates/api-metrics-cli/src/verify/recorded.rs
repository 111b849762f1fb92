//! What the service's store says about the requests that were sent.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::load::Answered;
use crate::{api::Api, failure::Failure};

/// Requests by endpoint and status.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Recorded {
    pub(super) requests: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) endpoints: BTreeMap<String, u64>,
    pub(super) p50_ms: Option<f64>,
    pub(super) p95_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

impl Recorded {
    /// Everything since the minute before `since`.
    pub(super) async fn read(api: &Api, since: DateTime<Utc>) -> Result<Self, Failure> {
        let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let from = since - TimeDelta::seconds(60 + since.timestamp() % 60);
        let range = format!(
            "from={}&to={}",
            at(from),
            at(Utc::now() + TimeDelta::minutes(2))
        );
        let rows = api
            .json(&format!(
                "/api-metrics?{range}&granularity=none&groupBy=method,endpoint&limit=1000&metrics=requestCount,statusCodes"
            ))
            .await?;
        let mut recorded = Self::default();
        for row in rows["data"].as_array().into_iter().flatten() {
            let count = row["requestCount"].as_u64().unwrap_or_default();
            recorded.requests += count;
            let name = |member: &str| row[member].as_str().unwrap_or("?").to_owned();
            let endpoint = format!("{} {}", name("method"), name("endpoint"));
            *recorded.endpoints.entry(endpoint).or_default() += count;
            for (status, count) in row["statusCodes"].as_object().into_iter().flatten() {
                if let (Ok(status), Some(count)) = (status.parse(), count.as_u64()) {
                    *recorded.statuses.entry(status).or_default() += count;
                }
            }
        }
        let total = api
            .json(&format!(
                "/api-metrics?{range}&granularity=none&metrics=p50Ms,p95Ms,p99Ms"
            ))
            .await?;
        let total = total["data"].get(0).cloned().unwrap_or(Value::Null);
        recorded.p50_ms = total["p50Ms"].as_f64();
        recorded.p95_ms = total["p95Ms"].as_f64();
        recorded.p99_ms = total["p99Ms"].as_f64();
        Ok(recorded)
    }

    /// What came since `before`.
    fn since(&self, before: &Self) -> Self {
        fn less<K: Ord + Clone>(
            now: &BTreeMap<K, u64>,
            then: &BTreeMap<K, u64>,
        ) -> BTreeMap<K, u64> {
            now.iter()
                .map(|(key, count)| {
                    let then = then.get(key).copied().unwrap_or_default();
                    (key.clone(), count.saturating_sub(then))
                })
                .filter(|(_, count)| *count > 0)
                .collect()
        }
        Self {
            requests: self.requests.saturating_sub(before.requests),
            statuses: less(&self.statuses, &before.statuses),
            endpoints: less(&self.endpoints, &before.endpoints),
            ..self.clone()
        }
    }

    /// Whether every request is counted, once, under the status that it was answered with.
    pub(super) fn proves(&self, answered: &Answered) -> Result<(), Failure> {
        let no = |what: String| Err(Failure::failed(format!("not proven: {what}")));
        if answered.failed > 0 {
            return no(format!(
                "{} requests got no answer, so nobody knows whether they reached the service",
                answered.failed
            ));
        }
        if self.requests != answered.answered() {
            return no(format!(
                "{} requests were answered and {} recorded; other traffic on the service is counted too, \
                 and requests that a layer outside of ours answers are not",
                answered.answered(),
                self.requests
            ));
        }
        if self.statuses != answered.statuses {
            return no("the statuses differ".to_owned());
        }
        Ok(())
    }
}

/// What came since `before`, once it is as much as was answered, or no more came in time.
pub(super) async fn settled(
    api: &Api,
    since: DateTime<Utc>,
    before: &Recorded,
    answered: &Answered,
    patience: Duration,
) -> Result<Recorded, Failure> {
    let started = Instant::now();
    loop {
        let now = Recorded::read(api, since).await?.since(before);
        if now.requests >= answered.answered() || started.elapsed() >= patience {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
