//! To an HTTP endpoint of the operator's: JSON, signed, or a message as Slack, Teams, Discord, PagerDuty or Opsgenie
//! take it.
//!
//! A receiver is a stranger. It is given a bounded time; nothing but the head of its answer is
//! read; redirects are not followed; and unless that was allowed, no connection is made to an
//! address that is private, local or otherwise not of the public internet, whatever name it hides
//! behind: the name is resolved once, each address is checked, and the connection goes to a checked
//! address.

mod address;
mod connect;
mod discord;
mod endpoint;
mod exchange;
mod opsgenie;
mod pagerduty;
mod sign;
mod slack;
mod teams;

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use self::{address::is_literally_private, sign::Secret};
use super::{Notice, NoticeKind, Notifier, NotifyError};

pub use self::endpoint::WebhookError;
#[cfg(feature = "otlp-push")]
pub(in crate::control) use self::exchange::post;
pub(in crate::control) use self::{connect::Connector, endpoint::Endpoint};

/// The longest time that a receiver may have: less than the patience of the dispatcher.
const MAX_TIMEOUT: Duration = Duration::from_secs(25);

/// How a [`WebhookNotifier`] reaches its receiver: the defaults, of which fields are changed.
///
/// `Debug` does not show the secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct WebhookOptions {
    /// Signs with this secret: the key in Base64 after `whsec_`, or any other text, whose bytes are
    /// the key then. `None` by default: not signed. Only a notice's own JSON is ever signed.
    pub secret: Option<String>,
    /// Another channel name than `webhook`, `slack`, `teams`, `discord`, `pagerduty` or `opsgenie`: deliveries are kept by
    /// it, so give each of several webhooks its own, and the same after a restart.
    pub channel: Option<String>,
    /// Another address of PagerDuty's or Opsgenie's, such as `https://api.eu.opsgenie.com/v2/alerts`. The others are
    /// given their address anyway, and don't look at it.
    pub service_url: Option<String>,
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
            service_url: None,
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
            .field("service_url", &self.service_url.as_ref().map(|_| Hidden))
            .field("timeout", &self.timeout)
            .field("allow_private", &self.allow_private)
            .field("root_certificates", &self.root_certificates.len())
            .finish()
    }
}

/// What is posted.
#[derive(Clone, PartialEq, Eq)]
enum Format {
    /// The notice's JSON.
    Json,
    /// A message for Slack.
    Slack,
    /// A card for Teams.
    Teams,
    /// An embed for Discord.
    Discord,
    /// An event for PagerDuty, with the key of the integration.
    PagerDuty(String),
    /// An alert for Opsgenie, with the key of the integration in a header.
    Opsgenie(String),
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "Json",
            Self::Slack => "Slack",
            Self::Teams => "Teams",
            Self::Discord => "Discord",
            Self::PagerDuty(_) => "PagerDuty(…)",
            Self::Opsgenie(_) => "Opsgenie(…)",
        })
    }
}

/// Posts each notice to a URL: as JSON, or as Slack, Teams, Discord, PagerDuty or Opsgenie take it.
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

    /// Posts each notice as an adaptive card to this address of a workflow of Microsoft Teams, made from the template "Send
    /// webhook alerts to a channel". Its channel name is `teams`. The URL is a secret: it is never logged.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL or a certificate can't be used.
    pub fn teams(url: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        Self::make(Format::Teams, "teams", url, options)
    }

    /// Posts each notice as an embed to this webhook of Discord. Its channel name is `discord`. The URL is a secret: it is
    /// never logged.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL or a certificate can't be used.
    pub fn discord(url: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        Self::make(Format::Discord, "discord", url, options)
    }

    /// Triggers and resolves incidents of PagerDuty by its Events API v2, with the key of an integration ("routing key").
    /// Its channel name is `pagerduty`. An alert's incident is resolved when the alert is over.
    ///
    /// ```
    /// use api_metrics_store::control::notify::{Notifier, WebhookNotifier, WebhookOptions};
    ///
    /// let pager = WebhookNotifier::pagerduty("R0123456789ABCDEF", WebhookOptions::default())?;
    /// assert_eq!(pager.channel(), "pagerduty");
    /// # Ok::<(), api_metrics_store::control::notify::WebhookError>(())
    /// ```
    ///
    /// # Errors
    /// [`WebhookError`]: the key, `service_url` or a certificate can't be used.
    pub fn pagerduty(routing_key: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        let url = options.service_url.clone();
        let format = Format::PagerDuty(key_of(routing_key)?);
        Self::make(
            format,
            "pagerduty",
            url.as_deref().unwrap_or(pagerduty::URL),
            options,
        )
    }

    /// Makes and closes alerts of Opsgenie by its Alert API, with the key of an API integration. Its channel name is
    /// `opsgenie`. In Europe `service_url` is `https://api.eu.opsgenie.com/v2/alerts`.
    ///
    /// # Errors
    /// [`WebhookError`]: the key, `service_url` or a certificate can't be used.
    pub fn opsgenie(api_key: &str, options: WebhookOptions) -> Result<Self, WebhookError> {
        let url = options.service_url.clone();
        let format = Format::Opsgenie(key_of(api_key)?);
        Self::make(
            format,
            "opsgenie",
            url.as_deref().unwrap_or(opsgenie::URL),
            options,
        )
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
        // Nobody is to be woken by it.
        let is_pager = matches!(self.format, Format::PagerDuty(_) | Format::Opsgenie(_));
        if is_pager && notice.kind == NoticeKind::WeeklyDigest {
            return Ok(());
        }
        let body = match &self.format {
            Format::Json => return self.post_signed(notice).await,
            Format::Slack => slack::message(notice),
            Format::Teams => teams::message(notice),
            Format::Discord => discord::message(notice),
            Format::PagerDuty(key) => pagerduty::message(notice, key),
            Format::Opsgenie(key) => {
                let (below, body) = opsgenie::message(notice);
                let endpoint = self.endpoint.below(&below).ok_or_else(|| {
                    NotifyError::Permanent("the address of the alert can't be made".to_owned())
                })?;
                let key = ("authorization", format!("GenieKey {key}"));
                return self.post(&endpoint, body.into(), &[key]).await;
            }
        };
        self.post(&self.endpoint, body.into(), &[]).await
    }

    fn groups(&self) -> bool {
        // A pager tells incidents apart by their events, and a program by its rules.
        matches!(self.format, Format::Slack | Format::Teams | Format::Discord)
    }
}

impl WebhookNotifier {
    /// Posts the notice's own JSON.
    async fn post_signed(&self, notice: &Notice) -> Result<(), NotifyError> {
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
        self.post(&self.endpoint, body.into(), &headers).await
    }

    async fn post(
        &self,
        to: &Endpoint,
        body: Bytes,
        headers: &[(&'static str, String)],
    ) -> Result<(), NotifyError> {
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = HeaderValue::try_from(value).ok()?;
            Some((HeaderName::from_static(name), value))
        });
        let exchange = exchange::post(&self.connector, to, headers, body, self.timeout);
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(NotifyError::Retry(format!(
                "no answer within {:?}",
                self.timeout
            ))),
        }
    }
}

/// The key of an integration, which goes into a header or a member as it is.
fn key_of(text: &str) -> Result<String, WebhookError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(WebhookError::Secret("the integration's key is empty"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(WebhookError::Secret(
            "the integration's key holds something else than ASCII letters, digits and signs",
        ));
    }
    Ok(text.to_owned())
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
