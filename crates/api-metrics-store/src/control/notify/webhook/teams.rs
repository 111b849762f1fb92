//! Messages for Microsoft Teams: an adaptive card, as the workflow "Send webhook alerts to a channel" takes it.

use serde_json::{Value, json};

use crate::control::notify::{
    Notice, NoticeKind,
    facts::{Facts, backslashed},
};

/// What the Markdown of cards gives a meaning.
const SPECIAL: &str = "\\`*_~|[]()#<>";

/// The body for a notice: JSON.
pub(super) fn message(notice: &Notice) -> String {
    let facts = Facts::of(notice);
    let color = match notice.kind {
        NoticeKind::AlertResolved => "Good",
        _ if notice.severity >= crate::control::alerts::Severity::High => "Attention",
        _ => "Warning",
    };
    let escaped = |text: &str| backslashed(text, SPECIAL);
    let block = |text: &str| json!({"type": "TextBlock", "text": escaped(text), "wrap": true});
    let mut body = vec![
        json!({"type": "TextBlock", "text": escaped(&facts.head()), "wrap": true,
            "size": "Large", "weight": "Bolder", "color": color}),
        block(&facts.text),
        json!({"type": "FactSet", "facts": facts.short.iter()
            .map(|(name, value)| json!({"title": name, "value": escaped(value)}))
            .collect::<Vec<_>>()}),
    ];
    for (name, lines) in &facts.lists {
        body.push(
            json!({"type": "TextBlock", "text": name, "weight": "Bolder", "spacing": "Medium"}),
        );
        body.extend(lines.iter().map(|line| block(line)));
    }
    let actions: Vec<Value> = notice
        .url
        .iter()
        .map(|url| json!({"type": "Action.OpenUrl", "title": "Open in the dashboard", "url": url}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": actions,
            },
        }],
    })
    .to_string()
}
