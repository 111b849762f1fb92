//! Shared parts of the integration tests.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

pub mod database;
pub mod pg_proxy;
pub mod process;
pub mod proxy;
pub mod wait;

pub use database::{PgDatabase, SqliteFile};
pub use pg_proxy::PgProxy;
pub use process::Process;
pub use proxy::Proxy;
pub use wait::eventually;
