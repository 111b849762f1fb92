//! To an HTTP endpoint of the operator's: JSON, signed, or a message for Slack and those that take
//! the same.
//!
//! A receiver is a stranger. It is given a bounded time; nothing but the head of its answer is
//! read; redirects are not followed; and unless that was allowed, no connection is made to an
//! address that is private, local or otherwise not of the public internet, whatever name it hides
//! behind: the name is resolved once, each address is checked, and the connection goes to a checked
//! address.

mod address;
mod connect;
mod endpoint;
mod exchange;
mod sign;
mod slack;

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use self::{address::is_literally_private, sign::Secret};
use super::{Notice, Notifier, NotifyError};

pub use self::endpoint::WebhookError;
pub(in crate::control) use self::{connect::Connector, endpoint::Endpoint, exchange::post};

/// The longest time that a receiver may have: less than the patience of the dispatcher.
const MAX_TIMEOUT: Duration = Duration::from_secs(25);

/// How a [`WebhookNotifier`] reaches its receiver: the defaults, of which fields are changed.
///
/// `Debug` does not show the secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct WebhookOptions {
    /// Signs with this secret: the key in Base64 after `whsec_`, or any other text, whose bytes are
    /// the key then. `None` by default: not signed. Messages for Slack never are.
    pub secret: Option<String>,
    /// Another channel name than `webhook` or `slack`: deliveries are kept by it, so give each of
    /// several webhooks its own, and the same after a restart.
    pub channel: Option<String>,
    /// How long the receiver has, from the resolution of its name to the head of its answer. 10 s
    /// by default, at most 25 s.
    pub timeout: Duration,
    /// Connects to private, link-local and loopback addresses too: for a receiver on the host's own
    /// network. Only where nobody but the operator chooses the URL. Off by default.
    pub allow_private: bool,
    /// Certificate authorities that are trusted beside those that browsers trust, each the DER of its
    /// certificate.
    pub root_certificates: Vec<Vec<u8>>,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self {
            secret: None,
            channel: None,
            timeout: Duration::from_secs(10),
            allow_private: false,
            root_certificates: Vec::new(),
        }
    }
}

impl fmt::Debug for WebhookOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions")
            .field("secret", &self.secret.as_ref().map(|_| Hidden))
            .field("channel", &self.channel)
            .field("timeout", &self.timeout)
            .field("allow_private", &self.allow_private)
            .field("root_certificates", &self.root_certificates.len())
            .finish()
    }
}

/// What is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The notice's JSON.
    Json,
    /// A message for Slack.
    Slack,
}

/// Posts each notice to a URL: as JSON, or as a message for Slack.
///
/// With a secret, requests are signed as [Standard Webhooks] has it: `webhook-id` is the notice's
/// id, the same however often it arrives; `webhook-timestamp` the time of the attempt in Unix
/// seconds; `webhook-signature` is `v1,` and the Base64 of the HMAC-SHA256 of
/// `{id}.{timestamp}.{body}`. A receiver should refuse timestamps that are minutes old.
///
/// An answer of 2xx counts as delivered. 408, 425, 429, 5xx, a silence and a broken connection are
/// tried again, 10 times over one to two hours; any other answer, redirects among them, makes a
/// dead letter at once.
///
/// ```
/// # fn example() -> Result<(), api_metrics_store::control::notify::WebhookError> {
/// use std::sync::Arc;
/// use api_metrics_store::control::{
///     ControlSettings,
///     notify::{WebhookNotifier, WebhookOptions},
/// };
///
/// let mut options = WebhookOptions::default();
/// options.secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
/// let hook = WebhookNotifier::new("https://ops.example.com/hooks/api", options)?;
/// let slack = WebhookNotifier::slack(
///     "https://hooks.slack.com/services/T0/B0/x",
///     WebhookOptions::default(),
/// )?;
/// let mut settings = ControlSettings::default();
/// settings.notifiers.push(Arc::new(hook));
/// settings.notifiers.push(Arc::new(slack));
/// # Ok(())
/// # }
/// ```
///
/// [Standard Webhooks]: https://www.standardwebhooks.com/
#[derive(Debug, Clone)]
pub struct WebhookNotifier {
    format: Format,
    channel: String,
    endpoint: Endpoint,
    secret: Option<Secret>,
    connector: Connector,
    timeout: Duration,
}

