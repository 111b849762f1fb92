//! Quotas: how much of its allowance a key has used in its period.
//!
//! A quota is counted from the ledger, unfolded data included, at the moment of the question; no
//! counter is kept beside it that could drift.

mod counted;
mod evaluate;
mod period;
mod usage;

pub use counted::CountedStatuses;
pub use evaluate::evaluate_quotas;
pub use period::{QuotaPeriod, period_at};
pub use usage::{QuotaSettings, QuotaUsage, quota_usage};
