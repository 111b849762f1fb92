//! What is shown, and how it is asked for.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::stream;
use crate::{
    api::{Api, encoded},
    failure::Failure,
    terminal::escaped_line,
};

/// The ranges in the order in which a key goes through them. The first is the last five minutes, live.
pub(super) const RANGES: [&str; 5] = ["live", "1h", "24h", "7d", "30d"];
/// Rows of a list that are asked for.
const ROWS: usize = 100;

/// What the user wants to see.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ViewRequest {
    /// Index into [`RANGES`].
    pub(super) range: usize,
    pub(super) service: Option<String>,
    /// Method and template of one endpoint alone.
    pub(super) endpoint: Option<(String, String)>,
}

impl ViewRequest {
    /// The parameters of a view over the range.
    fn query(&self) -> String {
        let mut query = match RANGES.get(self.range) {
            None | Some(&"live") => "period=5m".to_owned(),
            Some(range) => format!("period={range}"),
        };
        self.filter(&mut query);
        query
    }

    /// A view of the last five minutes.
    pub(super) fn live(&self, path: &str) -> String {
        let mut query = String::new();
        self.filter(&mut query);
        match query.strip_prefix('&') {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    fn filter(&self, query: &mut String) {
        if let Some(service) = &self.service {
            *query += &format!("&service={}", encoded(service));
        }
        if let Some((method, endpoint)) = &self.endpoint {
            *query += &format!("&method={}&endpoint={}", encoded(method), encoded(endpoint));
        }
    }
}

/// An endpoint or a consumer.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) name: String,
    /// Method and template, where it is an endpoint.
    pub(super) endpoint: Option<(String, String)>,
    pub(super) requests: u64,
    pub(super) error_rate: Option<f64>,
    pub(super) p95_ms: Option<f64>,
    pub(super) bytes: u64,
}

/// Everything that was answered at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) requests: u64,
    pub(super) per_second: Option<f64>,
    pub(super) error_rate: Option<f64>,
    pub(super) quantiles_ms: [Option<f64>; 3],
    pub(super) bytes: u64,
    /// Requests a minute of the last five.
    pub(super) minutes: Vec<u64>,
    pub(super) statuses: Vec<(String, u64)>,
    pub(super) endpoints: Vec<Line>,
    pub(super) consumers: Vec<Line>,
    pub(super) alerts: Vec<String>,
    pub(super) limits: Vec<String>,
    /// What waits, and when something was flushed last.
    pub(super) waiting: String,
    pub(super) as_of: String,
    /// Whether the stream tells the live numbers; else they are asked for.
    pub(super) is_streamed: bool,
}

impl Snapshot {
    /// Asks for everything; for the live numbers only where nobody has told them.
    pub(super) async fn read(
        api: &Api,
        asked: &ViewRequest,
        told: Option<Value>,
    ) -> Result<Self, Failure> {
        let live = match told {
            Some(told) => told,
            None => api.json(&asked.live("/api-metrics/realtime")).await?,
        };
        let is_live = asked.range == 0;
        let query = asked.query();
        let mut query = query.as_str();
        if is_live {
            // Whatever is kept in minutes: the last five of them are shown as live.
            query = query.strip_prefix("period=5m").unwrap_or(query);
        }
        let range = if is_live { "period=1h" } else { "" };
        let metrics = "requestCount,errorRate,p95Ms,requestBytes,responseBytes,statusCodes";
        let endpoints = api
            .json(&format!(
                "/api-metrics?{range}{query}&granularity=none&groupBy=method,endpoint&top={ROWS}&limit=1000&metrics={metrics}"
            ))
            .await?;
        let total = if is_live {
            Value::Null
        } else {
            api.json(&format!("/api-metrics/summary?{query}")).await?
        };
        let consumers = api
            .json(&format!(
                "/api-metrics/top-consumers?sort=volume&limit={ROWS}&{range}{query}"
            ))
            .await?;
        // Where the control plane or the right is missing, the rest is still worth seeing.
        let alerts = api.json("/api-alerts/events?open=true&limit=5").await;
        let limits = api.json("/api-metrics/rate-limits?limit=5").await;
        let status = api.json("/api-status").await;
        let mut snapshot = Self {
            waiting: status.map_or_else(|error| error.to_string(), |status| waiting(&status)),
            ..Self::default()
        };
        let mut statuses: std::collections::BTreeMap<String, u64> =
            std::collections::BTreeMap::new();
        for row in list(&endpoints["data"]) {
            for (status, count) in row["statusCodes"].as_object().into_iter().flatten() {
                *statuses.entry(status.clone()).or_default() += number(count);
            }
        }
        snapshot.statuses = statuses.into_iter().collect();
        if !is_live {
            snapshot.take_total(&total);
            snapshot.endpoints = list(&endpoints["data"]).iter().map(endpoint).collect();
        }
        snapshot.take_live(asked, &live);
        snapshot.consumers = list(&consumers["data"]).iter().map(consumer).collect();
        if let Ok(alerts) = alerts {
            snapshot.alerts = list(&alerts["data"]).iter().map(alert).collect();
        }
        if let Ok(limits) = limits {
            snapshot.limits = list(&limits["data"]).iter().filter_map(limit).collect();
        }
        Ok(snapshot)
    }

