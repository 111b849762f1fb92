//! Messages for Slack, and for what takes the same: Mattermost, Rocket.Chat, Discord's `/slack`.
//!
//! A message has a `text` for phones and an attachment whose colour says how much it matters: red,
//! orange, yellow, blue, and green for what is over. The characters `&`, `<` and `>` are escaped as
//! Slack asks, so that a label can't mention a channel or hide a link.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{WebhookError, WebhookNotifier};
use crate::{
    control::{
        alerts::Severity,
        notify::{Notice, NoticeKind, Notifier, NotifyError},
    },
    text::shown,
};

/// Posts each notice as a message to an incoming webhook of Slack, or of whatever takes the same.
/// Its URL is a secret: it is never logged. One with other settings is made
/// [from](Self#impl-From<WebhookNotifier>-for-SlackNotifier) a [`WebhookNotifier`].
#[derive(Debug, Clone)]
#[must_use]
pub struct SlackNotifier(WebhookNotifier);

impl SlackNotifier {
    /// Posts to this incoming webhook, under the channel name `slack`.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL can't be used.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Ok(Self(WebhookNotifier::new(url)?.channel_name("slack")))
    }
}

impl From<WebhookNotifier> for SlackNotifier {
    /// Posts to the webhook's URL, under its channel name and with its other settings.
    fn from(webhook: WebhookNotifier) -> Self {
        Self(webhook)
    }
}

#[async_trait]
impl Notifier for SlackNotifier {
    fn channel(&self) -> &str {
        self.0.channel()
    }

    fn check(&self) -> Result<(), String> {
        self.0.check()
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.0.post(message(notice).to_string().into(), &[]).await
    }
}

/// The body for a notice.
fn message(notice: &Notice) -> Value {
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
    json!({
        // What notifications on a phone show, and what those show that know no attachments.
        "text": format!("{head}: {text}"),
        "attachments": [{
            "color": color,
            "fallback": text,
            "fields": [
                {"title": "Severity", "value": severity, "short": true},
                {"title": "Event", "value": notice.event_id.unwrap_or(notice.id).to_string(),
                    "short": true},
            ],
            "ts": notice.at,
        }],
    })
}

/// The three characters that Slack's text gives a meaning: without this a rule's name could call
/// for everybody (`<!channel>`) or lead elsewhere. Control characters and marks of direction are written
/// out.
fn escaped(text: &str) -> String {
    shown(text)
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
