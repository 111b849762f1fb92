//! Serves requests for callgrind to count: `instructions SUBJECT SERIES REQUESTS`. `.ci/instructions` runs it.
//!
//! Start-up and warm-up cancel in the difference of two runs that differ in their requests alone, and the wall clock
//! stands still: where a run begins in its minute would decide whether each series begins another one.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a program of the repository's own"
)]

#[path = "../peers/exchange.rs"]
mod exchange;
#[path = "../peers/requests.rs"]
mod requests;
// Not as a dependency, which would build both databases and criterion.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what the other benchmarks use of it"
)]
#[path = "../support/numbers.rs"]
mod support;

use std::{
    env,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use api_metrics_layer::{ApiMetricsLayer, RequestClock};
use api_metrics_store::recorder::Recorder;
use axum::{Router, routing::get};

use self::{exchange::exchange, requests::Requests};

/// Requests that are built at once.
const BATCH: usize = 128;

/// Clocks that say the same in every run. They read the system's too, since what that costs is part of a request.
struct Steady {
    start: Instant,
    reads: AtomicU64,
}

impl RequestClock for Steady {
    fn monotonic(&self) -> Instant {
        black_box(Instant::now());
        self.start + Duration::from_micros(5 * self.reads.fetch_add(1, Relaxed))
    }

    fn wall(&self) -> SystemTime {
        black_box(SystemTime::now());
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [subject, series, requests] = args.as_slice() else {
        panic!("instructions SUBJECT SERIES REQUESTS");
    };
    let series: usize = series.parse().unwrap();
    let requests: usize = requests.parse().unwrap();
    let routes = (0..series).fold(Router::new(), |router, i| {
        router.route(&requests::template(i), get(async || "hello"))
    });
    let recorder = Arc::new(Recorder::default());
    let clock = Steady {
        start: Instant::now(),
        reads: AtomicU64::new(0),
    };
    let mut app = match subject.as_str() {
        "bare" => routes,
        "off" => routes.layer(ApiMetricsLayer::with_clock((), clock).for_axum()),
        "recorder" => {
            routes.layer(ApiMetricsLayer::with_clock(Arc::clone(&recorder), clock).for_axum())
        }
        other => panic!("{other} is none of bare, off, recorder"),
    };
    let mut made = Requests::new(series, 1);
    let mut serve = |n: usize| {
        for _ in 0..n / BATCH {
            for request in made.next(BATCH) {
                exchange(&mut app, request);
            }
        }
    };
    // Every series is known, and its slot has been flushed once.
    for _ in 0..2 {
        serve(2_048.max(2 * series));
        let batch = recorder.begin_batch();
        recorder.acknowledge(batch);
    }
    serve(requests);
    let recorded = recorder.status().unflushed_records;
    let wanted = if subject == "recorder" {
        requests / BATCH * BATCH
    } else {
        0
    };
    assert_eq!(recorded, wanted as u64, "every request is recorded");
}
