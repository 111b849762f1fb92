//! The one calendar: which periods a range of time is divided into, in any zone, and how each is named.
//!
//! A store keeps minutes for a day, five minutes for a week, hours for some months and days for ever, all of
//! them UTC periods. A question asks for steps in somebody's zone. [`Axis::resolve`] brings the two together,
//! by four rules:
//!
//! - The periods tile the range: no gap, no overlap.
//! - Each period is as long as its step says. Only the first and the last may be cut by the range, and say so.
//! - One axis is cut in one way throughout, see [`Alignment`].
//! - A period is named by the local hour, date, week or month that holds most of it; a tie goes to the later.
//!
//! ```
//! use api_metrics_store::calendar::{Alignment, Axis, Kept, Step, Tz};
//!
//! let berlin: Tz = "Europe/Berlin".parse()?;
//! // A store that keeps everything, and a day on which Berlin's clocks go forward.
//! let axis = Axis::resolve(1_774_738_800, 1_774_821_600, Step::Day, berlin, &Kept::default())?;
//! assert_eq!(axis.len(), 1);
//! assert_eq!(axis.period(0).map(|day| day.end - day.start), Some(23 * 3_600));
//! assert_eq!(axis.name(0).map(|name| name.date().to_string()).as_deref(), Some("2026-03-29"));
//! assert_eq!(axis.alignment, Alignment::Local);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod kept;
mod name;
mod step;
#[cfg(test)]
mod tests;
mod tz;
mod zone;

pub use axis::{Alignment, Axis, Period};
pub use kept::{Kept, NotKept};
pub use step::Step;
pub use tz::{Tz, UnknownZone};
#[cfg(feature = "control")]
pub(crate) use zone::{earliest, first_instant, local_time};
pub use zone::{local_date, start_of_day};
