//! A borrowed series key.
//!
//! A record borrows its labels from the request. [`Lookup`] compares and hashes them without a copy,
//! and becomes an owned [`SeriesKey`] only when a series is seen for the first time.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
};

use api_metrics_layer::{
    ApiKey, MAX_ENDPOINT_BYTES, OTHER_ENDPOINT, Protocol, RequestRecord, bounded,
};

use crate::series::SeriesKey;

/// Compares methods, which are almost always the same static text.
#[inline]
pub(super) fn same_method(a: &'static str, b: &'static str) -> bool {
    std::ptr::eq(a, b) || a == b
}

/// The borrowed form of a [`SeriesKey`].
///
/// Copying it takes four moves of machine words; it owns nothing.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) protocol: Protocol,
    pub(super) method: &'static str,
    pub(super) endpoint: &'a str,
    pub(super) api_key: Option<&'a ApiKey>,
}

impl<'a> Lookup<'a> {
    /// The labels of a record.
    #[inline]
    pub(super) fn of(record: &RequestRecord<'a>) -> Self {
        Self {
            protocol: record.protocol,
            method: record.method,
            endpoint: record.endpoint,
            api_key: record.api_key,
        }
    }

    /// The hash of the labels, by the recorder's own random state. It is not stable between recorders
    /// and is never stored.
    ///
    /// Four small labels make one word: protocol, length and first letter of the method, and whether
    /// there is a key.
    #[inline]
    pub(super) fn hash(&self, state: &impl BuildHasher) -> u64 {
        let mut hasher = state.build_hasher();
        // No two standard methods have the same length and first letter, and a collision only costs time.
        let first = self.method.as_bytes().first().copied().unwrap_or(0);
        hasher.write_u32(u32::from_le_bytes([
            self.protocol.as_str().len() as u8,
            self.method.len() as u8,
            first,
            u8::from(self.api_key.is_some()),
        ]));
        hasher.write(self.endpoint.as_bytes());
        if let Some(key) = self.api_key {
            key.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Whether a series has exactly these labels.
    #[inline]
    pub(super) fn is(&self, series: &SeriesKey) -> bool {
        self.protocol == series.protocol
            && same_method(self.method, series.method)
            && *self.endpoint == *series.endpoint
            && self.api_key == series.api_key.as_ref()
    }

    /// Whether the endpoint is `<other>`.
    pub(super) fn is_other(&self) -> bool {
        self.endpoint == OTHER_ENDPOINT
    }

    /// An owned key: allocates the endpoint, and shares or copies the API key.
    pub(super) fn to_series(self) -> SeriesKey {
        SeriesKey {
            protocol: self.protocol,
            method: self.method,
            endpoint: Arc::from(self.endpoint),
            api_key: self.api_key.cloned(),
        }
    }

    /// The bounded endpoint, where it differs: records of imports may be longer than a label.
    pub(super) fn bounded_endpoint(&self) -> Option<String> {
        match bounded(self.endpoint, MAX_ENDPOINT_BYTES) {
            std::borrow::Cow::Borrowed(_) => None,
            std::borrow::Cow::Owned(label) => Some(label),
        }
    }
}
