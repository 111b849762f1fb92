//! `export` and `report`: from a database and from a server, the same numbers.

use std::path::{Path, PathBuf};

use api_metrics_tests::{ClickHouseDatabase, PgDatabase, Process, SqliteFile, process::Ended};
use serde_json::Value;

use crate::{api_metrics, serve::Server};

/// Twelve requests on 2015-05-17 and three on the day after, one of them to a hostile name.
fn import(database: &str, folder: &Path) -> PathBuf {
    let mut text = String::new();
    for (day, count, path, status) in [
        ("17", 8, "/a", 200),
        ("17", 4, "/b", 500),
        ("18", 2, "/a", 200),
        ("18", 1, "/<script>alert(1)</script>|`x`", 200),
    ] {
        let line =
            format!("h - - [{day}/May/2015:10:05:03 +0000] \"GET {path} HTTP/1.1\" {status} 5\n");
        text += &line.repeat(count);
    }
    let log = folder.join("access.log");
    std::fs::write(&log, text).unwrap();
    let mut command = api_metrics(&["import", "--service", "shop", "--database", database]);
    let imported = Process::start(command.arg(&log)).ended();
    assert!(imported.status.success(), "{}", imported.output);
    log
}

fn run(arguments: &[&str]) -> Ended {
    let ended = Process::start(&mut api_metrics(arguments)).ended();
    assert!(ended.status.success(), "{arguments:?}: {}", ended.output);
    ended
}

const RANGE: [&str; 4] = ["--from", "2015-05-17", "--to", "2015-05-19"];

