//! Messages for Slack, and for what takes the same: Mattermost, Rocket.Chat, Discord's `/slack`.
//!
//! A message has a `text` for phones and an attachment whose colour says how much it matters: red,
//! orange, yellow, blue, and green for what is over. The characters `&`, `<` and `>` are escaped as
//! Slack asks, so that a label can't mention a channel or hide a link.

use serde_json::json;

use crate::{
    control::{
        alerts::Severity,
        notify::{Notice, NoticeKind},
    },
    text::shown,
};

/// The body for a notice: JSON.
pub(super) fn message(notice: &Notice) -> String {
    let over = notice.kind == NoticeKind::AlertResolved;
    let color = match notice.severity {
        _ if over => "#2e7d32",
        Severity::Critical => "#b71c1c",
        Severity::High => "#e65100",
        Severity::Medium => "#f9a825",
        Severity::Low => "#1565c0",
    };
    let title = escaped(&notice.title);
    let text = escaped(&notice.message);
    let severity = notice.severity.as_str();
    let head = if over {
        format!("*{title}* is over")
    } else {
        format!("*{title}* ({severity})")
    };
    let mut fields = vec![
        json!({"title": "Severity", "value": severity, "short": true}),
        json!({"title": "Event", "value": notice.event_id.unwrap_or(notice.id).to_string(),
            "short": true}),
    ];
    let number = |value: f64| format!("{}", (value * 100.0).round() / 100.0);
    let rule = notice.rule.iter();
    let facts = [
        (
            "Service",
            rule.clone().find_map(|rule| rule.service.clone()),
        ),
        (
            "Endpoint",
            rule.clone().find_map(|rule| rule.endpoint.clone()),
        ),
        ("Value", notice.value.map(number)),
        ("Threshold", Some(number(notice.threshold))),
    ];
    for (title, value) in facts {
        if let Some(value) = value {
            fields.push(json!({"title": title, "value": escaped(&value), "short": true}));
        }
    }
    let causes = notice.causes.iter();
    let groups = causes.clone().flat_map(|causes| &causes.groups);
    let consumers = causes.flat_map(|causes| &causes.consumers);
    let groups: Vec<_> = groups
        .flatten()
        .map(|group| escaped(&group.line()))
        .collect();
    let consumers: Vec<_> = consumers
        .flatten()
        .map(|who| escaped(&who.line()))
        .collect();
    for (title, lines) in [("Largest errors", groups), ("Largest consumers", consumers)] {
        if !lines.is_empty() {
            fields.push(json!({"title": title, "value": lines.join("\n"), "short": false}));
        }
    }
    let mut body = json!({
        // What notifications on a phone show, and what those show that know no attachments.
        "text": format!("{head}: {text}"),
        "attachments": [{
            "color": color,
            "fallback": text,
            "fields": fields,
            "ts": notice.at,
        }],
    });
    if let (Some(url), Some(attachment)) = (&notice.url, body.pointer_mut("/attachments/0")) {
        // Slack makes the title the link.
        if let Some(attachment) = attachment.as_object_mut() {
            attachment.insert("title".to_owned(), json!("Open in the dashboard"));
            attachment.insert("title_link".to_owned(), json!(url));
        }
    }
    body.to_string()
}

/// The three characters that Slack's text gives a meaning: without this a rule's name could call
/// for everybody (`<!channel>`) or lead elsewhere. Control characters and marks of direction are written
/// out.
fn escaped(text: &str) -> String {
    shown(text)
        .to_string()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_call_everybody_nor_link_elsewhere() {
        assert_eq!(
            escaped("<!channel> a & b <https://x|y>"),
            "&lt;!channel&gt; a &amp; b &lt;https://x|y&gt;"
        );
        assert_eq!(escaped("a\nb\u{202e}"), r"a\nb\u{202e}");
    }
}
