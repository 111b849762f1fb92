//! Tokens of writers: random, shown once, kept as a hash.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    store::{StoreError, invalid},
    text::is_plain,
    time::UnixSeconds,
};

/// What every token begins with, so that scanners for leaked secrets can tell what it is.
const PREFIX: &str = "amw_";
/// The longest name, service, environment and tenant, in bytes.
const MAX_NAME_BYTES: usize = 128;
/// The most templates of a service.
const MAX_TEMPLATES: usize = 2_000;
/// The most origins of a token.
const MAX_ORIGINS: usize = 20;
/// The longest origin, in bytes.
const MAX_ORIGIN_BYTES: usize = 256;
/// The longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 1_024;

/// A token before it is made.
///
/// ```
/// use api_metrics_store::ingest::NewIngestToken;
///
/// let mut token = NewIngestToken::new("ci", "checkout", "production");
/// token.tenant_id = Some("acme".to_owned());
/// token.templates = vec!["/orders/{id}".to_owned()];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewIngestToken {
    /// A name for people.
    pub name: String,
    /// The service that its requests are of.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Whose API keys its requests may name; `None`: all.
    pub tenant_id: Option<String>,
    /// The service's route templates, for requests that come with a path.
    pub templates: Vec<String>,
    /// The origins of pages that use it, such as `https://app.example`: it is then a browser's, which writes events
    /// of WebRTC alone. Empty: it is a service's.
    pub origins: Vec<String>,
}

impl NewIngestToken {
    /// A token for a service that may name all API keys.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        service: impl Into<String>,
        environment: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            service: service.into(),
            environment: environment.into(),
            tenant_id: None,
            templates: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// Checks what people have set.
    ///
    /// # Errors
    /// `StoreError::Invalid` that names the field.
    pub(super) fn validate(&self) -> Result<(), StoreError> {
        let names = [
            ("name", Some(&self.name)),
            ("service", Some(&self.service)),
            ("environment", Some(&self.environment)),
            ("tenantId", self.tenant_id.as_ref()),
        ];
        for (field, name) in names {
            let Some(name) = name else { continue };
            if name.is_empty() || name.len() > MAX_NAME_BYTES || !is_plain(name) {
                return invalid(
                    field,
                    format!("takes 1 to {MAX_NAME_BYTES} bytes without control characters"),
                );
            }
        }
        check_templates(&self.templates)?;
        check_origins(&self.origins)
    }

    /// The token that would be made of it, for those who read items without a store.
    #[doc(hidden)]
    #[must_use]
    pub fn into_token(self, id: i64) -> IngestToken {
        IngestToken {
            id,
            name: self.name,
            service: self.service,
            environment: self.environment,
            tenant_id: self.tenant_id,
            templates: self.templates,
            origins: self.origins,
            created_at: 0,
            created_by: String::new(),
            revoked_at: None,
            last_used_at: None,
            quantile_error: None,
        }
    }
}

/// Checks route templates.
///
/// # Errors
/// `StoreError::Invalid` that names the template.
pub(super) fn check_templates(templates: &[String]) -> Result<(), StoreError> {
    if templates.len() > MAX_TEMPLATES {
        return invalid("templates", format!("there are more than {MAX_TEMPLATES}"));
    }
    for template in templates {
        if !template.starts_with('/') || template.len() > MAX_TEMPLATE_BYTES || !is_plain(template)
        {
            return invalid(
                "templates",
                format!(
                    "`{}` is not a path of at most {MAX_TEMPLATE_BYTES} bytes that begins with /",
                    crate::text::shown(template)
                ),
            );
        }
    }
    Ok(())
}

/// Checks origins of pages: scheme, host and port as browsers write them, and no patterns.
///
/// # Errors
/// `StoreError::Invalid` that names the origin.
fn check_origins(origins: &[String]) -> Result<(), StoreError> {
    if origins.len() > MAX_ORIGINS {
        return invalid("origins", format!("there are more than {MAX_ORIGINS}"));
    }
    for origin in origins {
        if !is_origin(origin) {
            return invalid(
                "origins",
                format!(
                    "`{}` is no origin as browsers write it, such as https://app.example:8443",
                    crate::text::shown(origin)
                ),
            );
        }
    }
    Ok(())
}

/// Whether a browser can send it: in lower case, without a path, and without the port that goes without saying.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return false,
    };
    // A port follows the last colon, unless that is within the brackets of IPv6.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| {
        let number = port.parse::<u16>();
        number.is_ok_and(|number| number.to_string() == port) && port != usual
    };
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(plain),
    };
    origin.len() <= MAX_ORIGIN_BYTES && is_host && port.is_none_or(is_port)
}

/// A writer's token, without its secret.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IngestToken {
    /// Its number.
    pub id: i64,
    /// A name for people.
    pub name: String,
    /// The service that its requests are of.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Whose API keys its requests may name; `None`: all.
    pub tenant_id: Option<String>,
    /// The service's route templates.
    pub templates: Vec<String>,
    /// The origins of pages that use it; empty: it is a service's.
    pub origins: Vec<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// Who has made it.
    pub created_by: String,
    /// Since when it is refused.
    pub revoked_at: Option<UnixSeconds>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixSeconds>,
    /// By which part of itself a quantile of its service may be off, where it reports histograms whose bins are
    /// wider than ours: 0.41 is 41%.
    pub quantile_error: Option<f64>,
}

/// A new secret: 244 random bits.
pub(super) fn secret() -> String {
    let [a, b] = [Uuid::new_v4(), Uuid::new_v4()];
    format!("{PREFIX}{}{}", a.simple(), b.simple())
}

/// What is kept of a secret. A plain hash will do, because nobody can try 2^244 of them.
pub(super) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let (a, b) = (secret(), secret());
        assert_ne!(a, b);
        assert!(a.starts_with(PREFIX) && a.len() == PREFIX.len() + 64);
        assert_eq!(hash(&a).len(), 64);
    }

    #[test]
    fn names_and_templates_are_checked_by_name() {
        let named = |token: &NewIngestToken| match token.validate().unwrap_err() {
            StoreError::Invalid { field, .. } => field,
            other => panic!("{other}"),
        };
        let token = NewIngestToken::new("ci", "shop", "production");
        token.validate().unwrap();
        let mut wrong = token.clone();
        wrong.service = String::new();
        assert_eq!(named(&wrong), "service");
        wrong = token.clone();
        wrong.tenant_id = Some("a\nb".into());
        assert_eq!(named(&wrong), "tenantId");
        wrong = token;
        wrong.templates = vec!["users".into()];
        assert_eq!(named(&wrong), "templates");
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for origin in [
            "https://app.example",
            "http://localhost:3000",
            "https://a-b.example:8443",
            "http://[::1]:8080",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "*",
            "null",
            "app.example",
            "https://",
            "https://*.example",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "http://app.example:080",
            "https://app.example:99999",
            "https://ann@app.example",
            "ftp://app.example",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
        let mut token = NewIngestToken::new("page", "shop", "production");
        token.origins = vec!["*".into()];
        assert!(matches!(
            token.validate(),
            Err(StoreError::Invalid { field, .. }) if field == "origins"
        ));
    }
}
