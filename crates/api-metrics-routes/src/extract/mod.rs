//! Validated parameters: what is wrong is answered by name, and nothing is guessed.

mod cursor;
mod filter;
mod group;
mod page;
mod params;
mod range;
mod step;
mod zone;

pub(crate) use cursor::{Cursor, question};
pub(crate) use filter::{FilterParams, take_api_key_id, take_filter};
pub(crate) use group::{DIMENSIONS, GroupParams, group_by, metrics, take_group_by, take_metrics};
pub(crate) use page::{PageParams, take_limit, take_limit_or};
pub(crate) use params::{Params, shown};
pub(crate) use range::{TimeParams, floor_minute, take_range};
pub(crate) use step::{StepParams, take_step};
pub(crate) use zone::{ZoneParams, take_zone};

#[cfg(test)]
mod tests;
