//! Periods, granularities and the clock. Everything is UTC; calendar arithmetic happens in Rust.

mod calendar;
mod clock;
mod granularity;

#[cfg(feature = "control")]
pub(crate) use calendar::DAWN;
pub use calendar::{utc_date, utc_midnight};
pub use clock::{Clock, ManualClock, SystemClock};
pub use granularity::{Granularity, UnixSeconds};
