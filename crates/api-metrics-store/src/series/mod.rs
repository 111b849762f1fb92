//! Series: the labels that a bucket belongs to.
//!
//! A series is one combination of protocol, method, route template and API key, in one service and
//! environment. For each period a series has at most one bucket.
//!
//! The database also stores aggregate series, which are sums over base series, so that a dashboard's
//! first page reads a few rows:
//!
//! | kind | code | endpoint | key | rows a period with `e` endpoints and `k` keys |
//! |---|---|---|---|---|
//! | `Base` | 0 | named | named | up to `e * k` |
//! | `ByEndpoint` | 1 | named | any | `e` |
//! | `ByKey` | 2 | any | named | `k` |
//! | `Total` | 3 | any | any | 1 for each service, environment, protocol and method that is kept apart |
//!
//! The code is two bits: bit 0 says any key, bit 1 any endpoint. A fold adds each base delta to its
//! three aggregates in the same transaction, so that all four kinds agree at any time.
//!
//! A [`SeriesKey`] tells which series a recorder holds, for instance to capture some of them:
//!
//! ```
//! use api_metrics_layer::{MetricSink, RequestRecord};
//! use api_metrics_store::{recorder::Recorder, series::SeriesKey};
//!
//! let recorder = Recorder::default();
//! recorder.record(&RequestRecord::new("GET", "/users/{id}", std::time::SystemTime::now()));
//! let of_users = |series: &SeriesKey, _minute| &*series.endpoint == "/users/{id}";
//! let held = recorder.capture(&of_users);
//! # let _ = held;
//! ```

use std::sync::Arc;

use api_metrics_layer::{ApiKey, Protocol};

/// The labels of a series in one recorder. Its instance adds service and environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SeriesKey {
    /// HTTP, gRPC, or a kind of events.
    pub protocol: Protocol,
    /// A standard method or `_OTHER`.
    pub method: &'static str,
    /// The route template, at most 1,024 bytes.
    pub endpoint: Arc<str>,
    /// The consumer; `None` for requests without a key.
    pub api_key: Option<ApiKey>,
}

/// Which dimensions a stored series has summed away. A dashboard reads tens of aggregate rows
/// instead of tens of thousands of base rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SeriesKind {
    /// One endpoint and one key: the truth that the others are made of.
    Base,
    /// One endpoint, any key.
    ByEndpoint,
    /// One key, any endpoint.
    ByKey,
    /// Any key and any endpoint: the total of a service.
    Total,
}

impl SeriesKind {
    /// Those that are sums of base series, in the order of [`aggregate_place`](Self::aggregate_place).
    pub(crate) const AGGREGATES: [Self; 3] = [Self::ByEndpoint, Self::ByKey, Self::Total];

    /// The number under which it is stored: bit 0 says any key, bit 1 any endpoint.
    #[must_use]
    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::Base => 0,
            Self::ByEndpoint => 1,
            Self::ByKey => 2,
            Self::Total => 3,
        }
    }

    /// Where it stands among the three aggregate kinds; `None` for a base series.
    pub(crate) fn aggregate_place(self) -> Option<usize> {
        usize::try_from(self.code()).ok()?.checked_sub(1)
    }

    /// The kind that is stored under this number.
    #[must_use]
    pub(crate) const fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Base),
            1 => Some(Self::ByEndpoint),
            2 => Some(Self::ByKey),
            3 => Some(Self::Total),
            _ => None,
        }
    }
}
