//! Rate limits: how close keys come to theirs.
//!
//! The host enforces the limits; here requests are held against them, so that a consumer hears of
//! a limit before it meets it.

mod current;
mod evaluate;
mod record;
mod store;
mod utilization;

pub use current::{LimitNow, limits_now};
pub use evaluate::evaluate_limits;
pub use record::record_utilization;
pub use store::LimitStore;
pub use utilization::{LimitSettings, NearLimit, UtilizationQuery, UtilizationRow, near_limits};