    /// The live numbers, which are all there is where no other range is asked for.
    fn take_live(&mut self, asked: &ViewRequest, live: &Value) {
        self.per_second = live["requestsPerSecond"].as_f64();
        self.minutes = list(&live["minutes"])
            .iter()
            .map(|minute| number(&minute["requestCount"]))
            .collect();
        self.as_of = text(&live["asOf"]);
        if asked.range == 0 {
            self.take_total(live);
            // Those of the last five minutes, with the bytes of the hour left out.
            self.endpoints = list(&live["endpoints"]).iter().map(endpoint).collect();
        }
    }

    fn take_total(&mut self, total: &Value) {
        self.requests = number(&total["totalRequests"]);
        self.error_rate = total["errorRate"].as_f64();
        self.quantiles_ms = ["p50Ms", "p95Ms", "p99Ms"].map(|name| total[name].as_f64());
        self.bytes = number(&total["totalRequestBytes"]) + number(&total["totalResponseBytes"]);
    }
}

/// A stream that is followed as long as this lives.
struct Following {
    latest: watch::Receiver<Option<Value>>,
    task: JoinHandle<()>,
}

impl Following {
    fn start(api: &Arc<Api>, asked: &ViewRequest) -> Self {
        let (told, latest) = watch::channel(None);
        let (api, asked) = (Arc::clone(api), asked.clone());
        let task = tokio::spawn(async move { stream::follow(&api, &asked, told).await });
        Self { latest, task }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks again and again, at once when somebody wants to see something else. What the stream tells is passed on at
/// once; live numbers are asked for only where it has told none since the last time.
pub(super) async fn poll(
    api: Api,
    mut asks: watch::Receiver<ViewRequest>,
    told: mpsc::Sender<Result<Snapshot, String>>,
    every: Duration,
) {
    let api = Arc::new(api);
    let mut asked = asks.borrow_and_update().clone();
    let mut following = Following::start(&api, &asked);
    let mut has_told = false;
    loop {
        // Seen or not: an event that comes from now on is passed on.
        let streamed = following.latest.borrow_and_update().clone();
        let is_streamed = streamed.is_some();
        let fresh = streamed.filter(|_| std::mem::take(&mut has_told));
        let mut snapshot = Snapshot::read(&api, &asked, fresh).await;
        if let Ok(snapshot) = &mut snapshot {
            snapshot.is_streamed = is_streamed;
        }
        let mut shown = snapshot.as_ref().ok().cloned();
        if told
            .send(snapshot.map_err(|error| error.to_string()))
            .is_err()
        {
            return;
        }
        let next = Instant::now() + every;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next.into()) => break,
                changed = asks.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    asked = asks.borrow_and_update().clone();
                    has_told = false;
                    following = Following::start(&api, &asked);
                    break;
                }
                _ = following.latest.changed() => {
                    let live = following.latest.borrow_and_update().clone();
                    let (Some(live), Some(shown)) = (live, &mut shown) else {
                        // The stream has ended: the next round asks.
                        continue;
                    };
                    has_told = true;
                    shown.take_live(&asked, &live);
                    shown.is_streamed = true;
                    if told.send(Ok(shown.clone())).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

fn endpoint(row: &Value) -> Line {
    let (method, template) = (text(&row["method"]), text(&row["endpoint"]));
    Line {
        name: escaped_line(&format!("{method} {template}")),
        endpoint: Some((method, template)),
        requests: number(&row["requestCount"]),
        error_rate: row["errorRate"].as_f64(),
        p95_ms: row["p95Ms"].as_f64(),
        bytes: number(&row["requestBytes"]) + number(&row["responseBytes"]),
    }
}

fn consumer(row: &Value) -> Line {
    let name = row["name"].as_str().or(row["externalId"].as_str());
    Line {
        name: escaped_line(name.unwrap_or("?")),
        endpoint: None,
        requests: number(&row["requestCount"]),
        error_rate: row["errorRate"].as_f64(),
        p95_ms: row["p95Ms"].as_f64(),
        bytes: number(&row["bandwidthBytes"]),
    }
}

fn alert(event: &Value) -> String {
    let name = ["name", "alertName", "ruleName", "title"]
        .iter()
        .find_map(|member| event[*member].as_str());
    escaped_line(&format!(
        "{} since {}",
        name.unwrap_or("alert"),
        text(&event["firedAt"])
    ))
}

fn limit(row: &Value) -> Option<String> {
    let name = row["name"].as_str().or(row["externalId"].as_str())?;
    let share = row["utilization"].as_f64()?;
    Some(escaped_line(&format!("{name} {share:.0}%")))
}

fn waiting(status: &Value) -> String {
    let inbox = &status["store"]["inbox"];
    let last = list(&status["instances"])
        .iter()
        .filter_map(|instance| instance["flushAgeSeconds"].as_u64())
        .min();
    format!(
        "{} unflushed, {} waiting to be folded, last flush {}",
        number(&status["recorder"]["unflushedRecords"]),
        number(&inbox["records"]),
        last.map_or("never".to_owned(), |age| format!("{age} s ago"))
    )
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}
