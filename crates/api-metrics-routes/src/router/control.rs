//! How the control plane is set up.

use api_metrics_store::{
    control::billing::BillingSettings, control::limits::LimitSettings,
    control::quotas::QuotaSettings,
};

/// The settings behind the routes of limits, quotas and billing.
#[derive(Debug, Clone, Default)]
pub(crate) struct ControlSettings {
    /// From which percentage on a key is near its limit.
    pub(crate) limits: LimitSettings,
    /// Which answers count towards a quota, and in which zone months begin.
    pub(crate) quotas: QuotaSettings,
    /// The plan of keys without one, and which answers are billed.
    pub(crate) billing: BillingSettings,
    /// The channels of notices that this process has.
    pub(crate) channels: Vec<String>,
}
