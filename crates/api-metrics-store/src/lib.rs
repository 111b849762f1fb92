//! Exact API metrics in the user's own database.
#![forbid(unsafe_code)]

pub mod bucket;
pub mod recorder;
pub mod series;
pub mod sketch;
pub mod time;

mod varint;
