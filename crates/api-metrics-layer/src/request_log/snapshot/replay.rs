//! How a request is known that the host itself replays.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName};

use super::super::RequestCapture;

/// The header that holds the [secret](ReplaySecret) of a request that is replayed over HTTP.
pub const REPLAY_HEADER: HeaderName = HeaderName::from_static("x-api-metrics-replay");

/// In a request's extensions: the host replays it to find an error, so no layer with a request log counts it, and
/// no log keeps it. Extensions are set by code alone; nothing that a client sends becomes one.
///
/// Middleware of the host that counts by itself, such as one that enforces quotas, can look for it too.
///
/// ```
/// use api_metrics_layer::Replayed;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(Replayed::new());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed;

impl Replayed {
    /// The mark.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// What a process puts into the [header](REPLAY_HEADER) of requests that it replays over HTTP, so that its own
/// layer knows them: at least 32 random characters.
#[derive(Clone)]
pub struct ReplaySecret(Arc<str>);

impl ReplaySecret {
    /// A secret of a text, which should be random. One that is shorter than 32 bytes could be guessed, and is
    /// `None`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let usable = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_graphic());
        usable.then(|| Self(text.into()))
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in the same time wherever two texts differ.
    fn is(&self, value: &[u8]) -> bool {
        let ours = self.0.as_bytes();
        let differ = ours
            .iter()
            .zip(value)
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        ours.len() == value.len() && differ == 0
    }
}

impl fmt::Debug for ReplaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplaySecret(..)")
    }
}

/// Whether the request carries this process's secret.
pub(crate) fn is_replay(capture: &RequestCapture, headers: &HeaderMap) -> bool {
    let Some(secret) = &capture.replay_secret else {
        return false;
    };
    headers
        .get(REPLAY_HEADER)
        .is_some_and(|value| secret.is(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_marks_a_request() {
        assert!(ReplaySecret::new("short").is_none());
        let text = "0123456789abcdef0123456789abcdef";
        let mut capture = RequestCapture::default();
        let mut headers = HeaderMap::new();
        let mut marked = |capture: &RequestCapture, value: &'static str| {
            headers.insert(REPLAY_HEADER, http::HeaderValue::from_static(value));
            is_replay(capture, &headers)
        };
        assert!(!marked(&capture, text));
        capture.replay_secret = ReplaySecret::new(text);
        assert!(marked(&capture, text));
        for wrong in [
            "",
            "0",
            "0123456789abcdef0123456789abcdeF",
            "0123456789abcdef0123456789abcdef0",
        ] {
            assert!(!marked(&capture, wrong), "{wrong}");
        }
        assert!(!format!("{capture:?}").contains(text));
        assert!(!is_replay(&capture, &HeaderMap::new()));
    }
}
