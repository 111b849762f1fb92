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
        check_templates(&self.templates)
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

/// A writer's token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// When it was made.
    pub created_at: UnixSeconds,
    /// Who has made it.
    pub created_by: String,
    /// Since when it is refused.
    pub revoked_at: Option<UnixSeconds>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixSeconds>,
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
}
