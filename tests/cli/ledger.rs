//! The ledger: a log is known by what it holds, and an import that was killed goes on where it was.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use api_metrics_tests::{PgDatabase, Process, SqliteFile, process::Ended};
use serde_json::Value;

use crate::api_metrics;
use api_metrics_tests::stored;

/// Lines that are all different, from number `from` on.
fn lines(from: u32, count: u32) -> String {
    (from..from + count)
        .map(|i| {
            format!(
                "192.0.2.1 - - [17/May/2015:10:{:02}:{:02} +0000] \"GET /{}?{i} HTTP/1.1\" 200 {} \"-\" \"-\"\n",
                i / 60 % 60,
                i % 60,
                i % 7,
                i % 100
            )
        })
        .collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn import(log: &Path, database: &str, more: &[&str]) -> Ended {
    let mut command = api_metrics(&["import", "--json", "--database", database]);
    Process::start(command.arg(log).args(more)).ended()
}

/// The answer of an import that must succeed.
fn imported(log: &Path, database: &str, more: &[&str]) -> Value {
    let ended = import(log, database, more);
    assert!(ended.status.success(), "{}", ended.output);
    let answer = ended.output.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(answer.unwrap()).unwrap()
}

async fn requests(url: &str) -> u64 {
    stored::requests(&*stored::open(url), None).await
}

/// Kills an import with SIGKILL at many moments, and lets it go on each time.
async fn goes_on_exactly(url: &str, packed: bool) {
    let folder = Folder::new();
    let count = 120_000;
    let text = lines(0, count);
    let log = folder.write("access.log", &text);
    if packed {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        std::fs::write(&log, gzip.finish().unwrap()).unwrap();
    }
    let mut killed = 0;
    for attempt in 0..5 {
        let mut command = api_metrics(&["import", "--database", url]);
        let mut running = Process::start(command.arg(&log));
        // From the first moments to the middle of a flush. A fast machine may be done before that.
        running.line(|line| line.contains("format combined").then_some(()));
        tokio::time::sleep(Duration::from_millis(150 * attempt)).await;
        running.signal("KILL");
        let was_killed = !running.ended().status.success();
        killed += u64::from(was_killed);
        let so_far = requests(url).await;
        assert!(
            so_far == u64::from(count) || so_far.is_multiple_of(50_000),
            "{so_far}"
        );
        if !was_killed {
            break;
        }
    }
    assert!(killed > 0);
    let ended = import(&log, url, &[]);
    assert!(
        matches!(ended.status.code(), Some(0 | 4)),
        "{}",
        ended.output
    );
    assert_eq!(requests(url).await, u64::from(count), "{}", ended.output);
    let endpoints = stored::endpoints(&*stored::open(url)).await;
    let expected = |i: u64| u64::from(count) / 7 + u64::from(i < u64::from(count) % 7);
    for i in 0..7 {
        assert_eq!(endpoints.get(&format!("/{i}")), Some(&expected(i)));
    }
    assert_eq!(import(&log, url, &[]).status.code(), Some(4));
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_exactly_on_sqlite() {
    goes_on_exactly(&SqliteFile::on_disk().url(), true).await;
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_exactly_on_postgres() {
    let database = PgDatabase::create().await;
    goes_on_exactly(&database.url(), false).await;
}

#[tokio::test]
async fn an_import_that_was_ended_by_a_signal_goes_on_behind_its_last_line() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let log = folder.write("access.log", &lines(0, 200_000));
    let mut command = api_metrics(&["import", "--database", &database.url()]);
    let mut running = Process::start(command.arg(&log));
    running.line(|line| line.contains("format combined").then_some(()));
    running.signal("TERM");
    let ended = running.ended();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.output);
    let before = requests(&database.url()).await;
    assert!(before < 200_000);
    let told = format!("interrupted after line {before} of");
    assert!(ended.output.contains(&told), "{}", ended.output);
    let answer = imported(&log, &database.url(), &[]);
    assert_eq!(answer["total"]["requests"], 200_000);
    assert_eq!(answer["total"]["earlierRequests"], before);
    assert_eq!(requests(&database.url()).await, 200_000);
}

#[tokio::test]
async fn what_was_appended_is_imported_also_under_another_name() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let log = folder.write("access.log", &lines(0, 100));
    imported(&log, &url, &[]);
    let log = folder.write("access.log", &lines(0, 150));
    let answer = imported(&log, &url, &[]);
    assert_eq!(answer["total"]["earlierRequests"], 100);
    assert_eq!(requests(&url).await, 150);
    // Rotated meanwhile, and its last line came in two halves.
    let more = lines(0, 200);
    let log = folder.write(
        "access.log.1",
        &(more + lines(200, 1).trim_end_matches(" \"-\"\n")),
    );
    imported(&log, &url, &[]);
    assert_eq!(requests(&url).await, 201);
    let log = folder.write("access.log.1", &lines(0, 210));
    imported(&log, &url, &[]);
    assert_eq!(requests(&url).await, 210);
}

