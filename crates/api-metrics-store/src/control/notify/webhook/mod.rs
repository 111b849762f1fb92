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

use self::{address::is_literally_private, connect::Connector, endpoint::Endpoint, sign::Secret};
use super::{Notice, Notifier, NotifyError};

pub use self::{endpoint::WebhookError, slack::SlackNotifier};

/// How long a receiver has by default, from the resolution of its name to the head of its answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts each notice as JSON.
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
/// use api_metrics_store::control::{ControlWorker, notify::WebhookNotifier};
///
/// let hook = WebhookNotifier::new("https://ops.example.com/hooks/api")?
///     .secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let worker = ControlWorker::default().notifier(hook);
/// # let _ = worker;
/// # Ok(())
/// # }
/// ```
///
/// [Standard Webhooks]: https://www.standardwebhooks.com/
#[derive(Debug, Clone)]
#[must_use]
pub struct WebhookNotifier {
    channel: String,
    endpoint: Endpoint,
    secret: Option<Secret>,
    connector: Connector,
    timeout: Duration,
}

impl WebhookNotifier {
    /// Posts to this URL, `http` or `https`, under the channel name `webhook`.
    ///
    /// # Errors
    /// [`WebhookError`]: the URL can't be used.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Ok(Self {
            channel: "webhook".into(),
            endpoint: Endpoint::parse(url)?,
            secret: None,
            connector: Connector::default(),
            timeout: TIMEOUT,
        })
    }

    /// Signs with this secret: the key in Base64 after `whsec_`, or any other text, whose bytes are
    /// the key then.
    ///
    /// # Errors
    /// [`WebhookError::Secret`]: what follows `whsec_` is no Base64, or there is nothing to sign with.
    pub fn secret(mut self, secret: &str) -> Result<Self, WebhookError> {
        self.secret = Some(Secret::parse(secret)?);
        Ok(self)
    }

    /// Another channel name than `webhook`: deliveries are kept by it, so give each of several
    /// webhooks its own, and the same after a restart.
    pub fn channel_name(mut self, name: impl Into<String>) -> Self {
        self.channel = name.into();
        self
    }

    /// How long the receiver has, from the resolution of its name to the head of its answer. 10 s
    /// by default, at most 25 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(Duration::from_secs(25));
        self
    }

    /// Connects to private, link-local and loopback addresses too: for a receiver on the host's own
    /// network. Only where nobody but the operator chooses the URL.
    pub fn allow_private(mut self) -> Self {
        self.connector.allow_private = true;
        self
    }

    /// Trusts this certificate authority too, given as the DER of its certificate, beside those
    /// that browsers trust.
    ///
    /// # Errors
    /// [`WebhookError::Certificate`]: it can't be read.
    pub fn root_certificate(mut self, der: &[u8]) -> Result<Self, WebhookError> {
        self.connector.trust(der)?;
        Ok(self)
    }
}

#[async_trait]
impl Notifier for WebhookNotifier {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn check(&self) -> Result<(), String> {
        self.checked().map_err(|error| error.to_string())
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
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
    /// Whether its URL may be connected to, as far as that can be told without resolving a name.
    ///
    /// # Errors
    /// [`WebhookError::Private`]: its host is a private, link-local or loopback address, and
    /// [`allow_private`](Self::allow_private) is not set.
    pub fn checked(&self) -> Result<(), WebhookError> {
        if self.connector.allow_private || !is_literally_private(&self.endpoint.host) {
            Ok(())
        } else {
            Err(WebhookError::Private(self.endpoint.host.clone()))
        }
    }

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
