//! Hashes, keyed hashes and random bytes.
//!
//! All secrets and hashes have 32 bytes. Comparisons take the same time wherever two values differ.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The length of all our secrets and hashes.
pub(super) const LENGTH: usize = 32;

/// SHA-256.
pub(super) fn hash(text: &[u8]) -> [u8; LENGTH] {
    Sha256::digest(text).into()
}

/// HMAC-SHA256 over `label`, a separator and `text`: a label keeps the uses of one key apart.
pub(super) fn keyed_hash(key: &[u8], label: &str, text: &[u8]) -> [u8; LENGTH] {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes keys of any length (RFC 2104)"
    )]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(label.as_bytes());
    mac.update(&[0]);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Whether two values are the same, in a time that does not depend on where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Bytes of the operating system's generator.
pub(super) fn random() -> Result<[u8; LENGTH], getrandom::Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Base64 for URLs, cookies and headers.
pub(super) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of such a text.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