#[tokio::test]
async fn logs_that_begin_alike_are_told_apart() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let header = lines(0, 20);
    for (name, from) in [("a", 1_000), ("b", 2_000), ("c", 3_000)] {
        let log = folder.write(name, &(header.clone() + &lines(from, 30)));
        let answer = imported(&log, &url, &[]);
        assert_eq!(answer["total"]["earlierRequests"], 0);
    }
    assert_eq!(requests(&url).await, 150);
    // Among several, those that are known are left out.
    let new = folder.write("d", &lines(5_000, 10));
    let mut command = api_metrics(&["import", "--database", &url]);
    let several = command.arg(folder.0.path().join("a")).arg(&new);
    let ended = Process::start(several).ended();
    assert!(ended.status.success(), "{}", ended.output);
    assert!(ended.output.contains("imported before"), "{}", ended.output);
    assert_eq!(requests(&url).await, 160);
    // Another service is another import.
    imported(&new, &url, &["--service", "other"]);
    assert_eq!(requests(&url).await, 170);
}

#[tokio::test]
async fn other_options_are_refused_in_the_middle_of_a_log() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let log = folder.write("access.log", &lines(0, 100));
    imported(&log, &url, &["--path", "/1*"]);
    let log = folder.write("access.log", &lines(0, 120));
    let refused = import(&log, &url, &["--path", "/2*"]);
    assert_eq!(refused.status.code(), Some(4), "{}", refused.output);
    assert!(refused.output.contains("--path /1*"), "{}", refused.output);
    let before = requests(&url).await;
    imported(&log, &url, &["--path", "/1*"]);
    assert!(requests(&url).await > before);
}

/// Lines of so many requests, a second apart, from a time on.
fn lines_at(from: i64, path: &str, count: i64) -> String {
    let at = |at| chrono::DateTime::from_timestamp(at, 0).unwrap();
    (from..from + count)
        .map(|second| {
            let at = at(second).format("%d/%b/%Y:%H:%M:%S +0000");
            format!("192.0.2.1 - - [{at}] \"GET {path} HTTP/1.1\" 200 10 \"-\" \"-\"\n")
        })
        .collect()
}

async fn endpoints(url: &str) -> std::collections::BTreeMap<String, u64> {
    let endpoints = stored::endpoints(&*stored::open(url)).await;
    endpoints
        .into_iter()
        .map(|(endpoint, n)| (endpoint.to_string(), n))
        .collect()
}

/// An import that is alone in its periods is taken back exactly, however old it is, and can be imported again.
async fn is_taken_back(url: &str) {
    let folder = Folder::new();
    let old = folder.write("old.log", &lines(0, 5_000));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    // Minutes are kept of one, hours of another, and days of the oldest; each has neighbours of the same service that
    // share its coarser periods, and of another service that share all.
    let now = i64::try_from(now.as_secs()).unwrap() / 3_600 * 3_600;
    let recent = folder.write("recent.log", &lines_at(now - 7_200, "/recent", 90));
    let hours = folder.write("hours.log", &lines_at(now - 30 * 86_400, "/hours", 90));
    let beside = [
        lines_at(now - 6_600, "/beside", 30),
        lines_at(now - 30 * 86_400 + 7_200, "/beside", 30),
        lines_at(1_431_993_600, "/beside", 30),
    ];
    let beside = folder.write("beside.log", &beside.concat());
    imported(&beside, url, &[]);
    imported(&old, url, &["--service", "other"]);
    let before = endpoints(url).await;
    for log in [&old, &recent, &hours] {
        let unknown = import(log, url, &["--undo"]);
        assert_eq!(unknown.status.code(), Some(1), "{}", unknown.output);
        assert!(unknown.output.contains("knows no import"));
        imported(log, url, &[]);
        let with = endpoints(url).await;
        assert!(with.values().sum::<u64>() > before.values().sum());
        let answer = imported(log, url, &["--undo"]);
        let counted = with.values().sum::<u64>() - before.values().sum::<u64>();
        assert_eq!(answer["undone"], counted);
        assert_eq!(endpoints(url).await, before, "{}", log.display());
        // Nor does the ledger know it any more.
        let again = imported(log, url, &[]);
        assert_eq!(again["total"]["requests"], counted);
        assert_eq!(endpoints(url).await, with);
        imported(log, url, &["--undo"]);
        assert_eq!(endpoints(url).await, before);
    }
    let refused = import(&beside, url, &["--undo", "--service", "other"]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    imported(&beside, url, &["--undo"]);
    imported(&old, url, &["--undo", "--service", "other"]);
    assert_eq!(endpoints(url).await, std::collections::BTreeMap::new());
    assert_eq!(requests(url).await, 0);
}

#[tokio::test]
async fn an_import_that_is_alone_in_its_periods_is_taken_back_on_sqlite() {
    is_taken_back(&SqliteFile::on_disk().url()).await;
}

#[tokio::test]
async fn an_import_that_is_alone_in_its_periods_is_taken_back_on_postgres() {
    let database = PgDatabase::create().await;
    is_taken_back(&database.url()).await;
}

#[tokio::test]
async fn an_import_that_is_mixed_with_other_requests_says_why_it_can_not_be_taken_back() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let log = folder.write("access.log", &lines(0, 100));
    let other = folder.write("other.log", &lines(1_000, 7));
    imported(&log, &url, &[]);
    imported(&other, &url, &[]);
    for log in [&log, &other] {
        let refused = import(log, &url, &["--undo"]);
        assert_eq!(refused.status.code(), Some(4), "{}", refused.output);
        for told in [
            "hold 107 requests",
            "2015-05-17T00:00:00Z to 2015-05-18T00:00:00Z",
        ] {
            assert!(refused.output.contains(told), "{}", refused.output);
        }
        assert_eq!(requests(&url).await, 107);
    }
    // It is still known.
    assert_eq!(import(&log, &url, &[]).status.code(), Some(4));
}

