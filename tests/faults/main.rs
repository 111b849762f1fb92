//! Faults: processes that are killed or stopped, connections that break, servers that restart,
//! databases that go back. On a real Postgres and on SQLite files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cancelled;
mod chaos;
mod clickhouse;
mod edge;
mod full_disk;
mod ledger;
mod misconfigured;
mod pooled;
mod restore;
mod roles;
mod sqlite_chaos;
mod standby;
mod stopped;
mod together;
mod versions;
mod writers;
