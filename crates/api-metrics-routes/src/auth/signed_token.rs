//! The compact form of a signed JSON Web Token (RFC 7515), and its verification.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};
use sha2::Sha256;

/// What checks signatures. The algorithm belongs to the key, so that no token chooses it.
#[derive(Clone)]
pub(super) enum VerificationKey {
    /// HMAC with SHA-256.
    Hs256(Vec<u8>),
    /// RSASSA-PKCS1-v1_5 with SHA-256; the key as RFC 8017 writes it.
    Rs256(Vec<u8>),
    /// ECDSA over P-256 with SHA-256; the key as an uncompressed point.
    Es256(Vec<u8>),
}

impl VerificationKey {
    /// Its name in headers.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
        }
    }

    /// Whether this key made `signature` of `message`.
    fn admits(&self, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            let key = UnparsedPublicKey::new(algorithm, key);
            key.verify(message, signature).is_ok()
        };
        match self {
            Self::Hs256(secret) => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok()),
            Self::Rs256(key) => by(&RSA_PKCS1_2048_8192_SHA256, key),
            Self::Es256(key) => by(&ECDSA_P256_SHA256_FIXED, key),
        }
    }
}

/// Whether a token has the form of a JSON Web Token, whoever made it.
pub(super) fn is_shaped(token: &str) -> bool {
    parts(token).is_some_and(|(header, ..)| {
        object(header).is_some_and(|header| header.get("alg").is_some_and(Value::is_string))
    })
}

/// The claims of a token that `key` has signed.
///
/// # Errors
/// Why it is not taken, for the log.
pub(super) fn verified(
    token: &str,
    key: &VerificationKey,
) -> Result<Map<String, Value>, &'static str> {
    const SHAPE: &str = "it has not the form of a token";
    let (header, claims, signature, message) = {
        let (header, claims, signature) = parts(token).ok_or(SHAPE)?;
        let message = &token[..header.len() + 1 + claims.len()];
        (object(header).ok_or(SHAPE)?, claims, signature, message)
    };
    if header.get("alg").and_then(Value::as_str) != Some(key.algorithm()) {
        return Err("it is signed by another algorithm");
    }
    // Extensions that have to be understood (RFC 7515, section 4.1.11). We understand none.
    if header.contains_key("crit") {
        return Err("it asks for extensions by `crit`");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| SHAPE)?;
    if !key.admits(message.as_bytes(), &signature) {
        return Err("its signature is wrong");
    }
    object(claims).ok_or(SHAPE)
}

/// Header, claims and signature as they stand.
fn parts(token: &str) -> Option<(&str, &str, &str)> {
    let mut parts = token.split('.');
    let all = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(all)
}

/// The JSON object that a part holds.
fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
