//! Rate limits: how close keys come to theirs.
//!
//! The host enforces the limits; here requests are held against them, so that a consumer hears of
//! a limit before it meets it.

mod current;
mod record;
mod store;
mod utilization;
mod watch;

pub use current::{LimitNow, limits_now};
pub use record::record_utilization;
pub use store::LimitStore;
pub use utilization::{LimitSettings, NearLimit, UtilizationQuery, UtilizationRow, near_limits};
pub use watch::watch_limits;
