//! The protocol by which counts stay exact: flush, fold, rollup, retention and the read, written
//! once over what a database can do.

mod admit;
mod axis;
pub(crate) mod backend;
pub(crate) mod batch;
pub(crate) mod flush;
pub(crate) mod fold;
mod fresh;
mod groups;
mod pace;
pub(crate) mod places;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod retention;
pub(crate) mod rollup;
pub(crate) mod store;
mod sum;
mod tally;

/// What this release knows of the schema's meaning; databases say how much they ask for.
pub(crate) const SCHEMA_KNOWLEDGE: i64 = 2;