#[tokio::test]
async fn what_is_no_log_leaves_nothing_in_the_ledger() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let log = folder.write("access.log", &lines(0, 120));
    let refused = import(&log, &url, &["--format", "json"]);
    assert_eq!(refused.status.code(), Some(3), "{}", refused.output);
    let answer = imported(&log, &url, &[]);
    assert_eq!(answer["total"]["requests"], 120);
}

#[tokio::test]
async fn a_log_that_is_followed_goes_on_after_a_kill() {
    let (folder, database) = (Folder::new(), SqliteFile::on_disk());
    let url = database.url();
    let log = folder.write("access.log", &lines(0, 50));
    let follow = || {
        let mut command = api_metrics(&["import", "--follow", "--flush-every", "100ms"]);
        Process::start(command.arg(&log).args(["--database", &url]))
    };
    let stands_at = async |expected: u64| {
        let what = format!("{expected} requests");
        api_metrics_tests::eventually(&what, || async {
            (requests(&url).await == expected).then_some(())
        })
        .await;
    };
    let append = |text: &str| {
        let mut log = std::fs::File::options().append(true).open(&log).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    };
    let mut running = follow();
    running.line(|line| line.contains("format combined").then_some(()));
    stands_at(50).await;
    running.signal("KILL");
    assert!(!running.ended().status.success());
    // Half a line is there when the next one ends, too.
    let next = lines(50, 10);
    let (first, second) = next.split_at(700);
    append(first);
    let mut running = follow();
    running.line(|line| line.contains("goes on after line 50").then_some(()));
    let whole = first.matches('\n').count() as u64;
    stands_at(50 + whole).await;
    running.signal("TERM");
    assert!(running.ended().status.success());
    append(second);
    let mut running = follow();
    running.line(|line| line.contains("goes on after line").then_some(()));
    stands_at(60).await;
    running.signal("TERM");
    assert!(running.ended().status.success());
}

async fn is_taken_back_from_a_running_one(url: &str) {
    let folder = Folder::new();
    let log = folder.write("access.log", &lines(0, 50));
    let mut command = api_metrics(&["import", "--follow", "--flush-every", "100ms"]);
    let mut running = Process::start(command.arg(&log).args(["--database", url]));
    running.line(|line| line.contains("format combined").then_some(()));
    api_metrics_tests::eventually("50 requests", || async {
        (requests(url).await == 50).then_some(())
    })
    .await;
    let answer = imported(&log, url, &["--undo"]);
    assert_eq!(answer["undone"], 50);
    assert_eq!(requests(url).await, 0);
    // It may not go on as though what it has brought were there.
    let mut file = std::fs::File::options().append(true).open(&log).unwrap();
    file.write_all(lines(50, 10).as_bytes()).unwrap();
    let ended = running.ended();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.output);
    assert!(ended.output.contains("taken back"), "{}", ended.output);
    assert_eq!(requests(url).await, 0);
    // The whole log is new again.
    let answer = imported(&log, url, &[]);
    assert_eq!(answer["total"]["requests"], 60);
    assert_eq!(requests(url).await, 60);
}

#[tokio::test]
async fn an_import_that_still_runs_is_taken_back_and_its_process_ends_on_sqlite() {
    is_taken_back_from_a_running_one(&SqliteFile::on_disk().url()).await;
}

#[tokio::test]
async fn an_import_that_still_runs_is_taken_back_and_its_process_ends_on_postgres() {
    let database = PgDatabase::create().await;
    is_taken_back_from_a_running_one(&database.url()).await;
}
