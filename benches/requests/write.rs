//! How many requests a second are kept, and what one costs.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use api_metrics_benches::Dice;
use api_metrics_layer::{
    ApiKey, ErrorDetail, LoggedError, LoggedPath, LoggedRequest, RequestLogSink, RequestRecord,
    TraceContext, UserId,
};
use api_metrics_store::{
    request_log::{Keep, RequestLog, RequestLogBuffer},
    store::Instance,
};
use sqlx::PgPool;

use crate::{Database, number, processor};
use api_metrics_benches::measure::ms;

/// A process's log that keeps everything it can.
pub fn log() -> RequestLogBuffer {
    let mut settings = RequestLog::new();
    settings.keep = Keep::Everything;
    settings.rows_per_second = 1_000_000;
    let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
    instance.version = "1.9.1".to_owned();
    RequestLogBuffer::new(settings, instance)
}

/// Shows a log one request of a thousand keys and users, a fifth of them errors.
pub fn show(log: &RequestLogBuffer, dice: &mut Dice) {
    let endpoints = ["/orders", "/orders/{id}", "/users/{id}", "/search"];
    let endpoint = endpoints[dice.roll(4) as usize];
    let path = endpoint.replace("{id}", &dice.roll(100_000).to_string());
    let key = ApiKey::from(dice.roll(1_000) as i64);
    let user = UserId::from(format!("user-{}", dice.roll(1_000)));
    let error = dice.roll(5) == 0;
    let detail = ErrorDetail::new(format!(
        "the quantity of item {} must be above 0",
        dice.roll(100_000)
    ))
    .with_type("invalid_quantity");
    let mut record = RequestRecord::new("GET", endpoint, SystemTime::now());
    record.status = Some(if error { 422 } else { 200 });
    record.api_key = Some(&key);
    record.latency = Some(Duration::from_micros(200 + dice.roll(100_000)));
    record.response_bytes = dice.roll(10_000);
    let mut request = LoggedRequest::new(&record);
    request.path = LoggedPath::masked(endpoint, Some(&path), &[]);
    request.user = Some(&user);
    request.client_address = Some(std::net::Ipv4Addr::from(dice.roll(1 << 32) as u32).into());
    request.user_agent =
        Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    request.trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    if error {
        request.error = LoggedError::told(&detail);
    }
    log.log(&request);
}

/// Shows requests at a steady rate, flushes them every half second, and prints what one has cost.
pub async fn run(store: &impl Database, rate: u64, pool: Option<&PgPool>) {
    store.prepare().await.unwrap();
    let seconds = number("BENCH_SECONDS", 60);
    let log = Arc::new(log());
    let mut dice = Dice(1);
    // What it takes to make up requests is no cost of the log.
    let (mut making, mut flushing) = (Duration::ZERO, Vec::new());
    let own = processor::own();
    let server = match pool {
        Some(pool) => processor::server(pool).await,
        None => None,
    };
    let started = Instant::now();
    let mut shown = 0;
    for second in 1..=seconds {
        for slice in 1..=20 {
            let due = ((second - 1) * 20 + slice) * rate / 20;
            let made = api_metrics_benches::thread_time();
            while shown < due {
                show(&log, &mut dice);
                shown += 1;
            }
            making += api_metrics_benches::thread_time() - made;
            if slice % 10 == 0 {
                let flush = Instant::now();
                store.flush_requests(&log, false).await.unwrap();
                flushing.push(flush.elapsed());
            }
            let at = started + Duration::from_millis((second - 1) * 1_000 + slice * 50);
            tokio::time::sleep_until(at.into()).await;
        }
    }
    store.flush_requests(&log, true).await.unwrap();
    let took = started.elapsed();
    let counts = log.counts();
    let own = processor::own() - own - making;
    let server = match (pool, server) {
        (Some(pool), Some(before)) => processor::server(pool).await.unwrap() - before,
        _ => Duration::ZERO,
    };
    flushing.sort_unstable();
    let cores = (own + server).as_secs_f64() / took.as_secs_f64();
    println!(
        "  write: {rate} a second for {seconds} s took {:.1} s, {} kept, {} dropped; a request takes {:.1} µs here and \
         {:.1} µs in the server, {cores:.2} cores together; a flush of half a second: p50 {:.0} ms, p95 {:.0} ms",
        took.as_secs_f64(),
        counts.kept,
        counts.dropped.total(),
        own.as_secs_f64() * 1e6 / shown as f64,
        server.as_secs_f64() * 1e6 / shown as f64,
        ms(api_metrics_benches::quantile(&flushing, 0.5)),
        ms(api_metrics_benches::quantile(&flushing, 0.95)),
    );
}
