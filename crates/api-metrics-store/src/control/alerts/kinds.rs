//! The words of rules: types, comparisons, severities and phases. Their names stand in the database and in the HTTP API.

use std::{fmt, str::FromStr};

use crate::store::{StoreError, invalid};

/// An enum whose variants have names: `Display`, `FromStr`, and `From` for a static text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $field:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in the database and in the HTTP API.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl From<$name> for &'static str {
            /// The name in the database and in the HTTP API.
            fn from(word: $name) -> Self {
                word.as_str()
            }
        }

        impl fmt::Display for $name {
            /// The name in the database and in the HTTP API.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = StoreError;

            /// Reads the name in the database and in the HTTP API.
            ///
            /// # Errors
            /// [`StoreError::Invalid`] where nothing has that name.
            fn from_str(name: &str) -> Result<Self, StoreError> {
                match name {
                    $($word => Ok(Self::$variant),)*
                    _ => invalid($field, concat!("is none of", $(" `", $word, "`",)*)),
                }
            }
        }
    };
}

words! {
    /// What a rule looks at.
    AlertType as "alertType" {
        /// 4xx and 5xx in percent of the requests.
        ErrorRate = "error_rate",
        /// Latency in milliseconds: the mean, or a quantile.
        ResponseTime = "response_time",
        /// Requests of a key in its busiest minute of the window, in percent of its limit a minute.
        RateLimit = "rate_limit",
        /// Requests in the window.
        RequestVolume = "request_volume",
        /// Body bytes in the window, both directions together.
        Bandwidth = "bandwidth",
        /// The sum of a unit in the window.
        Unit = "unit",
        /// How far the requests a minute are from the baseline of this hour of the week, in
        /// standard deviations estimated by the median absolute deviation.
        Anomaly = "anomaly",
        /// The same of the error rate, where it is above the baseline.
        AnomalyErrors = "anomaly_errors",
        /// The same of the latency, the mean or a quantile, where it is above the baseline.
        AnomalyLatency = "anomaly_latency",
        /// The same of the bytes a minute.
        AnomalyBandwidth = "anomaly_bandwidth",
        /// How many times faster than allowed an objective's budget burns, over the window and over a twelfth of it.
        BurnRate = "burn_rate",
        /// Of our own health: seconds of the window in which a process could not reach the store.
        StoreUnreachable = "store_unreachable",
        /// Of our own health: the longest that records waited for a flush beyond its interval, in seconds.
        FlushLag = "flush_lag",
        /// Of our own health: how long our own routes took to answer, in milliseconds: the mean, or a quantile.
        AnswerTime = "answer_time",
        /// Of our own health: how long queries of the store took, in milliseconds: the mean, or a quantile.
        QueryTime = "query_time",
        /// Of our own health: the most streams that a process had open.
        OpenStreams = "open_streams",
        /// Of our own health: requests that the request log chose and dropped in the window.
        DroppedLogRows = "dropped_log_rows",
        /// Of our own health: answers from the cache, in percent of its lookups.
        CacheHitRate = "cache_hit_rate",
        /// By how much a release is worse than the version before, within the window after its first request: 5xx in
        /// percentage points, or a quantile of the latency in percent. 0 where none is worse for certain.
        ReleaseRegression = "release_regression",
    }
}

words! {
    /// How a value is held against the threshold.
    Comparison as "comparison" {
        /// Above it.
        Gt = "gt",
        /// Below it.
        Lt = "lt",
        /// At it or above.
        Gte = "gte",
        /// At it or below.
        Lte = "lte",
    }
}

words! {
    /// How much a breach matters.
    Severity as "severity" {
        /// Nice to know.
        Low = "low",
        /// To be looked at.
        Medium = "medium",
        /// To be looked at soon.
        High = "high",
        /// To be looked at now.
        Critical = "critical",
    }
}

words! {
    /// Where a rule stands.
    Phase as "state" {
        /// Not breached.
        Ok = "ok",
        /// Breached, but too soon after the last firing; fires when the cooldown has passed, if it
        /// is still breached then.
        Pending = "pending",
        /// Fired, and still breached.
        Firing = "firing",
        /// Fired, and no longer breached; `ok` once the cooldown has passed.
        Resolved = "resolved",
    }
}
