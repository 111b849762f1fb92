//! Shared parts of the integration tests.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

mod book;
pub mod clickhouse;
pub mod cluster;
pub mod control;
pub mod database;
pub mod disk;
pub mod fast_clock;
pub mod harness;
pub mod newcomer;
pub mod packages;
pub mod pg_proxy;
pub mod pgbouncer;
pub mod process;
pub mod proxy;
pub mod question;
pub mod random;
pub mod recipe;
pub mod scale;
pub mod stored;
pub mod wait;

pub use clickhouse::{ClickHouse, ClickHouseCluster, ClickHouseDatabase};
pub use cluster::Cluster;
pub use control::worker_for;
pub use database::{PgDatabase, SqliteFile, patient, patient_by};
pub use disk::{Disk, DiskFault};
pub use packages::{installed, python_packages};
pub use pg_proxy::PgProxy;
pub use pgbouncer::PgBouncer;
pub use process::Process;
pub use proxy::Proxy;
pub use question::question;
pub use scale::sized;
pub use wait::{eventually, eventually_within};
