//! The protocol by which counts stay exact: flush, fold, rollup, retention and the read, written
//! once over what a database can do.

mod admit;
mod axis;
pub(crate) mod backend;
pub(crate) mod condition;
pub(crate) mod flush;
pub(crate) mod fold;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod groups;
pub(crate) mod payload;
mod period_counts;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod retention;
pub(crate) mod rollup;
pub(crate) mod sorted_cursor;
#[cfg(feature = "control")]
pub(crate) mod sql;
pub(crate) mod store;
mod sum;
mod unstored;
mod yield_every;

/// What this release knows of the schema's meaning; databases say how much they ask for.
pub(crate) const SCHEMA_KNOWLEDGE: i64 = 2;
