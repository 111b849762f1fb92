//! Alerts for Opsgenie's Alert API.
//!
//! What fires makes an alert, what is over closes it: the alert's event is the alias of both.

use serde_json::{Map, json};

use crate::control::{
    alerts::Severity,
    notify::{Notice, NoticeKind, facts::Facts},
};

/// Where Opsgenie takes alerts.
pub(super) const URL: &str = "https://api.opsgenie.com/v2/alerts";
/// The longest message, description and detail that Opsgenie takes, in characters.
const LONGEST: [usize; 3] = [130, 15_000, 1_000];

/// What is added to the address, and the body: JSON.
pub(super) fn message(notice: &Notice) -> (String, String) {
    let facts = Facts::of(notice);
    let alias = notice.event_id.unwrap_or(notice.id);
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    if notice.kind == NoticeKind::AlertResolved {
        let body = json!({"source": "api-metrics", "note": cut(&facts.text, LONGEST[1])});
        return (
            format!("/{alias}/close?identifierType=alias"),
            body.to_string(),
        );
    }
    let mut description = facts.text.clone();
    let mut details = Map::new();
    for (name, value) in &facts.short {
        details.insert((*name).to_owned(), json!(cut(value, LONGEST[2])));
    }
    for (name, lines) in &facts.lists {
        description.push_str(&format!("\n\n{name}:\n{}", lines.join("\n")));
    }
    if let Some(url) = &notice.url {
        description.push_str(&format!("\n\n{url}"));
        details.insert("Dashboard".to_owned(), json!(url));
    }
    let body = json!({
        "message": cut(&facts.head(), LONGEST[0]),
        "alias": alias,
        "description": cut(&description, LONGEST[1]),
        "source": "api-metrics",
        "entity": notice.rule.as_ref().and_then(|rule| rule.endpoint.as_deref()),
        "tags": [notice.kind.as_str()],
        "priority": match notice.severity {
            Severity::Critical => "P1",
            Severity::High => "P2",
            Severity::Medium => "P3",
            Severity::Low => "P5",
        },
        "details": details,
    });
    (String::new(), body.to_string())
}
