//! The store in a Postgres database, 14 or newer, in the schema `api_metrics`.

mod cancel;
mod connect;
mod flush;
mod lead;
mod migrate;
mod partitions;
mod read;
mod rows;
#[cfg(feature = "control")]
mod sql;
mod status;
mod store;
mod sum;
mod tx;
mod unnamed;

/// The pool in [`PostgresStore`]'s signatures.
pub use sqlx::PgPool;
pub use store::PostgresStore;
