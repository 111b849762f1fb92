//! How many requests other services can report, and what that does to the live view. The server is `api-metrics serve`
//! in a process of its own; reports and questions go over sockets.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench ingest` makes a database of its own on that server and drops it.
//! `BENCH_STORE` (`postgres,sqlite`), `BENCH_ITEMS` (400000, of the burst) and `BENCH_SECONDS` (60, of 1,000 events a
//! second) choose.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a program for people"
)]

mod client;

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use api_metrics_benches::{
    database::{self, Scratch},
    quantile,
};
use sqlx::ConnectOptions as _;

use client::Connection;

/// In the child: it is the server. Without it this is the sender.
const CHILD: &str = "BENCH_CHILD";
const TOKEN: &str = "the token of the benchmark, 32 characters";
/// Connections that report side by side.
const SENDERS: usize = 8;
/// Items of a report, the most that is taken.
const BATCH: usize = 1_000;

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return api_metrics_cli::run(std::env::args_os());
    }
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wanted = |name: &str| {
        std::env::var("BENCH_STORE").map_or(true, |value| value.split(',').any(|one| one == name))
    };
    if wanted("postgres") {
        let scratch = runtime.block_on(Scratch::create());
        measure("Postgres", scratch.options().to_url_lossy().as_ref());
        runtime.block_on(scratch.remove());
    }
    if wanted("sqlite") {
        let file = database::file();
        measure("SQLite", &format!("sqlite://{}", file.display()));
        database::remove_file(&file);
    }
    ExitCode::SUCCESS
}

fn number(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// The server, ended with this value.
struct Server {
    process: Child,
    authority: String,
    secret: String,
}

impl Server {
    fn start(database: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", "--database", database])
            .env(CHILD, "1")
            .env("API_METRICS_LISTEN", "127.0.0.1:0")
            .env("API_METRICS_ADMIN_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let authority = loop {
            let line = lines.next().expect("the server says where it is").unwrap();
            if let Some((_, rest)) = line.split_once("serves http://") {
                break rest.split('/').next().unwrap().to_owned();
            }
        };
        // Whoever stops reading stops the server.
        thread::spawn(move || lines.for_each(drop));
        let mut admin = Connection::open(&authority, TOKEN);
        let body = r#"{"name": "bench", "service": "shop", "environment": "bench"}"#;
        let made = admin.post("/admin/ingest-tokens", "", body);
        let (_, secret) = made.split_once("\"secret\":\"").expect("a token is made");
        let secret = secret.split('"').next().unwrap().to_owned();
        Self {
            process,
            authority,
            secret,
        }
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).unwrap()
    }

    fn peak_mib(&self) -> f64 {
        let status = self.proc("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = peak
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        kib / 1_024.0
    }

    fn cpu_seconds(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        // Fields 14 and 15 of proc(5), the third being the first here.
        let ticks: u64 = [11, 12]
            .map(|at| fields[at].parse::<u64>().unwrap())
            .iter()
            .sum();
        ticks as f64 / rustix::param::clock_ticks_per_second() as f64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A report of so many requests to a hundred endpoints.
fn report(items: usize, seed: usize) -> String {
    let mut body = String::with_capacity(items * 110);
    for at in 0..items {
        let n = seed.wrapping_mul(7_919).wrapping_add(at * 31);
        let status = [200, 200, 200, 404, 500][n % 5];
        writeln!(
            body,
            "{{\"method\":\"GET\",\"endpoint\":\"/shop/{}/{{id}}\",\"status\":{status},\"latencyMs\":{}.5,\
             \"responseBytes\":{}}}",
            n % 100,
            n % 90,
            n % 9_000
        )
        .unwrap();
    }
    body
}

fn measure(name: &str, database: &str) {
    let server = Server::start(database);
    let items = number("BENCH_ITEMS", 400_000) as usize;
    let batches = items / BATCH / SENDERS;
    let (started, cpu) = (Instant::now(), server.cpu_seconds());
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let server = &server;
                scope.spawn(move || {
                    let mut wire = Connection::open(&server.authority, &server.secret);
                    let send = |batch| {
                        let key = format!("idempotency-key: {sender}-{batch}\r\n");
                        let body = report(BATCH, sender * 1_000 + batch);
                        let started = Instant::now();
                        let answer = wire.post("/ingest/v1/requests", &key, &body);
                        assert!(answer.contains("\"accepted\":1000"), "{answer}");
                        started.elapsed()
                    };
                    (0..batches).map(send).collect::<Vec<_>>()
                })
            })
            .collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap())
            .collect()
    });
    let took = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let sent = (batches * BATCH * SENDERS) as f64;
    let cpu = server.cpu_seconds() - cpu;
    println!(
        "{name}: {:.0} items a second in reports of {BATCH}, {:.1} µs of the server's processor time an item, \
         answers p50 {:.0} ms, p95 {:.0} ms, peak {:.0} MiB",
        sent / took,
        cpu / sent * 1e6,
        quantile(&times, 0.5).as_secs_f64() * 1e3,
        quantile(&times, 0.95).as_secs_f64() * 1e3,
        server.peak_mib(),
    );
    steady(name, &server, sent as u64);
}

/// A thousand events a second, one by one in twenty reports, while somebody looks at the live view.
fn steady(name: &str, server: &Server, before: u64) {
    let seconds = number("BENCH_SECONDS", 60);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut views, mut answers) = (Vec::new(), Vec::new());
    let mut wire = Connection::open(&server.authority, &server.secret);
    let mut admin = Connection::open(&server.authority, TOKEN);
    let mut sent = 0;
    let mut next = Instant::now();
    for tick in 0.. {
        if next >= until {
            break;
        }
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next += Duration::from_millis(50);
        let started = Instant::now();
        let answer = wire.post("/ingest/v1/requests", "", &report(50, tick));
        assert!(answer.contains("\"accepted\":50"), "{answer}");
        answers.push(started.elapsed());
        sent += 50;
        // Twice a second, which is more than a cache of a second can answer for all.
        if tick.is_multiple_of(10) {
            let started = Instant::now();
            let live = admin.get(&format!(
                "/admin/api-metrics/realtime?service=shop&method=GET&endpoint=/shop/{}/{{id}}",
                tick / 10 % 100
            ));
            assert!(live.contains("totalRequests"), "{live}");
            views.push(started.elapsed());
        }
    }
    // Everything that was answered is there.
    let total = admin.get("/admin/api-metrics/summary?period=24h&service=shop");
    let expected = format!("\"totalRequests\":{}", before + sent);
    assert!(total.contains(&expected), "{expected}: {total}");
    views.sort_unstable();
    answers.sort_unstable();
    let ms = |times: &[Duration], q| quantile(times, q).as_secs_f64() * 1e3;
    println!(
        "{name}: {seconds} s of 1,000 events a second: live view p50 {:.0} ms, p95 {:.0} ms; reports p50 {:.0} ms, \
         p95 {:.0} ms; peak {:.0} MiB; all {} counted",
        ms(&views, 0.5),
        ms(&views, 0.95),
        ms(&answers, 0.5),
        ms(&answers, 0.95),
        server.peak_mib(),
        before + sent,
    );
}
