//! How what acts on the numbers is set up.

use api_metrics_store::{billing::BillingSettings, limits::LimitSettings, quotas::QuotaSettings};

/// The settings behind limits, quotas and billing.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    pub(crate) limits: LimitSettings,
    pub(crate) quotas: QuotaSettings,
    pub(crate) billing: BillingSettings,
}

impl Acts {
    pub(crate) fn new(
        limits: LimitSettings,
        quotas: QuotaSettings,
        billing: BillingSettings,
    ) -> Self {
        Self {
            limits,
            quotas,
            billing,
        }
    }
}
