//! What a request asks: parameters of the query string, numbers in paths and members of bodies.
//! What is wrong is answered by name, and nothing is guessed.
//!
//! A parameter is declared once, as a [`OneOf`], a [`Text`] or a [`Parsed`] value; the declaration
//! reads it and stands in the OpenAPI document. Parts such as a range or a filter are made of
//! declarations and implement [`QueryParams`], and so does the struct of each route, which is made
//! of parts. [`Validated`] hands it to the handler and refuses every other parameter.

#[cfg_attr(
    not(feature = "control"),
    expect(dead_code, reason = "of bodies a replay has one member alone")
)]
mod body;
mod cursor;
#[cfg(feature = "control")]
mod days;
mod declare;
mod filter;
mod group;
#[cfg(feature = "control")]
mod id;
mod json;
mod key;
#[cfg(feature = "control")]
mod only_key;
mod page;
mod params;
mod range;
mod step;
mod validated;
mod zone;

pub(crate) use body::Body;
#[cfg(feature = "ingest")]
pub(crate) use body::Member;
#[cfg(feature = "control")]
pub(crate) use body::{present, required, wrong};
pub(crate) use cursor::Cursor;
#[cfg(feature = "control")]
pub(crate) use cursor::NO_RANGE;
#[cfg(feature = "fuzzing")]
pub(crate) use cursor::question;
#[cfg(feature = "control")]
pub(crate) use days::{Days, Month};
pub(crate) use declare::{Form, OneOf, ParamDocs, Parsed, Text};
pub(crate) use filter::is_tenant;
pub(crate) use filter::{ENVIRONMENT, SERVICE, TENANT};
#[cfg(feature = "control")]
pub(crate) use filter::{MAX_TENANT_BYTES, storable};
pub(crate) use group::{
    PLAIN_DIMENSIONS, describe_columns, group_by, metrics, take_group_by, take_metrics,
};
#[cfg(feature = "control")]
pub(crate) use id::{Id, nothing};
pub(crate) use json::json_object;
pub(crate) use key::api_key_id;
#[cfg(feature = "control")]
pub(crate) use only_key::ApiKeyId;
pub(crate) use page::{Limit, Page};
pub(crate) use params::{Params, shown};
#[cfg(feature = "ingest")]
pub(crate) use range::{date_or_instant, is_sane, is_whole_date};
pub(crate) use step::{Wanted, check_points, describe_step, take_step};
pub(crate) use validated::{Context, HasClock, QueryParams, Validated, query_params};
pub(crate) use zone::zone;

#[cfg(test)]
mod tests;
