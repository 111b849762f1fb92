//! By e-mail, through the operator's own mail server.
//!
//! A mail has the notice as plain text and nothing else: no picture, no HTML that a label could break out of. All mails of an
//! alert's event belong to one thread, because the first one has the event as its `Message-ID` and the others refer to it.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use thiserror::Error;
use tracing::warn;

use super::{Notice, NoticeKind, Notifier, NotifyError, facts::Facts};
use crate::text::Shown;

/// The longest time that a server may have: less than the patience of the dispatcher.
const MAX_TIMEOUT: Duration = Duration::from_secs(25);

/// How a connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmtpEncryption {
    /// By `STARTTLS` after the greeting; a server that has none gets no mail and no password. Port 587.
    #[default]
    StartTls,
    /// From the first byte on. Port 465.
    Tls,
    /// Not at all: for a server on this machine. Port 25. A user name is refused then.
    None,
}

/// Where an [`SmtpNotifier`] sends mails, and as whom.
///
/// `Debug` does not show the password.
#[derive(Clone)]
#[non_exhaustive]
pub struct SmtpOptions {
    /// The mail server's name or address.
    pub host: String,
    /// Its port; where it is `None` the usual one of the encryption.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub encryption: SmtpEncryption,
    /// The user name and the password, where the server asks for them.
    pub login: Option<(String, String)>,
    /// The sender, such as `api-metrics <metrics@example.com>`.
    pub from: String,
    /// Who gets each notice, one or more.
    pub to: Vec<String>,
    /// Another channel name than `email`: deliveries are kept by it, so give each of several its own.
    pub channel: Option<String>,
    /// How long a delivery may take. 20 s by default, at most 25 s.
    pub timeout: Duration,
    /// Certificate authorities that are trusted beside those that browsers trust, each the DER of its certificate.
    pub root_certificates: Vec<Vec<u8>>,
}

impl SmtpOptions {
    /// Mails from `from` to one address through this server, encrypted by `STARTTLS`.
    #[must_use]
    pub fn new(host: &str, from: &str, to: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            encryption: SmtpEncryption::default(),
            login: None,
            from: from.to_owned(),
            to: vec![to.to_owned()],
            channel: None,
            timeout: Duration::from_secs(20),
            root_certificates: Vec::new(),
        }
    }

    /// From a URL: `smtps://user:password@host:465`, `smtp://host:587` with `STARTTLS`, or `smtp+plain://localhost:25`
    /// without encryption. User name and password are percent-encoded.
    ///
    /// ```
    /// use api_metrics_store::control::notify::{SmtpEncryption, SmtpOptions};
    ///
    /// let options = SmtpOptions::from_url("smtps://ops%40example.com:s3cret@mail.example.com", "metrics@example.com", "ops@example.com")?;
    /// assert_eq!((options.host.as_str(), options.encryption), ("mail.example.com", SmtpEncryption::Tls));
    /// assert_eq!(options.login.unwrap().0, "ops@example.com");
    /// # Ok::<(), api_metrics_store::control::notify::SmtpError>(())
    /// ```
    ///
    /// # Errors
    /// [`SmtpError::Url`], which does not repeat it.
    pub fn from_url(url: &str, from: &str, to: &str) -> Result<Self, SmtpError> {
        let parts = |text: &str| -> Result<(SmtpEncryption, String), SmtpError> {
            for (scheme, encryption) in [
                ("smtps://", SmtpEncryption::Tls),
                ("smtp+plain://", SmtpEncryption::None),
                ("smtp://", SmtpEncryption::StartTls),
            ] {
                if let Some(rest) = text.strip_prefix(scheme) {
                    return Ok((encryption, rest.to_owned()));
                }
            }
            Err(SmtpError::Url(
                "it starts with none of smtps://, smtp:// and smtp+plain://",
            ))
        };
        let (encryption, rest) = parts(url.trim())?;
        let rest = rest.strip_suffix('/').unwrap_or(&rest);
        if rest.contains(['/', '?', '#']) {
            return Err(SmtpError::Url("it has a path or a query"));
        }
        let (login, server) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, server)) => {
                let (user, password) = login
                    .split_once(':')
                    .ok_or(SmtpError::Url("its user name has no password"))?;
                let decoded = |text: &str| {
                    decoded(text).ok_or(SmtpError::Url(
                        "its user name or password is not percent-encoded",
                    ))
                };
                (Some((decoded(user)?, decoded(password)?)), server)
            }
        };
        let (host, port) = match server.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest
                    .split_once(']')
                    .ok_or(SmtpError::Url("its address has no closing bracket"))?;
                (host, port.strip_prefix(':'))
            }
            None => match server.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (server, None),
            },
        };
        let port = port
            .map(|port| port.parse::<u16>().ok().filter(|port| *port != 0))
            .map(|port| port.ok_or(SmtpError::Url("its port is none")))
            .transpose()?;
        let mut options = Self::new(host, from, to);
        (options.port, options.encryption, options.login) = (port, encryption, login);
        options.to = to.split(',').map(|to| to.trim().to_owned()).collect();
        Ok(options)
    }
}

