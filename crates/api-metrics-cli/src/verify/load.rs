//! Requests, bounded and paced.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Body;
use http::{Request, Uri};
use http_body_util::BodyExt;

use crate::{
    api::{Http, causes, client},
    failure::Failure,
    progress::Progress,
};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Latencies that are kept for quantiles: enough for 0.1% around any of them.
const MOST_LATENCIES: usize = 1_000_000;

/// What is sent.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) urls: Vec<Uri>,
    pub(super) requests: u64,
    pub(super) duration: Option<Duration>,
    pub(super) concurrency: u64,
    /// Requests a second at most; 0 for no bound.
    pub(super) rate: u32,
}

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub(super) sent: u64,
    pub(super) failed: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) took: Duration,
    /// Sorted.
    latencies: Vec<Duration>,
    first_failure: Option<String>,
}

impl Answered {
    pub(super) fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// The latency at rank ceil(q n), as seen by the client.
    pub(super) fn quantile_ms(&self, q: f64) -> Option<f64> {
        let rank = (q * self.latencies.len() as f64).ceil() as usize;
        let latency = self.latencies.get(rank.max(1) - 1)?;
        Some(latency.as_secs_f64() * 1_000.0)
    }

    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.failed += other.failed;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.latencies.extend(other.latencies);
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }
}

impl Load {
    /// Sends all of it; a signal ends it early, and what was sent until then is compared.
    pub(super) async fn send(self) -> Result<Answered, Failure> {
        let mut progress = Progress::new(self.requests, "requests");
        let done = progress.counter();
        let load = Arc::new(self);
        let taken = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let client = client();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..load.concurrency.min(load.requests) {
            workers.spawn(work(
                Arc::clone(&load),
                client.clone(),
                Arc::clone(&taken),
                Arc::clone(&done),
                started,
            ));
        }
        let signal = api_metrics::shutdown_signal();
        tokio::pin!(signal);
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        let mut all = Answered::default();
        loop {
            tokio::select! {
                worker = workers.join_next() => match worker {
                    Some(Ok(answered)) => all.add(answered),
                    Some(Err(error)) => return Err(Failure::failed(error.to_string())),
                    None => break,
                },
                _ = ticks.tick() => progress.show(done.load(Ordering::Relaxed)),
                // No more are taken; the open ones end.
                () = &mut signal => taken.store(u64::MAX / 2, Ordering::Relaxed),
            }
        }
        progress.clear();
        all.took = started.elapsed();
        all.latencies.sort_unstable();
        match &all.first_failure {
            Some(why) if all.answered() == 0 => Err(Failure::failed(format!(
                "none of {} requests was answered: {why}",
                all.sent
            ))),
            _ => Ok(all),
        }
    }
}

async fn work(
    load: Arc<Load>,
    client: Http,
    taken: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
    started: Instant,
) -> Answered {
    let mut answered = Answered::default();
    loop {
        let number = taken.fetch_add(1, Ordering::Relaxed);
        if number >= load.requests {
            break;
        }
        if load.rate > 0 {
            let due = started + Duration::from_secs_f64(number as f64 / f64::from(load.rate));
            tokio::time::sleep_until(due.into()).await;
        }
        if load
            .duration
            .is_some_and(|limit| started.elapsed() >= limit)
        {
            break;
        }
        let Some(url) = load.urls.get(number as usize % load.urls.len().max(1)) else {
            break;
        };
        answered.sent += 1;
        let began = Instant::now();
        let outcome = tokio::time::timeout(PATIENCE, one(&client, url.clone())).await;
        done.fetch_add(1, Ordering::Relaxed);
        match outcome {
            Ok(Ok(status)) => {
                *answered.statuses.entry(status).or_default() += 1;
                if answered.latencies.len() < MOST_LATENCIES / load.concurrency.max(1) as usize {
                    answered.latencies.push(began.elapsed());
                }
            }
            Ok(Err(why)) => {
                answered.failed += 1;
                answered.first_failure.get_or_insert(why);
            }
            Err(_) => {
                answered.failed += 1;
                let why = || "no answer in time".to_owned();
                answered.first_failure.get_or_insert_with(why);
            }
        }
    }
    answered
}

/// Sends one request and reads its whole answer: a request is recorded when it ends.
async fn one(client: &Http, url: Uri) -> Result<u16, String> {
    let request = Request::get(url).body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let answer = client.request(request).await;
    let answer = answer.map_err(|error| causes(&error))?;
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| causes(&error))?;
    }
    Ok(status)
}
