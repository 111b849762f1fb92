//! Events for PagerDuty, version 2 of its Events API.
//!
//! What fires triggers an incident, what is over resolves it: both carry the alert's event as their `dedup_key`, so that a
//! repetition changes nothing.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use crate::control::{
    alerts::Severity,
    notify::{Notice, NoticeKind, facts::Facts},
};

/// Where PagerDuty takes events.
pub(super) const URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// The longest summary that PagerDuty takes, in characters.
const LONGEST: usize = 1_024;

/// The body for a notice: JSON.
pub(super) fn message(notice: &Notice, routing_key: &str) -> String {
    let facts = Facts::of(notice);
    let rule = notice.rule.as_ref();
    let mut details = Map::new();
    for (name, value) in &facts.short {
        details.insert((*name).to_owned(), json!(value));
    }
    for (name, lines) in &facts.lists {
        details.insert((*name).to_owned(), json!(lines));
    }
    let summary: String = format!("{}: {}", facts.head(), facts.text)
        .chars()
        .take(LONGEST)
        .collect();
    let links: Vec<Value> = notice
        .url
        .iter()
        .map(|url| json!({"href": url, "text": "Open in the dashboard"}))
        .collect();
    json!({
        "routing_key": routing_key,
        "event_action": if notice.kind == NoticeKind::AlertResolved { "resolve" } else { "trigger" },
        "dedup_key": notice.event_id.unwrap_or(notice.id),
        "client": "api-metrics",
        "client_url": notice.url,
        "links": links,
        "payload": {
            "summary": summary,
            "source": rule.and_then(|rule| rule.service.as_deref()).unwrap_or("api-metrics"),
            "severity": match notice.severity {
                Severity::Critical => "critical",
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "info",
            },
            "timestamp": DateTime::from_timestamp(notice.at, 0)
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Secs, true),
            "component": rule.and_then(|rule| rule.endpoint.as_deref()),
            "class": rule.map_or_else(|| notice.kind.as_str(), |rule| &rule.alert_type),
            "custom_details": details,
        },
    })
    .to_string()
}
