//! Validated parameters: what is wrong is answered by name, and nothing is guessed.

mod body;
mod choice;
mod cursor;
mod days;
mod filter;
mod group;
mod id;
mod key;
mod page;
mod params;
mod range;
mod step;
mod zone;

pub(crate) use body::{Body, json_object, present, required, wrong};
pub(crate) use choice::choice;
pub(crate) use cursor::{Cursor, NO_RANGE, question};
pub(crate) use days::{DayParams, Days, MonthParams, take_days, take_month};
pub(crate) use filter::{
    FilterParams, MAX_TENANT_BYTES, is_tenant, label, storable, take_api_key_id, take_filter,
};
pub(crate) use group::{DIMENSIONS, GroupParams, group_by, metrics, take_group_by, take_metrics};
pub(crate) use id::{Id, nothing};
pub(crate) use key::ApiKeyParams;
pub(crate) use page::{PageParams, take_limit, take_limit_or};
pub(crate) use params::{Params, shown};
pub(crate) use range::{TimeParams, take_range};
pub(crate) use step::{StepParams, take_step};
pub(crate) use zone::{ZoneParams, take_zone};

#[cfg(test)]
mod tests;