impl fmt::Debug for SmtpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("login", &self.login.as_ref().map(|_| "…"))
            .field("from", &self.from)
            .field("to", &self.to)
            .field("channel", &self.channel)
            .field("timeout", &self.timeout)
            .field("root_certificates", &self.root_certificates.len())
            .finish()
    }
}

/// Mails can't be sent like this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The URL can't be used. It is not repeated here: it may hold a password.
    #[error("the mail server's URL can't be used: {0}")]
    Url(&'static str),
    /// The server has no name.
    #[error("the mail server has no name")]
    Host,
    /// The address of a sender or a receiver is none.
    #[error("`{address}` is no address of {of}: {reason}", address = Shown(.address))]
    Address {
        /// `the sender` or `a receiver`.
        of: &'static str,
        /// The address.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// Nobody would get the mails.
    #[error("there is no receiver")]
    NoReceiver,
    /// A password would be sent in clear.
    #[error("a user name and a password are sent over encrypted connections alone")]
    LoginInClear,
    /// The certificate can't be used.
    #[error("the certificate can't be used: {0}")]
    Certificate(String),
}

/// Mails each notice: as plain text, to all receivers at once.
///
/// Alerts that fire within two seconds come as one mail. What a server refuses for now (4yz) is tried again as long as by the
/// other notifiers, what it refuses for good (5yz) is a dead letter.
///
/// ```
/// use std::sync::Arc;
/// use api_metrics_store::control::{
///     ControlSettings,
///     notify::{SmtpNotifier, SmtpOptions},
/// };
///
/// let mut options = SmtpOptions::new("mail.example.com", "api-metrics <metrics@example.com>", "ops@example.com");
/// options.login = Some(("metrics".to_owned(), "s3cret".to_owned()));
/// let mut settings = ControlSettings::default();
/// settings.notifiers.push(Arc::new(SmtpNotifier::new(options)?));
/// # Ok::<(), api_metrics_store::control::notify::SmtpError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SmtpNotifier {
    channel: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

impl SmtpNotifier {
    /// Mails by these settings. Nothing is connected to before the first notice.
    ///
    /// # Errors
    /// [`SmtpError`] that names what can't be used.
    pub fn new(options: SmtpOptions) -> Result<Self, SmtpError> {
        let host = options.host.trim();
        if host.is_empty() {
            return Err(SmtpError::Host);
        }
        if options.to.is_empty() {
            return Err(SmtpError::NoReceiver);
        }
        if options.encryption == SmtpEncryption::None && options.login.is_some() {
            return Err(SmtpError::LoginInClear);
        }
        let mailbox = |of, address: &str| {
            address
                .parse::<Mailbox>()
                .map_err(|error| SmtpError::Address {
                    of,
                    address: address.to_owned(),
                    reason: error.to_string(),
                })
        };
        let from = mailbox("the sender", &options.from)?;
        let to = options
            .to
            .iter()
            .map(|to| mailbox("a receiver", to))
            .collect::<Result<Vec<_>, _>>()?;
        let wrong =
            |error: lettre::transport::smtp::Error| SmtpError::Certificate(error.to_string());
        let tls = || {
            let mut tls = TlsParameters::builder(host.to_owned());
            for der in &options.root_certificates {
                tls = tls.add_root_certificate(Certificate::from_der(der.clone()).map_err(wrong)?);
            }
            tls.build_rustls().map_err(wrong)
        };
        let (port, tls) = match options.encryption {
            SmtpEncryption::StartTls => (587, Tls::Required(tls()?)),
            SmtpEncryption::Tls => (465, Tls::Wrapper(tls()?)),
            SmtpEncryption::None => (25, Tls::None),
        };
        let timeout = options.timeout.min(MAX_TIMEOUT);
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(options.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(timeout))
            // The machine's own name is nobody's business.
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((user, password)) = options.login {
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            channel: options.channel.unwrap_or_else(|| "email".to_owned()),
            from,
            to,
            transport: transport.build(),
            timeout,
        })
    }

    /// Mails a notice to all at once; where the server refuses somebody for good, to each alone.
    async fn deliver(&self, notice: &Notice) -> Result<(), NotifyError> {
        let all: Vec<&Mailbox> = self.to.iter().collect();
        let error = match self.send(notice, &all).await {
            Err(error @ NotifyError::Permanent(_)) if all.len() > 1 => error,
            outcome => return outcome,
        };
        let mut outcome = Err(error);
        for to in all {
            match self.send(notice, &[to]).await {
                Ok(()) => outcome = Ok(()),
                // Those who have it would get it again.
                Err(error) => warn!(
                    to = %Shown(&to.email),
                    "a mail was not taken for one of its receivers: {}", Shown(&error)
                ),
            }
        }
        outcome
    }

    async fn send(&self, notice: &Notice, to: &[&Mailbox]) -> Result<(), NotifyError> {
        match self.transport.send(self.mail(notice, to)?).await {
            Ok(_) => Ok(()),
            // The server has said that it will never take it.
            Err(error) if error.is_permanent() => Err(NotifyError::Permanent(said(&error))),
            Err(error) => Err(NotifyError::Retry(said(&error))),
        }
    }

    /// The mail of a notice.
    fn mail(&self, notice: &Notice, to: &[&Mailbox]) -> Result<Message, NotifyError> {
        let facts = Facts::of(notice);
        let id = |what: &str, id: uuid::Uuid| format!("<{what}.{id}@{}>", self.from.email.domain());
        let mut mail = Message::builder()
            .from(self.from.clone())
            .subject(facts.head())
            .date(std::time::SystemTime::now());
        for to in to {
            mail = mail.to((*to).clone());
        }
        mail = match (notice.kind, notice.event_id) {
            (NoticeKind::AlertFired, Some(event)) => mail.message_id(Some(id("event", event))),
            (_, Some(event)) => mail
                .message_id(Some(id("notice", notice.id)))
                .in_reply_to(id("event", event))
                .references(id("event", event)),
            (_, None) => mail.message_id(Some(id("notice", notice.id))),
        };
        mail.header(ContentType::TEXT_PLAIN)
            .body(text(&facts, notice.url.as_deref()))
            .map_err(|error| NotifyError::Permanent(format!("the mail can't be made: {error}")))
    }
}

