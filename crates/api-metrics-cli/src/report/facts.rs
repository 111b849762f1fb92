//! The numbers of a report, all of them from the admin's API.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::Period;
use crate::{
    api::{Api, encoded},
    failure::Failure,
};

/// Endpoints and consumers in each list.
const LIST: usize = 10;
/// An endpoint with fewer requests says little about how slow or broken it is.
const LEAST_REQUESTS: u64 = 20;

/// One row of a table.
pub(super) type Row = Vec<String>;

/// A table with its title.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) head: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

/// Everything a report says.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) tables: Vec<Table>,
    raw: Value,
}

impl Facts {
    pub(super) async fn read(
        api: &Api,
        period: &Period,
        service: Option<&str>,
    ) -> Result<Self, Failure> {
        let at = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut range = format!("from={}&to={}", at(period.from), at(period.to));
        if let Some(service) = service {
            range += &format!("&service={}", encoded(service));
        }
        let summary = api.json(&format!("/api-metrics/summary?{range}")).await?;
        // Of a day long ago, hours are no longer kept: then the day is one row.
        let points = if period.is_week { 7 } else { 25 };
        let tz = encoded(period.tz.name());
        let steps = api
            .json(&format!(
                "/api-metrics?{range}&granularity=auto&points={points}&tz={tz}&limit=1000&metrics=requestCount,errorRate,p95Ms"
            ))
            .await?;
        let endpoints = api
            .json(&format!(
                "/api-metrics?{range}&granularity=none&groupBy=service,method,endpoint&top=100&limit=1000&metrics=requestCount,errorRate,p95Ms,errorCount4xx,errorCount5xx"
            ))
            .await?;
        let consumers = api
            .json(&format!(
                "/api-metrics/top-consumers?sort=volume&{range}&limit={LIST}"
            ))
            .await?;
        let service = service.map_or_else(|| "all services".to_owned(), str::to_owned);
        let mut tables = vec![totals(&summary), steps_of(&steps)];
        tables.extend(endpoint_tables(&endpoints));
        tables.push(consumers_of(&consumers));
        tables.retain(|table| !table.rows.is_empty());
        Ok(Self {
            title: format!("API report: {}", period.title),
            subtitle: format!(
                "{service}, {} to {} ({})",
                text(&summary["from"]),
                text(&summary["to"]),
                period.tz.name()
            ),
            tables,
            raw: json!({
                "summary": summary,
                "periods": steps["data"],
                "endpoints": endpoints["data"],
                "consumers": consumers["data"],
            }),
        })
    }

    pub(super) const fn as_json(&self) -> &Value {
        &self.raw
    }
}

fn totals(summary: &Value) -> Table {
    let previous = &summary["previous"];
    let change = |name: &str| match previous[name].as_f64() {
        Some(change) => format!("{change:+.1}%"),
        None => "-".to_owned(),
    };
    let row = |name: &str, value: String, change: String| vec![name.to_owned(), value, change];
    let none = || "-".to_owned();
    Table {
        title: "Totals",
        head: &["", "", "against the time before"],
        rows: vec![
            row(
                "Requests",
                text(&summary["totalRequests"]),
                change("totalRequestsChange"),
            ),
            row(
                "Error rate",
                percent(&summary["errorRate"]),
                change("errorRateChange"),
            ),
            row(
                "Client errors (4xx)",
                text(&summary["errorCount4xx"]),
                none(),
            ),
            row(
                "Server errors (5xx)",
                text(&summary["errorCount5xx"]),
                none(),
            ),
            row("p50", ms(&summary["p50Ms"]), none()),
            row("p95", ms(&summary["p95Ms"]), change("p95Change")),
            row("p99", ms(&summary["p99Ms"]), none()),
            row(
                "Response bytes",
                text(&summary["totalResponseBytes"]),
                none(),
            ),
            row("Consumers", text(&summary["distinctKeys"]), none()),
        ],
    }
}

fn steps_of(steps: &Value) -> Table {
    let rows = list(steps).iter().map(|row| {
        vec![
            text(&row["periodStart"]),
            text(&row["requestCount"]),
            percent(&row["errorRate"]),
            ms(&row["p95Ms"]),
        ]
    });
    Table {
        title: "Over time",
        head: &["from", "requests", "error rate", "p95"],
        rows: rows.collect(),
    }
}

fn endpoint_tables(endpoints: &Value) -> Vec<Table> {
    const HEAD: &[&str] = &["endpoint", "service", "requests", "error rate", "p95"];
    let all = list(endpoints);
    let sorted = |by: &dyn Fn(&Value) -> f64, wanted: &dyn Fn(&Value) -> bool| -> Vec<Row> {
        let mut rows: Vec<&Value> = all.iter().filter(|row| wanted(row)).collect();
        rows.sort_by(|a, b| by(b).total_cmp(&by(a)));
        rows.into_iter()
            .take(LIST)
            .map(|row| {
                vec![
                    format!("{} {}", text(&row["method"]), text(&row["endpoint"])),
                    text(&row["service"]),
                    text(&row["requestCount"]),
                    percent(&row["errorRate"]),
                    ms(&row["p95Ms"]),
                ]
            })
            .collect()
    };
    let number = |row: &Value, name: &str| row[name].as_f64().unwrap_or_default();
    let is_used = |row: &Value| row["requestCount"].as_u64().unwrap_or_default() >= LEAST_REQUESTS;
    vec![
        Table {
            title: "Top endpoints",
            head: HEAD,
            rows: sorted(&|row| number(row, "requestCount"), &|_| true),
        },
        Table {
            title: "Most errors",
            head: HEAD,
            rows: sorted(&|row| number(row, "errorRate"), &|row| {
                is_used(row) && number(row, "errorRate") > 0.0
            }),
        },
        Table {
            title: "Slowest endpoints",
            head: HEAD,
            rows: sorted(&|row| number(row, "p95Ms"), &|row| {
                is_used(row) && row["p95Ms"].is_number()
            }),
        },
    ]
}

fn consumers_of(consumers: &Value) -> Table {
    let rows = list(consumers).iter().map(|row| {
        let name = row["name"].as_str().or(row["externalId"].as_str());
        vec![
            name.unwrap_or("-").to_owned(),
            text(&row["requestCount"]),
            percent(&row["share"]),
            percent(&row["errorRate"]),
            ms(&row["p95Ms"]),
        ]
    });
    Table {
        title: "Top consumers",
        head: &["consumer", "requests", "share", "error rate", "p95"],
        rows: rows.collect(),
    }
}

fn list(answer: &Value) -> &[Value] {
    answer["data"].as_array().map_or(&[], Vec::as_slice)
}

/// What is unknown is no zero.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn percent(value: &Value) -> String {
    value
        .as_f64()
        .map_or("-".to_owned(), |value| format!("{value:.2}%"))
}

fn ms(value: &Value) -> String {
    value
        .as_f64()
        .map_or("-".to_owned(), |value| format!("{value:.1} ms"))
}
