//! Problems that a failing store causes. The cause itself stands in the log alone.

use api_metrics_store::{sketch::SketchError, store::StoreError};

use super::{Kind, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from_store(&error)
    }
}

impl Problem {
    /// What a client is told of a store's error, which goes to the log.
    pub(crate) fn from_store(error: &StoreError) -> Self {
        if let Some(what) = error.misconfiguration() {
            tracing::error!(%error, misconfiguration = <&str>::from(what), "the metrics store is misconfigured");
            let detail =
                format!("the metrics store is misconfigured: {what}; the log says what to do");
            return Self::new(Kind::StoreMisconfigured, detail).retry_after(60);
        }
        match error {
            StoreError::Unavailable(_) | StoreError::Timeout(_) => {
                tracing::warn!(%error, "the metrics store did not answer");
                Self::new(Kind::StoreUnavailable, "the metrics store did not answer").retry_after(5)
            }
            StoreError::Unprepared(_) => {
                tracing::warn!(%error, "the metrics store is not ready");
                Self::new(
                    Kind::StoreUnavailable,
                    "the metrics store is not ready: its tables are not there yet",
                )
                .retry_after(5)
            }
            StoreError::Damaged(_) => {
                tracing::error!(%error, "the metrics store is damaged");
                Self::new(
                    Kind::StoreUnavailable,
                    "the metrics store is damaged; the log says more",
                )
                .retry_after(60)
            }
            StoreError::TooNew { .. }
            | StoreError::SketchKind { .. }
            | StoreError::Outdated { .. } => {
                tracing::error!(%error, "the metrics store can't be used by this release");
                Self::new(
                    Kind::StoreUnavailable,
                    "the metrics store can't be used by this release; the log says why",
                )
                .retry_after(60)
            }
            StoreError::Invalid { field, .. } => Self::parameter(*field, error.to_string()),
            StoreError::NotKept(not_kept) => {
                let mut problem = Self::parameter("granularity", error.to_string());
                problem.not_kept = Some(*not_kept);
                problem
            }
            StoreError::Conflict(why) => Self::new(Kind::Conflict, why.clone()),
            _ => {
                tracing::error!(%error, "a query of the metrics store failed");
                Self::new(Kind::Internal, "a query failed; the log says why")
            }
        }
    }
}

impl From<SketchError> for Problem {
    fn from(error: SketchError) -> Self {
        tracing::error!(%error, "latency sketches could not be merged");
        Self::new(
            Kind::Internal,
            "latencies could not be merged; the log says why",
        )
    }
}
