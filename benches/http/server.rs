//! The server under test, and what it uses, as the kernel has it.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use api_metrics_routes::Admin;
use axum::Router;
use rustix::{
    param::clock_ticks_per_second,
    process::{Resource, getrlimit, setrlimit},
};
use tokio::net::TcpListener;

use crate::{client::TOKEN, open};
use api_metrics_benches::fill;

/// `serve URL [uncached] [live]`: says its address on stdout and serves until it is killed.
pub async fn serve(arguments: &[String]) {
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    allow_many_connections();
    let store = open(&arguments[0]);
    let writer = Arc::new(fill::writer());
    let mut admin = Admin::builder(store.clone())
        .control(store.clone())
        .writer(writer.clone())
        .token(TOKEN)
        .requests_per_minute(u32::MAX);
    if has("uncached") {
        admin = admin.cache_bytes(0);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    if has("live") {
        tokio::spawn(async move {
            let mut random = fill::Random::new(5);
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            for second in 1_u64.. {
                seconds.tick().await;
                fill::record_every_series(&writer, LIVE, fill::now(), &mut random);
                if second.is_multiple_of(10) {
                    store.flush(&writer).await.unwrap();
                    store.fold().await.unwrap();
                    store.roll_up().await.unwrap();
                }
            }
        });
    }
    let app = Router::new().nest_service("/admin", admin.build().router());
    axum::serve(listener, app).await.unwrap();
}

/// Live traffic: each of 500 series once a second.
pub const LIVE: fill::Size = fill::Size {
    endpoints: 100,
    keys: 20,
};

/// A server in a process of its own, ended with this value.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(url: &str, settings: &[&str]) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .arg(url)
            .args(settings)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        Self {
            process,
            address: line.trim().parse().unwrap(),
        }
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.process.id())
    }

    /// Kilobytes of resident memory: now, and at most since [`forget_peak`](Self::forget_peak).
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
            kilobytes.trim().parse().unwrap()
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").unwrap();
    }

    /// Processor time used so far.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        // Fields 14 and 15 of proc(5), the third being the first here.
        let ticks = [11, 12].map(|at| fields[at].parse::<u64>().unwrap());
        let seconds = (ticks[0] + ticks[1]) as f64 / clock_ticks_per_second() as f64;
        Duration::from_secs_f64(seconds)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection is a file.
pub fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
