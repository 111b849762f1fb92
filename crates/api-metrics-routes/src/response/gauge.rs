//! A unit that is no sum, as answers show it.

use api_metrics_layer::Gauge;
use serde::Serialize;

/// Observations of a unit that is no sum, such as a score. Each was rounded to millionths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GaugeView {
    /// How many there were.
    count: u64,
    /// Their mean.
    mean: f64,
    /// The smallest.
    min: f64,
    /// The greatest.
    max: f64,
    /// All of them together.
    sum: f64,
}

impl GaugeView {
    /// Their mean.
    #[cfg(feature = "ingest")]
    pub(crate) const fn mean(&self) -> f64 {
        self.mean
    }

    /// The numbers of a gauge.
    pub(crate) fn of(gauge: &Gauge) -> Self {
        Self {
            count: gauge.count(),
            mean: (gauge.mean() * 1e6).round() / 1e6,
            min: gauge.min(),
            max: gauge.max(),
            sum: gauge.sum(),
        }
    }
}
