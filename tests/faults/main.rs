//! Faults: processes that are killed or stopped, connections that break, servers that restart,
//! databases that go back. On a real Postgres and on SQLite files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cancelled;
