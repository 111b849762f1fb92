//! The consumer of an API, as the host has verified it.

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
/// Use only an identity that the host has verified. A raw header is what the caller claims: anyone could run
/// up another consumer's bill, and secrets would be stored as labels.
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

    /// The key with this text: a decimal `i64`, a hyphenated lower-case UUID, else a name, cut to
    /// [`MAX_API_KEY_BYTES`](crate::MAX_API_KEY_BYTES).
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

/// Finds the consumer of a request, before the inner service sees it.
///
/// Implemented by closures `Fn(&Parts) -> Option<ApiKey>`, and by `()`, which finds none. Where it finds none,
/// the layer takes the [`ApiKey`] among the request's extensions (set by a layer outside), else the one among
/// the response's (set by a layer inside).
///
/// Return only what has been verified before: see [`ApiKey`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't find API keys",
    label = "not an `ExtractApiKey`",
    note = "write a closure `|request: &http::request::Parts| -> Option<ApiKey> {{ .. }}`, or implement `ExtractApiKey` and pass it to `.api_key_from(..)`",
    note = "without `.api_key(..)` the layer takes the `ApiKey` that authentication has put among the extensions"
)]
pub trait ExtractApiKey {
    /// Whether [`api_key`](Self::api_key) needs the request's parts. Set it to `false` only where `api_key`
    /// always returns `None`.
    const NEEDS_PARTS: bool = true;

    /// The verified consumer of this request.
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
