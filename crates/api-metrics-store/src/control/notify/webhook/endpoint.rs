//! Where a webhook goes.
//!
//! A URL is `http` or `https`, a host by name or address, an optional port other than 0, a path and a
//! query. Users and passwords in it are refused. A secret may stand in the path or the query, as
//! Slack's does, so that `Debug` and errors show the host at most.

use std::fmt;

use http::{Uri, uri::Scheme};
use thiserror::Error;

use super::Hidden;
use crate::text::Shown;

/// A webhook can't be set up like this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The URL can't be used. It is not repeated here: it may hold a secret.
    #[error("the webhook's URL can't be used: {0}")]
    Url(&'static str),
    /// The URL's host is an address that is not of the public internet.
    #[error(
        "the webhook's host {} is no address of the public internet; `allow_private` of its `WebhookOptions`, or \
         API_METRICS_WEBHOOK_ALLOW_PRIVATE=true for those that the environment names, allows it",
        Shown(.0)
    )]
    Private(String),
    /// The secret can't be used.
    #[error("the webhook's secret can't be used: {0}")]
    Secret(&'static str),
    /// The certificate can't be used.
    #[error("the certificate can't be used: {0}")]
    Certificate(String),
}

/// A URL in its parts. Its path and query may hold a secret, so that only its host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// The `Host` header.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: Uri,
}

impl Endpoint {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// `WebhookError::Url` that says what is wrong, without repeating the URL.
    pub(super) fn parse(url: &str) -> Result<Self, WebhookError> {
        let wrong = |why| Err(WebhookError::Url(why));
        let Ok(uri) = url.parse::<Uri>() else {
            return wrong("it is none");
        };
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return wrong("it starts neither with https:// nor with http://"),
        };
        let Some(authority) = uri.authority() else {
            return wrong("it names no host");
        };
        if authority.as_str().contains('@') {
            return wrong("a user name in it would be sent to nobody");
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return wrong("it names no host");
        }
        if authority.as_str().ends_with(':') || authority.port_u16() == Some(0) {
            return wrong("it names no port");
        }
        let target = uri.path_and_query().map_or("/", |path| path.as_str());
        let Ok(target) = target.parse() else {
            return wrong("its path can't be read");
        };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            target,
        })
    }
}

impl Endpoint {
    /// The same host, with more behind the path.
    pub(super) fn below(&self, more: &str) -> Option<Self> {
        let target = format!("{}{more}", self.target.path().trim_end_matches('/'));
        let target = target.parse().ok()?;
        Some(Self {
            target,
            ..self.clone()
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("authority", &self.authority)
            .field("target", &Hidden)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_its_path_is_never_shown() {
        let to = Endpoint::parse("https://hooks.example.com/services/T0/s3cret?x=1").unwrap();
        assert_eq!(
            (to.tls, &*to.host, to.port, &*to.authority),
            (true, "hooks.example.com", 443, "hooks.example.com")
        );
        assert_eq!(to.target.to_string(), "/services/T0/s3cret?x=1");
        assert!(!format!("{to:?}").contains("s3cret"));
        let to = Endpoint::parse("http://[2001:4860::8888]:8080").unwrap();
        assert_eq!(
            (to.tls, &*to.host, to.port, &*to.target.to_string()),
            (false, "2001:4860::8888", 8080, "/")
        );
    }

    #[test]
    fn what_is_no_address_of_a_receiver_is_refused() {
        for wrong in [
            "",
            "hooks.example.com/x",
            "ftp://example.com/",
            "https:///x",
            "https://user:pass@example.com/",
            "https://example.com:0/",
            "https://example.com:/",
            "https://exa mple.com/",
            "https://münchen.example/",
        ] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
    }
}
