//! The token and its extractor.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

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
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let exp = now.unwrap_or_default() + Duration::from_secs(3600);
        Self {
            sub,
            tenant,
            exp: exp.as_secs(),
        }
    }

    pub(crate) fn sign(&self) -> Result<String, Refused> {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&Header::default(), self, &key).map_err(|_| Refused)
    }
}

impl<S: Sync> FromRequestParts<S> for Claims {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let header = parts.headers.get(AUTHORIZATION).ok_or(Refused)?;
        let token = header.to_str().ok().and_then(|h| h.strip_prefix("Bearer "));
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::decode(token.ok_or(Refused)?, &key, &Validation::default())
            .map(|token| token.claims)
            .map_err(|_| Refused)
    }
}
