//! How what acts on the numbers is set up.

use std::sync::atomic::{AtomicU64, Ordering};

use api_metrics_store::{billing::BillingSettings, limits::LimitSettings, quotas::QuotaSettings};

/// The settings behind limits, quotas and billing.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    pub(crate) limits: LimitSettings,
    pub(crate) quotas: QuotaSettings,
    pub(crate) billing: BillingSettings,
    edits: AtomicU64,
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
            edits: AtomicU64::new(0),
        }
    }

    /// A key or a plan has changed, here: bills that were kept are no longer true.
    pub(crate) fn changed(&self) {
        self.edits.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that has happened; a part of what a kept bill answers.
    pub(crate) fn edits(&self) -> u64 {
        self.edits.load(Ordering::Relaxed)
    }
}
