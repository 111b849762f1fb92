//! Periods, granularities and the clock. Everything is UTC; calendar arithmetic happens in Rust.

mod clock;
mod granularity;

pub use clock::{Clock, ManualClock, SystemClock};
pub use granularity::{Granularity, UnixSeconds};
