//! How fast `api-metrics import` reads logs, and how much memory it takes. `cargo bench --bench import`.
//!
//! Each row is a process of its own, which writes into a SQLite file. `BENCH_LINES` says how many lines (2,000,000),
//! `BENCH_LOG` names a log to be repeated instead of a made one.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people"
)]

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use api_metrics_benches::Dice;

/// nginx's combined format with a request time behind it.
const TIMED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                     \"$http_referer\" \"$http_user_agent\" $request_time";
/// In the child: what it is to import. Without it this is the parent.
const CHILD: &str = "BENCH_CHILD";

/// What a child has measured of itself.
struct Measured {
    cpu_seconds: f64,
    peak_mib: f64,
}

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        let done = api_metrics_cli::run(std::env::args_os());
        let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let cpu = usage.tv_sec as f64 + usage.tv_nsec as f64 / 1e9;
        // The kernel's own high-water mark.
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak: f64 = peak
            .and_then(|peak| peak.split_whitespace().next()?.parse().ok())
            .unwrap_or(f64::NAN);
        eprintln!("measured {cpu} {}", peak / 1_024.0);
        return done;
    }
    let lines: usize = std::env::var("BENCH_LINES")
        .ok()
        .and_then(|lines| lines.parse().ok())
        .unwrap_or(2_000_000);
    let folder = std::env::temp_dir().join(format!("api-metrics-import-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    println!(
        "| {lines} lines | lines/s | lines/s and core | MB/s | peak MiB |\n|---|---:|---:|---:|---:|"
    );
    if let Ok(log) = std::env::var("BENCH_LOG") {
        let text = fs::read_to_string(&log).unwrap();
        let mut made = text.lines().map(str::to_owned).cycle();
        row(&folder, "the log that was named", lines, &[], |_, _| {
            made.next().unwrap()
        });
    }
    row(
        &folder,
        "combined, 1,000 endpoints",
        lines,
        &[],
        |random, part| combined(random, part, 1_000),
    );
    row(
        &folder,
        "combined, 100,000 paths",
        lines,
        &[],
        |random, part| combined(random, part, 100_000),
    );
    row(
        &folder,
        "log_format with a request time",
        lines,
        &["--format", TIMED],
        |random, part| {
            let line = combined(random, part, 1_000);
            format!("{line} {:.3}", random.lognormal(0.05, 1.0))
        },
    );
    row(&folder, "JSON lines", lines, &["--format", "json"], json);
    fs::remove_dir_all(&folder).unwrap();
    ExitCode::SUCCESS
}

/// A line of four days, of which `part` is over.
fn combined(random: &mut Dice, part: f64, paths: u64) -> String {
    let (second, path) = (second(part), random.roll(paths));
    let (status, bytes) = (
        [200, 200, 200, 304, 404, 500][random.roll(6) as usize],
        random.roll(90_000),
    );
    format!(
        "192.0.2.{} - - [{:02}/May/2015:{:02}:{:02}:{:02} +0000] \"GET /shop/articles/{path}?q={second} HTTP/1.1\" \
         {status} {bytes} \"https://shop.example/articles\" \"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) \
         AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36\"",
        path % 250,
        17 + second / 86_400,
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
    )
}

/// Lines stand in the order of their times, as a server writes them.
fn second(part: f64) -> u64 {
    (part * 4.0 * 86_400.0) as u64
}

fn json(random: &mut Dice, part: f64) -> String {
    let (second, path) = (second(part), random.roll(1_000));
    format!(
        "{{\"time_iso8601\":\"2015-05-{:02}T{:02}:{:02}:{:02}+00:00\",\"remote_addr\":\"192.0.2.1\",\
         \"request_method\":\"GET\",\"request_uri\":\"/shop/articles/{path}?q={second}\",\"status\":200,\
         \"body_bytes_sent\":{},\"request_time\":{:.3},\"http_user_agent\":\"Mozilla/5.0 (Macintosh)\"}}",
        17 + second / 86_400,
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
        random.roll(90_000),
        random.lognormal(0.05, 1.0),
    )
}

/// Writes a log and imports it.
fn row(
    folder: &Path,
    name: &str,
    lines: usize,
    options: &[&str],
    mut line: impl FnMut(&mut Dice, f64) -> String,
) {
    let log = folder.join("access.log");
    let mut file = BufWriter::new(File::create(&log).unwrap());
    let mut random = Dice(1);
    for at in 0..lines {
        writeln!(file, "{}", line(&mut random, at as f64 / lines as f64)).unwrap();
    }
    file.flush().unwrap();
    let bytes = fs::metadata(&log).unwrap().len() as f64;
    let database = folder.join("metrics.db");
    let started = Instant::now();
    let measured = child(&log, &database, options);
    let took = started.elapsed().as_secs_f64();
    let lines = lines as f64;
    let mut text = String::new();
    write!(
        text,
        "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |",
        lines / took,
        lines / measured.cpu_seconds,
        bytes / took / 1e6,
        measured.peak_mib
    )
    .unwrap();
    println!("{text}");
    for left in fs::read_dir(folder).unwrap() {
        fs::remove_file(left.unwrap().path()).unwrap();
    }
}

fn child(log: &Path, database: &Path, options: &[&str]) -> Measured {
    let mut arguments: Vec<OsString> = vec!["import".into(), log.into()];
    arguments.extend(["--database".into(), database.into()]);
    arguments.extend(options.iter().map(OsString::from));
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let numbers = said.lines().find_map(|line| line.strip_prefix("measured "));
    let mut numbers = numbers.unwrap_or_else(|| panic!("{said}")).split(' ');
    let mut next = || numbers.next().unwrap().parse().unwrap();
    Measured {
        cpu_seconds: next(),
        peak_mib: next(),
    }
}