async fn rows_are_those_of_the_log(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    import(database, folder.path());
    let file = folder.path().join("rows.csv");
    let file = file.to_str().unwrap();
    let wanted = [
        "--granularity",
        "1d",
        "--group-by",
        "endpoint",
        "--metrics",
        "requestCount",
    ];
    let from_database = ["--database", database];
    run(&[&["export", "-o", file][..], &RANGE, &wanted, &from_database].concat());
    let rows = std::fs::read_to_string(file).unwrap();
    let counts: Vec<&str> = rows
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(2))
        .collect();
    assert_eq!(counts, ["8", "4", "1", "2"], "{rows}");
    assert!(!Path::new(&format!("{file}.partial")).exists());
    // The same from a server, line by line.
    let server = Server::on(database);
    let ndjson = ["--format", "ndjson", "--server", &server.url];
    let mut command = api_metrics(&[&["export"][..], &RANGE, &wanted, &ndjson].concat());
    let answer =
        Process::start(command.env("API_METRICS_ADMIN_TOKEN", crate::serve::TOKEN)).ended();
    assert!(answer.status.success(), "{}", answer.output);
    let sum: u64 = answer
        .output
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["requestCount"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(sum, 15, "{}", answer.output);
    let mut command = api_metrics(&[&["export"][..], &ndjson].concat());
    let refused = Process::start(&mut command).ended();
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(
        refused.output.contains("API_METRICS_ADMIN_TOKEN"),
        "{}",
        refused.output
    );
    assert!(server.end("TERM").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_rows_are_those_of_the_log_on_sqlite() {
    rows_are_those_of_the_log(&SqliteFile::create().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_rows_are_those_of_the_log_on_postgres() {
    let database = PgDatabase::create().await;
    rows_are_those_of_the_log(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_that_were_moved_are_exported_from_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = PgDatabase::create().await;
    let database = postgres.url();
    import(&database, folder.path());
    let buckets = ClickHouseDatabase::create().await;
    let named = buckets.named();
    let elsewhere = ["--clickhouse", named.as_str()];
    let rows = |name: &str, more: &[&str]| {
        let file = folder.path().join(name);
        let to = [
            "export",
            "-o",
            file.to_str().unwrap(),
            "--database",
            &database,
        ];
        run(&[&to[..], &RANGE, &["--group-by", "endpoint"], more].concat());
        std::fs::read_to_string(file).unwrap()
    };
    let before = rows("before.csv", &[]);
    assert_eq!(before.lines().count(), 5, "{before}");
    for arguments in [
        vec!["move", "--database", &database],
        vec!["move", "--clickhouse", &named],
    ] {
        let ended = Process::start(&mut api_metrics(&arguments)).ended();
        assert_eq!(ended.status.code(), Some(2), "{}", ended.output);
    }
    let moves = [&["move", "--database", &database], &elsewhere[..]].concat();
    assert!(run(&moves).output.contains("API_METRICS_CLICKHOUSE_URL"));
    assert!(run(&moves).output.contains("already"));
    assert_eq!(rows("after.csv", &elsewhere), before);
    // Who does not name it gets no numbers that stand still.
    let mut command = api_metrics(&["export", "--database", &database]);
    let refused = Process::start(&mut command).ended();
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(refused.output.contains("ClickHouse"), "{}", refused.output);
}

#[test]
fn an_export_that_can_not_be_had_leaves_no_file_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let file = folder.path().join("rows.csv");
    for (arguments, code) in [
        (vec!["--database", missing.to_str().unwrap()], 1),
        (vec!["--server", "https://example.org"], 2),
        (vec!["--server", "http://127.0.0.1:1"], 1),
        (vec!["--format", "xml"], 2),
    ] {
        let mut command = api_metrics(&["export", "-o", file.to_str().unwrap()]);
        let ended = Process::start(command.args(&arguments)).ended();
        assert_eq!(
            ended.status.code(),
            Some(code),
            "{arguments:?}: {}",
            ended.output
        );
        assert!(!file.exists() && !missing.exists());
    }
    let database = SqliteFile::create();
    import(&database.url(), folder.path());
    let mut command = api_metrics(&[
        "export",
        "--granularity",
        "7m",
        "--database",
        &database.url(),
    ]);
    let ended = Process::start(&mut command).ended();
    assert_eq!(ended.status.code(), Some(2), "{}", ended.output);
    assert!(ended.output.contains("granularity"), "{}", ended.output);
}

#[test]
fn a_report_has_the_numbers_of_its_day_or_week_in_each_form() {
    let folder = tempfile::tempdir().unwrap();
    let database = SqliteFile::create();
    let url = database.url();
    import(&url, folder.path());
    let report = |more: &[&str]| run(&[&["report", "--database", &url][..], more].concat()).output;
    let day = report(&["--day", "2015-05-17"]);
    for said in [
        "API report: 2015-05-17",
        "Requests",
        "12",
        "33.33%",
        "GET /b",
    ] {
        assert!(day.contains(said), "{said}: {day}");
    }
    assert!(!day.contains("script"), "{day}");
    let week: Value = serde_json::from_str(&report(&["--week", "2015-05-18", "--json"])).unwrap();
    assert_eq!(week["summary"]["totalRequests"], 3);
    let week: Value = serde_json::from_str(&report(&["--week", "2015-05-17", "--json"])).unwrap();
    assert_eq!(week["summary"]["totalRequests"], 12);
    let html = report(&["--day", "2015-05-18", "--format", "html"]);
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    let markdown = report(&["--day", "2015-05-18", "--format", "markdown"]);
    assert!(
        markdown.contains("\\<script\\>") && markdown.contains("\\|\\`x\\`"),
        "{markdown}"
    );
    let other = report(&["--day", "2015-05-17", "--service", "other", "--json"]);
    let other: Value = serde_json::from_str(&other).unwrap();
    assert_eq!(other["summary"]["totalRequests"], 0);
    let file = folder.path().join("day.html");
    let path = file.to_str().unwrap();
    assert_eq!(report(&["--format", "html", "-o", path]), "");
    assert!(std::fs::read_to_string(file).unwrap().contains("</html>"));
    let mut command = api_metrics(&["report", "--database", &url, "--day", "2999-01-01"]);
    assert_eq!(Process::start(&mut command).ended().status.code(), Some(2));
}
