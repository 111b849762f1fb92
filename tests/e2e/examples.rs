//! Examples that can't be tried within a test's own process.

use std::process::Command;

use api_metrics_tests::{PgDatabase, Process, SqliteFile};

fn shut_down_under_load(url: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_graceful_shutdown"));
    let ended = Process::start(command.args(["--database", url])).ended();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.output.contains("SIGTERM"), "{ended:?}");
}

#[tokio::test]
async fn sigterm_under_load_loses_no_request_on_postgres() {
    let database = PgDatabase::create().await;
    shut_down_under_load(&database.url());
}

#[test]
fn sigterm_under_load_loses_no_request_on_sqlite() {
    shut_down_under_load(&SqliteFile::create().url());
}
