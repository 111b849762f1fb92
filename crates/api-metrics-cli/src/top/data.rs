//! What is shown, and how it is asked for.

use std::{sync::mpsc, time::Duration};

use serde_json::Value;
use tokio::sync::watch;

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
}

impl Snapshot {
    /// Asks for everything.
    pub(super) async fn read(api: &Api, asked: &ViewRequest) -> Result<Self, Failure> {
        let mut live = String::from("/api-metrics/realtime?");
        asked.filter(&mut live);
        let live = api.json(&live.replace("?&", "?")).await?;
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
            live.clone()
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
            requests: number(&total["totalRequests"]),
            per_second: live["requestsPerSecond"].as_f64(),
            error_rate: total["errorRate"].as_f64(),
            quantiles_ms: ["p50Ms", "p95Ms", "p99Ms"].map(|name| total[name].as_f64()),
            bytes: number(&total["totalRequestBytes"]) + number(&total["totalResponseBytes"]),
            minutes: list(&live["minutes"])
                .iter()
                .map(|minute| number(&minute["requestCount"]))
                .collect(),
            as_of: text(&live["asOf"]),
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
        // Live rows are those of the last five minutes, with the bytes of the hour left out.
        let rows = if is_live {
            &live["endpoints"]
        } else {
            &endpoints["data"]
        };
        snapshot.endpoints = list(rows).iter().map(endpoint).collect();
        snapshot.consumers = list(&consumers["data"]).iter().map(consumer).collect();
        if let Ok(alerts) = alerts {
            snapshot.alerts = list(&alerts["data"]).iter().map(alert).collect();
        }
        if let Ok(limits) = limits {
            snapshot.limits = list(&limits["data"]).iter().filter_map(limit).collect();
        }
        Ok(snapshot)
    }
}

/// Asks again and again, at once when somebody wants to see something else.
pub(super) async fn poll(
    api: Api,
    mut asks: watch::Receiver<ViewRequest>,
    told: mpsc::Sender<Result<Snapshot, String>>,
    every: Duration,
) {
    loop {
        let asked = asks.borrow_and_update().clone();
        let snapshot = Snapshot::read(&api, &asked).await;
        if told
            .send(snapshot.map_err(|error| error.to_string()))
            .is_err()
        {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            changed = asks.changed() => if changed.is_err() { return },
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
