//! Exact API metrics in the user's own database.
#![forbid(unsafe_code)]

pub mod series;
pub mod time;
