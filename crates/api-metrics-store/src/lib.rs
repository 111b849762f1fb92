//! Exact API metrics in the user's own database.
#![forbid(unsafe_code)]
// Without a database only the recorder and the contract are of use; the protocol then serves nobody.
#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports, unused_macros)
)]

pub mod alerts;
pub mod billing;
pub mod bucket;
pub mod keys;
pub mod limits;
pub mod notify;
pub mod options;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod query;
pub mod quotas;
pub mod recorder;
pub mod series;
pub mod sketch;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
pub mod time;
pub mod url;
pub mod watch;

mod migrations;
mod protocol;
mod statements;
mod text;
mod varint;