/// The body of a mail.
fn text(facts: &Facts, url: Option<&str>) -> String {
    let mut lines = vec![facts.text.clone(), String::new()];
    lines.extend(
        facts
            .short
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    for (name, of) in &facts.lists {
        lines.push(String::new());
        lines.push(format!("{name}:"));
        lines.extend(of.iter().map(|line| format!("- {line}")));
    }
    if let Some(url) = url {
        lines.push(String::new());
        lines.push(url.to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[async_trait]
impl Notifier for SmtpNotifier {
    fn channel(&self) -> &str {
        &self.channel
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let patience = tokio::time::timeout(self.timeout, self.deliver(notice));
        patience.await.unwrap_or_else(|_| {
            Err(NotifyError::Retry(format!(
                "the mail server took longer than {:?}",
                self.timeout
            )))
        })
    }

    fn groups(&self) -> bool {
        true
    }
}

/// An error with its causes, in one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        cause = error.source();
    }
    said
}

/// A percent-encoded text; `None` where it is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn from(url: &str) -> Result<SmtpOptions, SmtpError> {
        SmtpOptions::from_url(url, "metrics@example.com", "a@example.com, b@example.com")
    }

    #[test]
    fn a_url_says_server_encryption_and_login() {
        let options = from("smtp://me:p%40ss%3Aword@mail.example.com:2525/").unwrap();
        assert_eq!(options.host, "mail.example.com");
        assert_eq!(options.port, Some(2525));
        assert_eq!(options.encryption, SmtpEncryption::StartTls);
        assert_eq!(
            options.login,
            Some(("me".to_owned(), "p@ss:word".to_owned()))
        );
        assert_eq!(options.to, ["a@example.com", "b@example.com"]);
        let options = from("smtp+plain://[::1]:25").unwrap();
        assert_eq!((&*options.host, options.port), ("::1", Some(25)));
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_its_password() {
        for wrong in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://mail.example.com/path",
            "smtp://me@mail.example.com",
            "smtp://me:%zz@mail.example.com",
            "smtp://mail.example.com:0",
            "smtp://mail.example.com:x",
            "smtp://[::1",
        ] {
            assert!(matches!(from(wrong), Err(SmtpError::Url(_))), "{wrong}");
        }
        let options = from("smtps://me:s3cret@mail.example.com").unwrap();
        assert!(!format!("{options:?}").contains("s3cret"));
        let notifier = SmtpNotifier::new(options).unwrap();
        assert!(!format!("{notifier:?}").contains("s3cret"));
    }

    #[test]
    fn settings_that_no_mail_could_be_sent_by_are_refused_with_a_reason() {
        let good =
            || SmtpOptions::new("mail.example.com", "metrics@example.com", "ops@example.com");
        assert!(SmtpNotifier::new(good()).is_ok());
        let with = |change: fn(&mut SmtpOptions)| {
            let mut options = good();
            change(&mut options);
            SmtpNotifier::new(options).err()
        };
        assert_eq!(with(|o| o.host.clear()), Some(SmtpError::Host));
        assert_eq!(with(|o| o.to.clear()), Some(SmtpError::NoReceiver));
        assert!(matches!(
            with(|o| o.from = "nobody".to_owned()),
            Some(SmtpError::Address {
                of: "the sender",
                ..
            })
        ));
        assert!(matches!(
            with(|o| o.to.push("a@b, c@d".to_owned())),
            Some(SmtpError::Address {
                of: "a receiver",
                ..
            })
        ));
        assert_eq!(
            with(|o| {
                o.encryption = SmtpEncryption::None;
                o.login = Some(("me".to_owned(), "s3cret".to_owned()));
            }),
            Some(SmtpError::LoginInClear)
        );
        assert!(matches!(
            with(|o| o.root_certificates.push(b"none".to_vec())),
            Some(SmtpError::Certificate(_))
        ));
    }
}
