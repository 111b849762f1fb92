//! Quotas: how much of its allowance a key has used in its period.
//!
//! A quota is counted from the ledger, unfolded data included, whenever it is asked for; no counter is
//! kept beside it that could drift.
//!
//! ```
//! use api_metrics_store::control::quotas::{CountedStatuses, QuotaPeriod, QuotaSettings};
//!
//! let counted: CountedStatuses = "2xx,3xx".parse()?;
//! let mut settings = QuotaSettings::default();
//! settings.status_counts = counted;
//! assert_eq!("30d".parse::<QuotaPeriod>()?, QuotaPeriod::Days(30));
//! # Ok::<(), api_metrics_store::store::StoreError>(())
//! ```

mod counted;
mod evaluate;
mod period;
mod usage;

pub use counted::CountedStatuses;
pub(super) use evaluate::evaluate_quotas;
pub use period::{QuotaPeriod, period_at};
pub use usage::{QuotaSettings, QuotaUsage, quota_usage};
