//! Imports of whole logs into both databases, checked against sums that are known beforehand.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use api_metrics_tests::{PgDatabase, Process, SqliteFile, process::Ended};
use chrono::{DateTime, TimeDelta};

use api_metrics_tests::stored;

/// A log whose sums are known without reading it.
struct Log {
    folder: tempfile::TempDir,
    lines: Vec<String>,
    expected: Expected,
}

/// By day: start, requests, 4xx, 5xx, aborted, response bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected(Vec<(i64, u64, u64, u64, u64, u64)>);

const START: i64 = 1_431_820_800; // 2015-05-17T00:00:00Z

impl Log {
    /// `count` lines over four days, one zone ahead of UTC, in the order of time.
    fn make(count: u32) -> Self {
        let mut days: Vec<_> = (0..4)
            .map(|day| (START + day * 86_400, 0, 0, 0, 0, 0))
            .collect();
        let mut lines = Vec::new();
        for i in 0..count {
            let at = START + i64::from(i) * 4 * 86_400 / i64::from(count);
            let status = match i % 50 {
                0 => 404,
                1 => 500,
                2 => 499,
                _ => 200,
            };
            let bytes = u64::from(i) * 7 % 5_000;
            let day = usize::try_from((at - START) / 86_400).unwrap();
            let sums = &mut days[day];
            sums.1 += 1;
            sums.2 += u64::from(status == 404);
            sums.3 += u64::from(status == 500);
            sums.4 += u64::from(status == 499);
            sums.5 += bytes;
            // Written two hours ahead, so that a parser which ignores zones is found out.
            let local = DateTime::from_timestamp(at, 0).unwrap() + TimeDelta::hours(2);
            let time = local.format("%d/%b/%Y:%H:%M:%S +0200");
            let size = if bytes == 0 {
                "-".to_owned()
            } else {
                bytes.to_string()
            };
            lines.push(format!(
                "192.0.2.{} - - [{time}] \"GET /users/{}?page={i} HTTP/1.1\" {status} {size} \"-\" \"agent \\\"{i}\\\"\" 0.{:03}",
                i % 250,
                i % 40,
                i % 1_000,
            ));
        }
        Self {
            folder: tempfile::tempdir().unwrap(),
            lines,
            expected: Expected(days),
        }
    }

    fn write(&self, name: &str, lines: &[String]) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut text = lines.join("\n");
        text.push('\n');
        if name.ends_with(".gz") {
            // Two members one after another, as rotation leaves them.
            let mut file = std::fs::File::create(&path).unwrap();
            let (first, second) = text.split_at(text.len() / 3);
            for part in [first, second] {
                let mut gzip =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                gzip.write_all(part.as_bytes()).unwrap();
                file.write_all(&gzip.finish().unwrap()).unwrap();
            }
        } else {
            std::fs::write(&path, text).unwrap();
        }
        path
    }
}

/// What the last field of these logs is, the server's configuration says.
const TIMED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time"#;

fn importer(file: &Path, database: &str) -> Command {
    let mut command = Command::new(crate::PROGRAM);
    command
        .arg("import")
        .arg(file)
        .args(["--database", database, "--format", TIMED]);
    command
}

fn run(mut command: Command) -> Ended {
    let ended = Process::start(&mut command).ended();
    assert!(ended.status.success(), "{}", ended.output);
    ended
}

async fn stored_days(url: &str) -> Expected {
    let days = stored::days(&*stored::open(url)).await;
    Expected(
        days.into_iter()
            .map(|(day, sum)| {
                (
                    day,
                    sum.request_count,
                    sum.error_count_4xx,
                    sum.error_count_5xx,
                    sum.aborted_count,
                    sum.response_bytes,
                )
            })
            .collect(),
    )
}

/// The table that the program prints, without its header.
fn printed(expected: &Expected) -> Vec<Vec<String>> {
    let mut total = [0; 5];
    let mut rows = Vec::new();
    for &(day, requests, c4, c5, aborted, bytes) in &expected.0 {
        let values = [requests, c4, c5, aborted, bytes];
        for (sum, value) in total.iter_mut().zip(values) {
            *sum += value;
        }
        let day = DateTime::from_timestamp(day, 0)
            .unwrap()
            .format("%Y-%m-%d")
            .to_string();
        rows.push(
            std::iter::once(day)
                .chain(values.map(|v| v.to_string()))
                .collect(),
        );
    }
    rows.push(
        std::iter::once("total".to_owned())
            .chain(total.map(|v| v.to_string()))
            .collect(),
    );
    rows
}

