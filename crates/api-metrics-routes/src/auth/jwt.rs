//! JSON Web Tokens as credentials (RFC 7519), signed by somebody whom the host trusts.
//!
//! The algorithm, the issuer and the audience are fixed when the admin is built, so nothing in a
//! token chooses how it is checked.

use api_metrics_layer::ApiKey;
use api_metrics_store::{text::is_plain, time::UnixSeconds};
use serde_json::Value;

use super::{
    Principal, Role, public_key,
    signed_token::{self, VerificationKey},
};

/// Clocks of two machines differ; a token is taken this much after its end and before its begin.
const LEEWAY_SECONDS: i64 = 30;
/// The longest token that is looked at.
const MAX_BYTES: usize = 8 * 1024;

/// Which tokens are taken: of one algorithm, one issuer and one audience. Nothing that a token says
/// about itself chooses how it is checked, so `alg: none` and an HMAC under a public RSA key have
/// no way in.
///
/// A token has to carry `exp`, `iss`, `aud`, `sub` and `role` (`admin`, `manager`, `developer` or
/// `viewer`). Optional are `tenant`, what a viewer may see: `keys`, a list of API keys, `user_id` and `team_id`, whose
/// keys they are; and `nbf`. All these names from `sub` on can be [changed](Self::claim_names). `exp` and `nbf` are
/// taken with 30 s of tolerance, because clocks differ.
///
/// ```
/// # fn example() -> Result<(), api_metrics_routes::JwtKeyError> {
/// use api_metrics_routes::{ClaimNames, Jwt};
///
/// let jwt = Jwt::hs256(&[7; 32], "https://login.example.com", "metrics")?
///     .claim_names(ClaimNames::default().tenant("org"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Jwt {
    /// Checks signatures.
    key: VerificationKey,
    /// Who has to have made it.
    issuer: String,
    /// Whom it has to be meant for.
    audience: String,
    /// Under which names claims are read.
    names: ClaimNames,
}

/// Under which names a token carries its subject, tenant, role and keys.
///
/// ```
/// use api_metrics_routes::ClaimNames;
///
/// let names = ClaimNames::default().role("metrics_role");
/// assert_eq!(names.role, "metrics_role");
/// assert_eq!(names.subject, "sub");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimNames {
    /// Who it is; `sub`.
    pub subject: String,
    /// Which tenant it belongs to; `tenant`.
    pub tenant: String,
    /// What it may do; `role`.
    pub role: String,
    /// Which API keys are its own; `keys`.
    pub keys: String,
    /// Which user it is; `user_id`.
    pub user: String,
    /// Which team it is of; `team_id`.
    pub team: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            subject: "sub".to_owned(),
            tenant: "tenant".to_owned(),
            role: "role".to_owned(),
            keys: "keys".to_owned(),
            user: "user_id".to_owned(),
            team: "team_id".to_owned(),
        }
    }
}

impl ClaimNames {
    /// Sets [`subject`](Self#structfield.subject).
    #[must_use]
    pub fn subject(mut self, name: impl Into<String>) -> Self {
        self.subject = name.into();
        self
    }

    /// Sets [`tenant`](Self#structfield.tenant).
    #[must_use]
    pub fn tenant(mut self, name: impl Into<String>) -> Self {
        self.tenant = name.into();
        self
    }

    /// Sets [`role`](Self#structfield.role).
    #[must_use]
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.role = name.into();
        self
    }

    /// Sets [`keys`](Self#structfield.keys).
    #[must_use]
    pub fn keys(mut self, name: impl Into<String>) -> Self {
        self.keys = name.into();
        self
    }

    /// Sets [`user`](Self#structfield.user).
    #[must_use]
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = name.into();
        self
    }

    /// Sets [`team`](Self#structfield.team).
    #[must_use]
    pub fn team(mut self, name: impl Into<String>) -> Self {
        self.team = name.into();
        self
    }
}

/// The key that was given to [`Jwt`] can't be used: it is no key of that kind, or too short.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JwtKeyError(#[from] Unusable);

/// Why it can't.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("the key for JSON Web Tokens can't be used: {0}")]
    Key(&'static str),
    #[error("the secret for JSON Web Tokens has {0} bytes; HS256 takes no fewer than 32")]
    Short(usize),
}

/// The least bytes of a secret for HS256 (RFC 7518, section 3.2). Whoever has one token of a shorter
/// one can look for it at home.
const MIN_SECRET_BYTES: usize = 32;

