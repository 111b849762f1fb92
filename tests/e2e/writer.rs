//! Records and flushes for ever, and says what it has done: `recorded N` before a flush,
//! `acknowledged N` after it, both in total. The crash tests kill it.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    io::{Write, stdout},
    time::{Duration, SystemTime},
};

use api_metrics::{ApiMetrics, Maintenance, MetricSink, RequestRecord};

#[tokio::main]
async fn main() {
    let metrics = ApiMetrics::builder()
        .maintenance(Maintenance::Manual)
        .start()
        .await
        .unwrap();
    let sink = metrics.sink();
    let (mut total, mut turn) = (0_u64, 0_u64);
    loop {
        turn += 1;
        let records = 1 + turn * 17 % 60;
        for n in 0..records {
            let endpoint = format!("/endpoint/{}", (turn + n) % 25);
            let mut record = RequestRecord::new("GET", &endpoint, SystemTime::now());
            record.latency = Some(Duration::from_micros(n * 100));
            sink.record(&record);
        }
        total += records;
        say(&format!("recorded {total}"));
        if metrics.flush().await.is_ok() {
            say(&format!("acknowledged {total}"));
        }
    }
}

/// At once: what is in a buffer dies with the process.
fn say(line: &str) {
    let mut out = stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
