//! The store in one SQLite file.
//!
//! The same tables and the same protocol as on Postgres. `BEGIN IMMEDIATE` stands for the leader's
//! lock, so that two processes, as during a restart, are safe on one file.

mod flush;
mod lead;
mod migrate;
mod read;
mod rows;
#[cfg(feature = "control")]
mod sql;
mod status;
mod store;
mod tx;

/// The pool in [`SqliteStore`]'s signatures.
pub use sqlx::SqlitePool;
pub use store::{SqliteStore, Synchronous};