fn table_in(output: &str) -> Vec<Vec<String>> {
    output
        .lines()
        .filter(|line| line.starts_with("2015-") || line.starts_with("total"))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

async fn is_exact_on(url: &str, name: &str) {
    let log = Log::make(6_000);
    let file = log.write(name, &log.lines);
    let ended = run(importer(&file, url));
    assert_eq!(stored_days(url).await, log.expected);
    assert_eq!(
        table_in(&ended.output),
        printed(&log.expected),
        "{}",
        ended.output
    );
    // The same log again is refused, whatever its name, and twice is twice where somebody insists.
    let copy = log.write(&format!("copy-of-{}", name.replace(".gz", "")), &log.lines);
    for known in [&file, &copy] {
        let refused = Process::start(&mut importer(known, url)).ended();
        assert_eq!(refused.status.code(), Some(4), "{}", refused.output);
        assert!(
            refused.output.contains("--force") && refused.output.contains("6000 requests"),
            "{}",
            refused.output
        );
    }
    let mut again = importer(&file, url);
    again.arg("--force");
    run(again);
    let twice = stored_days(url).await;
    for (once, twice) in log.expected.0.iter().zip(&twice.0) {
        assert_eq!((once.1 * 2, once.5 * 2), (twice.1, twice.5));
    }
    let sum = stored::sum(&*stored::open(url), None).await.unwrap();
    assert_eq!(sum.latency_count, 12_000);
    // Latencies of 0 to 999 ms, evenly: the middle one is known.
    let p50 = sum.quantile_ms(0.5).unwrap();
    assert!((p50 - 499.0).abs() <= 499.0 * 0.01 + 1.0, "{p50}");
}

#[tokio::test]
async fn a_plain_log_is_exact_on_sqlite() {
    let file = SqliteFile::create();
    is_exact_on(&file.url(), "access.log").await;
}

#[tokio::test]
async fn a_compressed_log_is_exact_on_postgres_whatever_its_name() {
    let database = PgDatabase::create().await;
    is_exact_on(&database.url(), "access.gz").await;
}

#[tokio::test]
async fn two_halves_by_two_processes_at_once_are_exact_on_postgres() {
    let database = PgDatabase::create().await;
    let log = Log::make(20_000);
    let (first, second) = log.lines.split_at(log.lines.len() / 2 + 123);
    let files = [
        log.write("first.log", first),
        log.write("second.log.gz", second),
    ];
    let both = files.map(|file| {
        let command = importer(&file, &database.url());
        std::thread::spawn(move || run(command))
    });
    for one in both {
        one.join().unwrap();
    }
    assert_eq!(stored_days(&database.url()).await, log.expected);
}

#[tokio::test]
async fn routes_become_templates_and_the_rest_is_unmatched() {
    let file = SqliteFile::create();
    let log = Log::make(400);
    let mut lines = log.lines.clone();
    lines.push(
        r#"h - - [17/May/2015:10:05:03 +0000] "GET /robots.txt HTTP/1.1" 200 5 "-" "-" 0.001"#
            .to_owned(),
    );
    let path = log.write("access.log", &lines);
    let routes = log.folder.path().join("routes.txt");
    std::fs::write(&routes, "# one a line\n/users/{id}\n\n/orders\n").unwrap();
    let mut command = importer(&path, &file.url());
    command.arg("--routes").arg(&routes);
    run(command);
    let endpoints = stored::endpoints(&*stored::open(&file.url())).await;
    assert_eq!(
        endpoints.into_iter().collect::<Vec<_>>(),
        [
            ("/users/{id}".to_owned(), 400),
            ("<unmatched>".to_owned(), 1)
        ]
    );
}

#[tokio::test]
async fn without_routes_the_path_without_its_query_is_the_endpoint() {
    let file = SqliteFile::create();
    let log = Log::make(400);
    run(importer(&log.write("access.log", &log.lines), &file.url()));
    let endpoints = stored::endpoints(&*stored::open(&file.url())).await;
    assert_eq!(endpoints.len(), 40);
    assert_eq!(endpoints.get("/users/7"), Some(&10));
}

#[tokio::test]
async fn unreadable_lines_are_told_by_number_and_the_rest_is_imported() {
    let file = SqliteFile::create();
    let log = Log::make(1_000);
    let mut lines = log.lines.clone();
    lines.insert(3, "what is this".to_owned());
    lines.insert(700, "x".repeat(200_000));
    lines.insert(701, "and this".to_owned());
    let ended = run(importer(&log.write("access.log", &lines), &file.url()));
    assert!(
        ended.output.contains("line 4 can't be read"),
        "{}",
        ended.output
    );
    assert!(
        ended.output.contains("unreadable lines: 4, 701-702"),
        "{}",
        ended.output
    );
    assert!(
        ended
            .output
            .contains("1003 lines read, 1000 requests recorded, 3 unreadable"),
        "{}",
        ended.output
    );
    assert_eq!(stored_days(&file.url()).await, log.expected);
}

#[tokio::test]
async fn a_log_that_breaks_off_says_where_and_keeps_what_came_before() {
    let file = SqliteFile::create();
    let log = Log::make(20_000);
    let path = log.write("access.gz", &log.lines);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 2_000]).unwrap();
    let ended = Process::start(&mut importer(&path, &file.url())).ended();
    assert!(!ended.status.success());
    assert!(
        ended.output.contains("access.gz: after line "),
        "{}",
        ended.output
    );
    let requests = stored::requests(&*stored::open(&file.url()), None).await;
    let mut told = String::new();
    write!(told, "{requests} requests recorded").unwrap();
    assert!(
        requests > 10_000 && requests < 20_000 && ended.output.contains(&told),
        "{}",
        ended.output
    );
}

#[tokio::test]
async fn an_empty_log_is_a_log_with_nothing_in_it() {
    let file = SqliteFile::create();
    let log = Log::make(0);
    let ended = run(importer(&log.write("access.log", &[]), &file.url()));
    assert!(
        ended.output.contains("0 requests recorded"),
        "{}",
        ended.output
    );
}