impl WebhookNotifier {
    /// Posts each notice as JSON to this URL, `http` or `https`, under the channel name `webhook`.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL, the secret or a certificate can't be used.
    pub fn new(url: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        Self::make(Format::Json, "webhook", url, options)
    }

    /// Posts each notice as a message to this incoming webhook of Slack, or of whatever takes the
    /// same: Mattermost, Rocket.Chat, Discord's `/slack`. Its channel name is `slack`. The URL is a
    /// secret: it is never logged.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL, the secret or a certificate can't be used.
    pub fn slack(url: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        Self::make(Format::Slack, "slack", url, options)
    }

    fn make(
        format: Format,
        channel: &str,
        url: &str,
        options: WebhookOptions,
    ) -> Result<Self, WebhookError> {
        let endpoint = Endpoint::parse(url)?;
        // What resolves to such an address is refused at each delivery; what can be told now is told now.
        if !options.allow_private && is_literally_private(&endpoint.host) {
            return Err(WebhookError::Private(endpoint.host));
        }
        Ok(Self {
            format,
            channel: options.channel.unwrap_or_else(|| channel.to_owned()),
            endpoint,
            secret: options.secret.as_deref().map(Secret::parse).transpose()?,
            connector: Connector::new(options.allow_private, &options.root_certificates)?,
            timeout: options.timeout.min(MAX_TIMEOUT),
        })
    }
}

#[async_trait]
impl Notifier for WebhookNotifier {
    fn channel(&self) -> &str {
        &self.channel
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        if self.format == Format::Slack {
            return self.post(slack::message(notice).into(), &[]).await;
        }
        let body = notice.to_json();
        // Of the machine and not of the store: the receiver holds it against its own clock.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let id = notice.id.to_string();
        let mut headers = vec![
            ("webhook-id", id.clone()),
            ("webhook-timestamp", now.to_string()),
        ];
        if let Some(secret) = &self.secret {
            headers.push(("webhook-signature", secret.signature(&id, now, &body)));
        }
        self.post(body.into(), &headers).await
    }
}

impl WebhookNotifier {
    async fn post(
        &self,
        body: Bytes,
        headers: &[(&'static str, String)],
    ) -> Result<(), NotifyError> {
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = HeaderValue::try_from(value).ok()?;
            Some((HeaderName::from_static(name), value))
        });
        let exchange = exchange::post(&self.connector, &self.endpoint, headers, body, self.timeout);
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(NotifyError::Retry(format!(
                "no answer within {:?}",
                self.timeout
            ))),
        }
    }
}

/// What `Debug` shows in place of something secret.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whoever_logs_a_webhook_logs_neither_its_secret_nor_its_path() {
        let options = WebhookOptions {
            secret: Some("open sesame".to_owned()),
            ..WebhookOptions::default()
        };
        let hook = WebhookNotifier::new("https://example.com/hidden", options.clone()).unwrap();
        for shown in [format!("{options:?}"), format!("{hook:?}")] {
            assert!(!shown.contains("sesame"), "{shown}");
            assert!(!shown.contains("hidden"), "{shown}");
        }
    }

    #[test]
    fn a_receiver_has_less_time_than_the_dispatcher_waits() {
        let options = WebhookOptions {
            timeout: Duration::from_secs(60),
            ..WebhookOptions::default()
        };
        let hook = WebhookNotifier::slack("https://example.com/", options).unwrap();
        assert_eq!(hook.timeout, MAX_TIMEOUT);
        assert_eq!(hook.channel(), "slack");
    }
}
