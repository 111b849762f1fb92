//! Exact API metrics in the user's own database.
#![forbid(unsafe_code)]

pub mod bucket;
pub mod options;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod query;
pub mod recorder;
pub mod series;
pub mod sketch;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
pub mod time;
pub mod url;

mod migrations;
mod protocol;
mod varint;
