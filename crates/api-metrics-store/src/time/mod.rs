//! Periods, granularities and the clock. Everything is UTC.
//!
//! ```
//! use api_metrics_store::time::Granularity;
//!
//! // Periods start on UTC multiples of their length.
//! assert_eq!(Granularity::FiveMinutes.floor(1_767_607_501), 1_767_607_500);
//! assert_eq!(Granularity::Hour.to_string(), "1h");
//! ```

#[cfg(feature = "control")]
mod calendar;
pub(crate) mod clock;
mod granularity;

#[cfg(feature = "control")]
pub(crate) use calendar::{DAWN, utc_date, utc_midnight};
pub use clock::{Clock, ManualClock, SystemClock};
pub use granularity::{Granularity, UnixSeconds};
