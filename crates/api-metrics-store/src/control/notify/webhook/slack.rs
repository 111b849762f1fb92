//! Messages for Slack, and for what takes the same: Mattermost, Rocket.Chat, Discord's `/slack`.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{WebhookError, WebhookNotifier};
use crate::control::{
    alerts::Severity,
    notify::{Notice, NoticeKind, Notifier, NotifyError},
};

/// Posts each notice as a message to an incoming webhook of Slack, or of whatever takes the same.
/// Its URL is a secret: it is never logged. Otherwise as [`WebhookNotifier`].
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

    /// As [`WebhookNotifier::channel_name`].
    pub fn channel_name(self, name: impl Into<String>) -> Self {
        Self(self.0.channel_name(name))
    }

    /// As [`WebhookNotifier::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// As [`WebhookNotifier::allow_private`]: for a chat on the host's own network.
    pub fn allow_private(self) -> Self {
        Self(self.0.allow_private())
    }

    /// As [`WebhookNotifier::root_certificate`].
    ///
    /// # Errors
    /// [`WebhookError::Certificate`]: it can't be read.
    pub fn root_certificate(self, der: &[u8]) -> Result<Self, WebhookError> {
        Ok(Self(self.0.root_certificate(der)?))
    }
}

#[async_trait]
impl Notifier for SlackNotifier {
    fn channel(&self) -> &str {
        self.0.channel()
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.0.post(message(notice).to_string().into(), &[]).await
    }
}

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
/// for everybody (`<!channel>`) or lead elsewhere.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
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
    }
}
