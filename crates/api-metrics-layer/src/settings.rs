//! What is set for all clones of a layer, and read only by requests of certain kinds.

use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, header::CONTENT_TYPE};

use crate::grpc::Methods;

/// The media types of responses that are long-lived by default: streams that last as long as somebody listens.
///
/// Their latency is the time to their head. `application/grpc` stands for gRPC calls that stream, of any kind
/// of gRPC. See [`long_lived_content_types`](crate::ApiMetricsLayer::long_lived_content_types).
pub const LONG_LIVED_CONTENT_TYPES: [&str; 9] = [
    "text/event-stream",
    "multipart/x-mixed-replace",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json-seq",
    "application/stream+json",
    GRPC,
];

const GRPC: &str = "application/grpc";

#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) grpc_methods: Methods,
    /// The server's own deadline for gRPC calls in nanoseconds; 0 is none.
    grpc_deadline: AtomicU64,
    /// Whether requests of these layers have been made while one was running: by a layer inside of another one,
    /// or by a handler. From then on paths tell them apart.
    nested: AtomicBool,
    /// Whether `long_lived` replaces [`LONG_LIVED_CONTENT_TYPES`].
    custom: AtomicBool,
    long_lived: RwLock<Vec<String>>,
}

impl Settings {
    pub(crate) fn set_grpc_deadline(&self, deadline: Duration) {
        let nanos = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        self.grpc_deadline.store(nanos, Ordering::Relaxed);
    }

    pub(crate) fn grpc_deadline(&self) -> Option<Duration> {
        let nanos = self.grpc_deadline.load(Ordering::Relaxed);
        (nanos != 0).then(|| Duration::from_nanos(nanos))
    }

    pub(crate) fn look_at_paths(&self) {
        self.nested.store(true, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn looks_at_paths(&self) -> bool {
        self.nested.load(Ordering::Relaxed)
    }

    pub(crate) fn set_long_lived(&self, content_types: Vec<String>) {
        let mut long_lived = self
            .long_lived
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *long_lived = content_types;
        self.custom.store(true, Ordering::Release);
    }

    /// Whether a response of unknown length with these headers is long-lived.
    pub(crate) fn is_long_lived(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(CONTENT_TYPE) else {
            return false;
        };
        let value = value.as_bytes();
        let end = value.iter().position(|&byte| byte == b';');
        let media_type = value.split_at(end.unwrap_or(value.len())).0.trim_ascii();
        self.lists(media_type)
    }

    /// Whether gRPC calls that stream are long-lived.
    pub(crate) fn is_grpc_long_lived(&self) -> bool {
        self.lists(GRPC.as_bytes())
    }

    fn lists(&self, media_type: &[u8]) -> bool {
        let is = |listed: &str| listed.as_bytes().eq_ignore_ascii_case(media_type);
        if self.custom.load(Ordering::Acquire) {
            let long_lived = self.long_lived.read();
            let long_lived = long_lived.unwrap_or_else(PoisonError::into_inner);
            return long_lived.iter().any(|listed| is(listed));
        }
        LONG_LIVED_CONTENT_TYPES.iter().any(|listed| is(listed))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn is_long_lived(settings: &Settings, content_type: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        settings.is_long_lived(&headers)
    }

    #[test]
    fn streams_are_long_lived_whatever_their_parameters_and_case() {
        let settings = Settings::default();
        for content_type in [
            "text/event-stream",
            "Text/Event-Stream; charset=utf-8",
            "multipart/x-mixed-replace;boundary=frame",
            "application/x-ndjson ; a=b",
        ] {
            assert!(is_long_lived(&settings, content_type), "{content_type}");
        }
        for content_type in ["text/event-streams", "text/plain", "", ";"] {
            assert!(!is_long_lived(&settings, content_type), "{content_type}");
        }
        assert!(!settings.is_long_lived(&HeaderMap::new()));
        assert!(settings.is_grpc_long_lived());
    }

    #[test]
    fn a_list_of_ones_own_replaces_the_default_and_may_be_empty() {
        let settings = Settings::default();
        settings.set_long_lived(vec!["video/mp2t".into()]);
        assert!(is_long_lived(&settings, "video/MP2T"));
        assert!(!is_long_lived(&settings, "text/event-stream"));
        assert!(!settings.is_grpc_long_lived());
        settings.set_long_lived(vec![]);
        assert!(!is_long_lived(&settings, "video/mp2t"));
    }

    #[test]
    fn a_deadline_of_zero_is_none() {
        let settings = Settings::default();
        assert_eq!(settings.grpc_deadline(), None);
        settings.set_grpc_deadline(Duration::from_millis(3));
        assert_eq!(settings.grpc_deadline(), Some(Duration::from_millis(3)));
        settings.set_grpc_deadline(Duration::ZERO);
        assert_eq!(settings.grpc_deadline(), None);
        settings.set_grpc_deadline(Duration::MAX);
        assert!(settings.grpc_deadline().is_some());
    }
}