/// Whether a token has the form of a JSON Web Token, whoever made it.
pub(super) fn is_shaped(token: &str) -> bool {
    token.len() <= MAX_BYTES && signed_token::is_shaped(token)
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt")
            .field("algorithm", &self.key.algorithm())
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl Jwt {
    /// HS256 under a secret that issuer and service share.
    ///
    /// # Errors
    /// [`JwtKeyError`] where the secret has fewer than 32 bytes, the least that RFC 7518 allows.
    pub fn hs256(secret: &[u8], issuer: &str, audience: &str) -> Result<Self, JwtKeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(Unusable::Short(secret.len()).into());
        }
        let key = VerificationKey::Hs256(secret.to_vec());
        Ok(Self::new(key, issuer, audience))
    }

    /// RS256 under the issuer's public key in PEM: `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`.
    ///
    /// # Errors
    /// [`JwtKeyError`] where the PEM holds no RSA public key of 2,048 bits or more.
    pub fn rs256(pem: &[u8], issuer: &str, audience: &str) -> Result<Self, JwtKeyError> {
        let key = VerificationKey::Rs256(public_key::rsa(pem).map_err(Unusable::Key)?);
        Ok(Self::new(key, issuer, audience))
    }

    /// ES256 under the issuer's public key in PEM: `PUBLIC KEY` or `CERTIFICATE`.
    ///
    /// # Errors
    /// [`JwtKeyError`] where the PEM holds no P-256 public key.
    pub fn es256(pem: &[u8], issuer: &str, audience: &str) -> Result<Self, JwtKeyError> {
        let key = VerificationKey::Es256(public_key::p256(pem).map_err(Unusable::Key)?);
        Ok(Self::new(key, issuer, audience))
    }

    fn new(key: VerificationKey, issuer: &str, audience: &str) -> Self {
        Self {
            key,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            names: ClaimNames::default(),
        }
    }

    /// Takes claims by other names.
    #[must_use]
    pub fn claim_names(mut self, names: ClaimNames) -> Self {
        self.names = names;
        self
    }

    /// Whom a token names, and from when on it is no longer taken; `None` if it is not valid, for
    /// whatever reason.
    pub(crate) fn principal(
        &self,
        token: &str,
        now: UnixSeconds,
    ) -> Option<(Principal, UnixSeconds)> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let claims = signed_token::verified(token, &self.key)
            .inspect_err(|why| tracing::debug!(why, "a JSON Web Token was refused"))
            .ok()?;
        if !names(claims.get("iss")?, &self.issuer) || !names(claims.get("aud")?, &self.audience) {
            tracing::debug!("a JSON Web Token of another issuer or audience was refused");
            return None;
        }
        let ends_at = seconds(claims.get("exp")?)?.saturating_add(LEEWAY_SECONDS);
        if ends_at <= now {
            return None;
        }
        if let Some(not_before) = claims.get("nbf")
            && seconds(not_before)? > now.saturating_add(LEEWAY_SECONDS)
        {
            return None;
        }
        let subject = claims.get(&self.names.subject)?.as_str()?;
        if !is_plain(subject) {
            return None;
        }
        let role = Role::from_name(claims.get(&self.names.role)?.as_str()?)?;
        let mut principal = Principal::new(subject, role);
        match claims.get(&self.names.tenant) {
            None | Some(Value::Null) => {}
            Some(Value::String(tenant)) if !is_plain(tenant) => return None,
            Some(Value::String(tenant)) => principal = principal.with_tenant(tenant),
            Some(_) => return None,
        }
        match claims.get(&self.names.keys) {
            None | Some(Value::Null) => {}
            Some(Value::Array(keys)) => {
                for key in keys {
                    principal = principal.with_key(api_key(key)?);
                }
            }
            Some(_) => return None,
        }
        for (name, with) in [
            (&self.names.user, Principal::with_user as fn(_, String) -> _),
            (&self.names.team, Principal::with_team),
        ] {
            // Claims of these names may mean something else to their issuer: what is no text says nothing here.
            if let Some(Value::String(owner)) = claims.get(name)
                && is_plain(owner)
            {
                principal = with(principal, owner.clone());
            }
        }
        Some((principal, ends_at))
    }
}

/// Whether a claim is this text, or a list that holds it.
fn names(claim: &Value, text: &str) -> bool {
    match claim {
        Value::String(one) => one == text,
        Value::Array(several) => several.iter().any(|one| one.as_str() == Some(text)),
        _ => false,
    }
}

/// A NumericDate, which may have a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the conversion saturates; no date is near the ends"
)]
fn seconds(value: &Value) -> Option<UnixSeconds> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|at| at as i64))
}

/// A key of the list, as text or as a number.
fn api_key(value: &Value) -> Option<ApiKey> {
    match value {
        Value::String(text) => Some(ApiKey::from(text.as_str())),
        Value::Number(number) => number.as_i64().map(ApiKey::from),
        _ => None,
    }
}
