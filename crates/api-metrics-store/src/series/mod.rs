//! Series: the labels that a bucket belongs to.

use std::sync::Arc;

use api_metrics_layer::{ApiKey, Protocol};

/// The labels of a series in one recorder. Its instance adds service and environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SeriesKey {
    /// HTTP or gRPC.
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
pub enum SeriesKind {
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
    /// All of them, `Base` first.
    pub const ALL: [Self; 4] = [Self::Base, Self::ByEndpoint, Self::ByKey, Self::Total];

    /// Those that are sums of base series, in the order of [`aggregate_place`](Self::aggregate_place).
    pub(crate) const AGGREGATES: [Self; 3] = [Self::ByEndpoint, Self::ByKey, Self::Total];

    /// The number under which it is stored: bit 0 says any key, bit 1 any endpoint.
    #[must_use]
    pub const fn code(self) -> i16 {
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
    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Base),
            1 => Some(Self::ByEndpoint),
            2 => Some(Self::ByKey),
            3 => Some(Self::Total),
            _ => None,
        }
    }
}
