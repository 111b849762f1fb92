//! The token and its extractor. The token is signed by HS256, by hand, so that the example needs no
//! library for it; yours uses the one that your sign-in uses.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// `{"alg":"HS256","typ":"JWT"}`. No other header is taken, so that no token chooses how it is checked.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// From `JWT_SECRET`; a service in production has no default.
static SECRET: LazyLock<String> = LazyLock::new(|| {
    std::env::var("JWT_SECRET").unwrap_or_else(|_| "a secret that everybody knows".to_owned())
});

/// What a verified token says. A handler that takes it is protected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The client.
    pub(crate) sub: String,
    /// The customer that it belongs to.
    pub(crate) tenant: String,
    exp: u64,
}

/// No token, or none that can be verified.
#[derive(Debug)]
pub(crate) struct Refused;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::UNAUTHORIZED, "a token is needed\n").into_response()
    }
}

impl Claims {
    pub(crate) fn for_an_hour(sub: String, tenant: String) -> Self {
        Self {
            sub,
            tenant,
            exp: now() + 3_600,
        }
    }

    pub(crate) fn sign(&self) -> Result<String, Refused> {
        let claims = serde_json::to_vec(self).map_err(|_| Refused)?;
        let message = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(mac(&message)?.finalize().into_bytes());
        Ok(format!("{message}.{signature}"))
    }

    fn verify(token: &str) -> Result<Self, Refused> {
        let (message, signature) = token.rsplit_once('.').ok_or(Refused)?;
        let (header, claims) = message.split_once('.').ok_or(Refused)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused)?;
        let is_ours = header == HEADER && mac(message)?.verify_slice(&signature).is_ok();
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| Refused)?;
        let claims: Self = serde_json::from_slice(&claims).map_err(|_| Refused)?;
        if is_ours && claims.exp > now() {
            Ok(claims)
        } else {
            Err(Refused)
        }
    }
}

fn mac(message: &str) -> Result<Hmac<Sha256>, Refused> {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map_err(|_| Refused)?;
    Ok(mac.chain_update(message))
}

/// In seconds since the Unix epoch.
fn now() -> u64 {
    let now: Duration = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_secs()
}

impl<S: Sync> FromRequestParts<S> for Claims {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let header = parts.headers.get(AUTHORIZATION).ok_or(Refused)?;
        let token = header.to_str().ok().and_then(|h| h.strip_prefix("Bearer "));
        Self::verify(token.ok_or(Refused)?)
    }
}
