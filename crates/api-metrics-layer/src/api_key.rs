//! The consumer of an API, as the host knows it.

use std::{fmt, sync::Arc};

use http::request::Parts;

use crate::label::{MAX_API_KEY_BYTES, bounded};

/// The identity of an API's consumer: cheap to clone, never the secret itself.
///
/// Made from an `i64`, a UUID (its 16 bytes, big-endian) or a name. Two keys are equal when their
/// [text](fmt::Display) is, so `ApiKey::from(42)` and `ApiKey::from("42")` are one consumer.
///
/// ```
/// use api_metrics_layer::ApiKey;
///
/// assert_eq!(ApiKey::from(42), ApiKey::from("42"));
/// assert_eq!(ApiKey::from("render-farm").to_string(), "render-farm");
/// ```
///
/// Only an identity that the host has verified belongs here. A raw header is the caller's word: who
/// reads it unverified lets anyone run up another one's bill, and stores secrets as labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(Repr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    Int(i64),
    Uuid([u8; 16]),
    Name(Arc<str>),
}

impl ApiKey {
    /// A key from a UUID's 16 bytes, big-endian (`uuid::Uuid::into_bytes`).
    #[must_use]
    pub const fn from_uuid_bytes(bytes: [u8; 16]) -> Self {
        Self(Repr::Uuid(bytes))
    }

    /// The key whose text this is: a decimal `i64`, a hyphenated lower-case UUID, else a name, cut
    /// to 256 bytes.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // `+1` and `007` parse, but are other texts than the number's own: they stay names.
        if let Some(n) = text.parse::<i64>().ok().filter(|n| n.to_string() == text) {
            return Self(Repr::Int(n));
        }
        if let Some(bytes) = parse_uuid(text) {
            return Self(Repr::Uuid(bytes));
        }
        Self(Repr::Name(bounded(text, MAX_API_KEY_BYTES).into()))
    }
}

/// Only the canonical form: any other spelling stays a name, so that text and key are one to one.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let ascii = text.as_bytes();
    if ascii.len() != 36 {
        return None;
    }
    let mut out = [0; 16];
    let mut nibbles = 0;
    for (i, &c) in ascii.iter().enumerate() {
        let value = match (i, c) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => c - b'0',
            (_, b'a'..=b'f') => c - b'a' + 10,
            _ => return None,
        };
        out[nibbles / 2] = out[nibbles / 2] << 4 | value;
        nibbles += 1;
    }
    Some(out)
}

impl From<i64> for ApiKey {
    fn from(id: i64) -> Self {
        Self(Repr::Int(id))
    }
}

impl From<&str> for ApiKey {
    fn from(text: &str) -> Self {
        Self::from_text(text)
    }
}

impl From<String> for ApiKey {
    fn from(text: String) -> Self {
        Self::from_text(&text)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(id) => write!(f, "{id}"),
            Repr::Uuid(bytes) => {
                for (i, byte) in bytes.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
            Repr::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({self})")
    }
}

/// Finds the consumer of a request before the inner service sees it: a closure
/// `Fn(&Parts) -> Option<ApiKey>`, or `()`, which looks nowhere.
///
/// Where it finds nothing, an [`ApiKey`] among the request's extensions is taken (a layer outside has put
/// it there), else one among the response's (a layer inside has).
///
/// Read here only what has been verified before: see [`ApiKey`].
pub trait ExtractApiKey {
    /// Whether [`api_key`](Self::api_key) wants to see the request at all.
    const NEEDS_PARTS: bool = true;

    /// The verified consumer.
    fn api_key(&self, request: &Parts) -> Option<ApiKey>;
}

impl ExtractApiKey for () {
    const NEEDS_PARTS: bool = false;

    #[inline]
    fn api_key(&self, _: &Parts) -> Option<ApiKey> {
        None
    }
}

impl<F> ExtractApiKey for F
where
    F: Fn(&Parts) -> Option<ApiKey>,
{
    #[inline]
    fn api_key(&self, request: &Parts) -> Option<ApiKey> {
        self(request)
    }
}
