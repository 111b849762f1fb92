//! A wall clock that steps, and how often clocks are read.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use api_metrics_layer::{ApiMetricsLayer, RequestRecord};
use axum::{Router, body::Body, routing::get as on_get};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, StreamBody};
use tower::ServiceExt;

use crate::support::{FakeClock, Record, Recorded, START, Server, chunk, get, ms};

#[tokio::test]
async fn a_step_of_the_wall_clock_moves_buckets_and_no_duration() {
    let mut server = Server::axum(|layer, clock| {
        let handler = move |step: String| {
            let step: i64 = step.parse().unwrap();
            // In the middle of a request.
            clock.advance(ms(20));
            clock.step_wall(step);
            clock.advance(ms(20));
            async { "done" }
        };
        Router::new().route("/step", on_get(handler)).layer(layer)
    })
    .await;
    const HOUR_MS: i64 = 3_600_000;
    let mut client = server.h1().await;
    let mut now_ms = START.as_millis() as i64;
    for step in [0, -HOUR_MS, 0, 24 * HOUR_MS, 0, -24 * HOUR_MS] {
        let text = step.to_string();
        let request = client
            .request("GET", "/step")
            .body(crate::support::body(text.clone()))
            .unwrap();
        client.exchange(request).await;
        now_ms += step + 40;
        let expected = Record {
            latency: Some(ms(40)),
            time_to_headers: Some(ms(40)),
            request_bytes: text.len() as u64,
            response_bytes: 4,
            finished_at: Duration::from_millis(now_ms as u64),
            ..get("/step")
        };
        assert_eq!(server.records.next().await, expected);
    }
    drop(client);
    server.finish().await;
}

/// A layered service in process, its records and its clock.
fn in_process(
    body: impl Fn() -> Body + Clone + Send + Sync + 'static,
) -> (Router, Recorded, FakeClock) {
    let clock = FakeClock::new();
    let (sink, records) = Recorded::pair();
    let layer = ApiMetricsLayer::with_clock(Arc::new(sink), clock.clone());
    let app = Router::new().route("/", on_get(move || async move { body() }));
    (app.layer(layer), records, clock)
}

async fn exchange(app: &Router) {
    let response = app.clone().oneshot(Request::new(Body::empty())).await;
    response.unwrap().into_body().collect().await.unwrap();
}

#[tokio::test]
async fn a_step_of_the_wall_clock_is_noticed_within_a_millisecond() {
    let (app, mut records, clock) = in_process(|| Body::from("x"));
    exchange(&app).await;
    assert_eq!(records.next().await.finished_at, START);
    clock.step_wall(60_000);
    clock.advance(Duration::from_micros(999));
    exchange(&app).await;
    assert_eq!(records.next().await.finished_at, START);
    clock.advance(Duration::from_micros(1));
    exchange(&app).await;
    assert_eq!(records.next().await.finished_at, START + ms(60_001));
}

#[tokio::test]
async fn layers_of_one_thread_do_not_see_each_others_wall_clocks() {
    let (one, mut of_one, clock) = in_process(|| Body::from("x"));
    let (other, mut of_other, stepped) = in_process(|| Body::from("x"));
    stepped.step_wall(60_000);
    clock.advance(ms(1));
    stepped.advance(ms(1));
    for _ in 0..2 {
        exchange(&one).await;
        assert_eq!(of_one.next().await.finished_at, START + ms(1));
        exchange(&other).await;
        assert_eq!(of_other.next().await.finished_at, START + ms(60_001));
    }
}

#[tokio::test]
async fn a_monotonic_clock_that_runs_back_does_not_keep_an_old_reading_alive() {
    let (app, mut records, clock) = in_process(|| Body::from("x"));
    clock.advance(ms(3_600_000));
    exchange(&app).await;
    assert_eq!(records.next().await.finished_at, START + ms(3_600_000));
    clock.go_back(ms(3_600_000));
    clock.step_wall(7);
    exchange(&app).await;
    let record = records.next().await;
    assert_eq!(record.finished_at, START + ms(7));
    assert_eq!(record.latency, Some(ms(0)));
}

#[tokio::test]
async fn a_wall_clock_before_1970_is_a_time_like_any_other() {
    let clock = FakeClock::new();
    clock.step_wall(-2 * START.as_millis() as i64);
    let seen: Arc<Mutex<Vec<SystemTime>>> = Arc::default();
    let finished = Arc::clone(&seen);
    let sink = move |record: &RequestRecord<'_>| finished.lock().unwrap().push(record.finished_at);
    let layer = ApiMetricsLayer::with_clock(sink, clock.clone());
    let app = Router::new().route("/", on_get(|| async {})).layer(layer);
    exchange(&app).await;
    clock.advance(ms(10));
    exchange(&app).await;
    let start = SystemTime::UNIX_EPOCH - START;
    assert_eq!(*seen.lock().unwrap(), [start, start + ms(10)]);
}

#[tokio::test]
async fn a_unary_exchange_reads_the_monotonic_clock_twice_and_the_wall_clock_hardly_ever() {
    type Case = (u64, fn() -> Body);
    let cases: [Case; 3] = [
        (2, || Body::from("unary")),
        (2, Body::empty),
        (3, || {
            let frames = [chunk("a"), chunk("b")];
            Body::new(StreamBody::new(tokio_stream::iter(frames)))
        }),
    ];
    for (expected, body) in cases {
        let (app, mut records, clock) = in_process(body);
        let (monotonic, wall) = clock.reads();
        for _ in 0..100 {
            exchange(&app).await;
            records.next().await;
        }
        assert_eq!(clock.reads(), (monotonic + 100 * expected, wall + 1));
    }
}

#[tokio::test]
async fn a_response_that_nobody_asks_for_has_no_time_to_headers() {
    let (app, mut records, clock) = in_process(|| Body::from(Bytes::from_static(b"unread")));
    let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
    clock.advance(ms(5));
    drop(response);
    let expected = Record {
        outcome: api_metrics_layer::Outcome::Aborted,
        latency: Some(ms(5)),
        time_to_headers: None,
        finished_at: START + ms(5),
        ..get("/")
    };
    assert_eq!(records.next().await, expected);
}
