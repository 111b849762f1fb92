//! Rate limits: how close keys come to theirs.
//!
//! The host enforces the limits. Here requests are compared with them, so that a notice comes before a
//! consumer is refused.
//!
//! ```
//! use api_metrics_store::control::limits::LimitSettings;
//!
//! let mut settings = LimitSettings::default();
//! settings.threshold_pct = 90.0;
//! ```

mod current;
mod evaluate;
mod record;
pub(super) mod store;
mod utilization;

pub(super) use current::limits_of;
pub use current::{LimitNow, limits_now};
pub(super) use evaluate::evaluate_limits;
pub(super) use record::record_utilization;
pub(crate) use store::LimitStore;
pub use utilization::{LimitSettings, NearLimit, UtilizationRow};
