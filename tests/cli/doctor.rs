//! `doctor`: what is wrong is named, with what to do, and nothing is changed by looking.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
};

use api_metrics_tests::{PgDatabase, Process, Proxy, SqliteFile, process::Ended};
use serde_json::Value;

use crate::api_metrics;

fn doctor(arguments: &[&str]) -> (Ended, Vec<Value>) {
    let mut command = api_metrics(&["doctor", "--json"]);
    checked(Process::start(command.args(arguments)).ended())
}

fn checked(ended: Ended) -> (Ended, Vec<Value>) {
    let answer = ended.output.lines().find(|line| line.starts_with('{'));
    let answer: Value = serde_json::from_str(answer.unwrap()).unwrap();
    let checks = answer["checks"].as_array().unwrap().clone();
    (ended, checks)
}

fn verdict<'a>(checks: &'a [Value], name: &str) -> (&'a str, &'a Value) {
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("{name} is missing in {checks:?}"));
    (check["verdict"].as_str().unwrap(), check)
}

fn import(database: &str, folder: &Path) {
    let log = folder.join("access.log");
    std::fs::write(
        &log,
        "h - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 5\n",
    )
    .unwrap();
    let mut command = api_metrics(&["import", "--database", database]);
    assert!(Process::start(command.arg(log)).ended().status.success());
}

fn is_well(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    import(database, folder.path());
    let (ended, checks) = doctor(&["--database", database]);
    assert!(ended.status.success(), "{}", ended.output);
    for name in [
        "database",
        "version",
        "rights",
        "schema",
        "clock",
        "leader",
        "quarantined",
    ] {
        assert_eq!(verdict(&checks, name).0, "ok", "{checks:?}");
    }
    // Nobody serves, and nobody is told of alerts: each with what to do.
    for name in ["instances", "notifiers"] {
        let (verdict, check) = verdict(&checks, name);
        assert!(
            verdict == "warning" && check["advice"].is_string(),
            "{check}"
        );
    }
}

#[test]
fn a_database_that_works_is_found_to_work_on_sqlite() {
    is_well(&SqliteFile::create().url());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_works_is_found_to_work_on_postgres() {
    let database = PgDatabase::create().await;
    let url = database.url();
    let (ended, checks) = doctor(&["--database", &url]);
    assert!(ended.status.success(), "{}", ended.output);
    assert_eq!(verdict(&checks, "schema").0, "warning");
    is_well(&url);
    let (_, checks) = doctor(&["--database", &url]);
    assert_eq!(verdict(&checks, "pooler").0, "ok");
    // Through somebody between.
    let server = url.split_once('@').map_or(url.as_str(), |(_, rest)| rest);
    let address = server
        .trim_start_matches("postgres://")
        .split('/')
        .next()
        .unwrap();
    let mut between = Proxy::reserve();
    between.connect(address.parse().unwrap());
    let through = url.replace(address, &between.address().to_string());
    let (_, checks) = doctor(&["--database", &through]);
    let found = verdict(&checks, "pooler").1["found"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(found.contains("stands between"), "{found}");
}

#[test]
fn what_is_wrong_is_named_with_what_to_do_and_without_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let nothing = folder.path().join("nothing.db");
    std::fs::write(
        &nothing,
        "this is no database, but a text of some length\n".repeat(50),
    )
    .unwrap();
    let nobody = Proxy::reserve();
    let away = format!("postgres://app:hunter2@{}/app", nobody.address());
    for url in [missing.to_str().unwrap(), nothing.to_str().unwrap(), &away] {
        let (ended, checks) = doctor(&["--database", url]);
        assert_eq!(ended.status.code(), Some(1), "{}", ended.output);
        let (verdict, check) = verdict(&checks, "database");
        assert!(
            verdict == "failed" && check["advice"].is_string(),
            "{check}"
        );
        assert!(!ended.output.contains("hunter2"), "{}", ended.output);
    }
    assert!(!missing.exists());
}

/// Takes one request and answers it.
fn receiver(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let taken = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        let mut bytes = [0; 4_096];
        while !text.contains("notices arrive here") {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "{text}");
            text += &String::from_utf8_lossy(&bytes[..read]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        text
    });
    (url, taken)
}

#[test]
fn a_test_is_sent_to_the_notifiers() {
    let folder = tempfile::tempdir().unwrap();
    let database = SqliteFile::create();
    import(&database.url(), folder.path());
    for (answer, expected) in [
        ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", "ok"),
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
            "failed",
        ),
    ] {
        let (url, taken) = receiver(answer);
        let mut command = api_metrics(&["doctor", "--json", "--database", &database.url()]);
        let command = command
            .env("API_METRICS_WEBHOOK_URL", &url)
            .env("API_METRICS_WEBHOOK_ALLOW_PRIVATE", "true");
        let (ended, checks) = checked(Process::start(command).ended());
        assert_eq!(ended.status.success(), expected == "ok", "{}", ended.output);
        assert_eq!(verdict(&checks, "webhook").0, expected, "{checks:?}");
        assert!(taken.join().unwrap().contains("Test of api-metrics doctor"));
    }
}
