//! A body and its entity tag.
//!
//! The tag is a hash of the content, so two instances give the same one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// Bytes that a caller may have already.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    /// The body.
    bytes: Bytes,
    /// Its weak entity tag.
    etag: HeaderValue,
}

impl Entity {
    /// A body with the tag of its content.
    pub(crate) fn new(bytes: Bytes) -> Self {
        let digest = Sha256::digest(&bytes);
        let tag = URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default());
        Self {
            bytes,
            // Weak: a host may compress the body on its way.
            etag: HeaderValue::try_from(format!("W/\"{tag}\""))
                .unwrap_or_else(|_| HeaderValue::from_static("W/\"\"")),
        }
    }

    /// The body.
    pub(crate) const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its weak entity tag.
    pub(crate) const fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// Whether `If-None-Match` names this body, by weak comparison (RFC 9110).
    pub(crate) fn is_known_to(&self, request: &HeaderMap) -> bool {
        let own = opaque(self.etag.to_str().unwrap_or_default());
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || opaque(tag) == own)
    }
}

/// A tag without its mark of weakness.
fn opaque(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/")
}
