//! Our own buckets, pushed over sockets to another api-metrics, whatever becomes of bodies and answers.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use api_metrics::{
    ApiMetrics,
    store::control::push::{OtlpPush, OtlpPushError, OtlpPushOptions},
};
use api_metrics_layer::{MetricSink as _, Outcome, RequestRecord};
use api_metrics_store::{
    query::{Query, TimeRange},
    sketch::SketchKind,
    store::Writer,
};
use api_metrics_tests::{
    SqliteFile, eventually,
    harness::{Database, Harness, NOON, writer_of},
    random::Random,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::ingest::Server;

macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_both_databases! {
    counts_are_equal_whatever_is_lost_sent_again_and_started_anew
    what_arrives_after_midnight_is_counted_on_its_day
}

/// A receiver behind a wire that loses what it is told to lose.
struct Receiver {
    server: Server,
    secret: String,
    wire: Arc<Wire>,
    url: String,
}

#[derive(Debug)]
struct Wire {
    client: reqwest::Client,
    target: String,
    /// What becomes of the next body, as [`PASS`] and so on; the digits of a number, the last first.
    fates: AtomicU64,
    bodies: AtomicU64,
}

const PASS: u64 = 0;
const LOSE_BODY: u64 = 1;
const LOSE_ANSWER: u64 = 2;
const REFUSE: u64 = 3;

async fn through(State(wire): State<Arc<Wire>>, headers: HeaderMap, body: Bytes) -> Response {
    wire.bodies.fetch_add(1, Ordering::Relaxed);
    let fates = wire.fates.load(Ordering::Relaxed);
    wire.fates.store(fates / 10, Ordering::Relaxed);
    let forward = async || {
        let mut request = wire.client.post(&wire.target).body(body);
        for name in ["content-type", "authorization"] {
            request = request.header(name, &headers[name]);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let said = answer.bytes().await.unwrap();
        assert_eq!(status, 200, "{said:?}");
        // In protobuf, nothing is what an answer without `partial_success` looks like.
        assert!(said.is_empty(), "{said:?}");
    };
    match fates % 10 {
        PASS => {
            forward().await;
            StatusCode::OK.into_response()
        }
        LOSE_BODY => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        LOSE_ANSWER => {
            forward().await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl Receiver {
    async fn start() -> Self {
        let server = Server::on(Database::sqlite().await).await;
        let secret = server.writer().await;
        let wire = Arc::new(Wire {
            client: reqwest::Client::new(),
            target: format!("{}/ingest/v1/metrics", server.origin),
            fates: AtomicU64::new(PASS),
            bodies: AtomicU64::new(0),
        });
        let app = Router::new()
            .route("/v1/metrics", post(through))
            .with_state(Arc::clone(&wire));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            server,
            secret,
            wire,
            url,
        }
    }

    fn push(&self) -> OtlpPush {
        let mut options = OtlpPushOptions::default();
        options.headers = vec![("authorization".into(), format!("Bearer {}", self.secret))];
        options.every = Duration::from_secs(1);
        OtlpPush::new(&self.url, options).unwrap()
    }
}

/// Requests by endpoint, method and status, with latencies and bytes.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    statuses: BTreeMap<(String, String, u16), u64>,
    latencies: u64,
    latency_sum_us: u64,
    bytes: (u64, u64),
    aborted: u64,
}

async fn totals(h: &Harness, from: i64, to: i64) -> (Totals, Vec<f64>) {
    h.settle().await;
    let mut query = Query::over(TimeRange::new(from, to));
    query.group_by.endpoint = true;
    query.group_by.method = true;
    let answer = h.read(&query).await;
    let mut totals = Totals::default();
    let mut quantiles = Vec::new();
    for row in &answer.rows {
        let bucket = &row.bucket;
        for (status, n) in bucket.status_counts.iter() {
            let endpoint = row.group.endpoint.as_deref().unwrap().to_owned();
            let method = row.group.method.as_deref().unwrap().to_owned();
            totals.statuses.insert((endpoint, method, status), n);
        }
        totals.latencies += bucket.latency_count;
        totals.latency_sum_us += bucket.latency_sum_us;
        totals.bytes.0 += bucket.request_bytes;
        totals.bytes.1 += bucket.response_bytes;
        totals.aborted += bucket.aborted_count;
        quantiles.extend(
            [0.5, 0.95]
                .iter()
                .map(|q| bucket.sketch.quantile(*q).unwrap_or_default()),
        );
    }
    (totals, quantiles)
}

/// Some requests of all kinds.
fn serve(writer: &Writer, at: i64, random: &mut Random, n: u64) {
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.unsigned_abs());
    for _ in 0..n {
        let endpoint = ["/users/{id}", "/orders", "<unmatched>"][random.below(3) as usize];
        let method = ["GET", "POST"][random.below(2) as usize];
        let mut record = RequestRecord::new(method, endpoint, finished_at);
        record.status = Some([200, 200, 200, 404, 500][random.below(5) as usize]);
        record.latency = Some(Duration::from_micros(1 << random.below(24)));
        record.request_bytes = random.below(100);
        record.response_bytes = random.below(10_000);
        if random.below(10) == 0 {
            record.status = None;
            record.outcome = Outcome::Aborted;
        }
        writer.recorder.record(&record);
    }
}

async fn counts_are_equal_whatever_is_lost_sent_again_and_started_anew(database: Database) {
    let receiver = Receiver::start().await;
    let h = Harness::on(database).await;
    let mut random = Random::new(7);
    let mut push = receiver.push();
    let mut writer = h.writer();
    let mut failed = 0;
    for round in 0..40 {
        let now = NOON + round * 20;
        h.clock.step_to(now);
        receiver.server.h.clock.step_to(now);
        serve(&writer, now, &mut random, 50);
        if random.below(4) > 0 {
            h.store.flush(&writer).await.unwrap();
        }
        if random.below(3) == 0 {
            h.settle().await;
        }
        let fate = [PASS, PASS, LOSE_BODY, LOSE_ANSWER, REFUSE][random.below(5) as usize];
        receiver.wire.fates.store(fate, Ordering::Relaxed);
        let sent = push.run(&*h.store, now).await;
        let is_taken = fate == PASS || receiver.wire.fates.load(Ordering::Relaxed) == fate;
        assert_eq!(sent.is_ok(), is_taken, "{sent:?}");
        failed += u64::from(sent.is_err());
        if random.below(6) == 0 {
            // A crash: what it knew of its pushes is gone, and what it has flushed is not.
            push = receiver.push();
            h.store.flush(&writer).await.unwrap();
            writer = writer_of("shop", &h.clock);
        }
    }
    assert!(failed > 5, "{failed}");
    h.store.flush(&writer).await.unwrap();
    let end = NOON + 40 * 20;
    h.clock.step_to(end);
    receiver.server.h.clock.step_to(end);
    receiver.wire.fates.store(PASS, Ordering::Relaxed);
    push.run(&*h.store, end).await.unwrap();
    // Once more, which adds nothing.
    push.run(&*h.store, end + 1).await.unwrap();
    let (served, quantiles) = totals(&h, NOON - 3_600, end + 60).await;
    let (counted, theirs) = totals(&receiver.server.h, NOON - 3_600, end + 60).await;
    assert_eq!(served.statuses.values().sum::<u64>(), 40 * 50);
    assert!(
        served.aborted > 0 && served.statuses.len() > 12,
        "{served:?}"
    );
    assert_eq!(counted, served);
    for (ours, theirs) in quantiles.iter().zip(&theirs) {
        // Half a bin at scale 4, and twice the error of a sketch.
        assert!(
            (ours - theirs).abs() <= ours * 0.045 + 2.0,
            "{ours} {theirs}"
        );
    }
}

async fn what_arrives_after_midnight_is_counted_on_its_day(database: Database) {
    const MIDNIGHT: i64 = NOON + 12 * 3_600;
    let receiver = Receiver::start().await;
    let h = Harness::on(database).await;
    let mut random = Random::new(11);
    let writer = h.writer();
    let push = receiver.push();
    let at = async |now: i64, push: &OtlpPush| {
        h.clock.step_to(now);
        receiver.server.h.clock.step_to(now);
        h.store.flush(&writer).await.unwrap();
        push.run(&*h.store, now).await
    };
    serve(&writer, MIDNIGHT - 1, &mut random, 30);
    at(MIDNIGHT - 1, &push).await.unwrap();
    // Served before midnight, and flushed after it, twice.
    serve(&writer, MIDNIGHT - 1, &mut random, 20);
    serve(&writer, MIDNIGHT + 5, &mut random, 7);
    at(MIDNIGHT + 5, &push).await.unwrap();
    serve(&writer, MIDNIGHT - 1, &mut random, 10);
    at(MIDNIGHT + 300, &push).await.unwrap();
    let days = async |of: &Harness| {
        let before = totals(of, MIDNIGHT - 43_200, MIDNIGHT).await.0;
        (before, totals(of, MIDNIGHT, MIDNIGHT + 86_400).await.0)
    };
    let (served, counted) = (days(&h).await, days(&receiver.server.h).await);
    assert_eq!(served.0.statuses.values().sum::<u64>(), 60);
    assert_eq!(counted, served);
    // The receiver is away over the next midnight: what is missing then is made up for.
    serve(&writer, MIDNIGHT + 3_600, &mut random, 13);
    receiver.wire.fates.store(1_111_111, Ordering::Relaxed);
    let lost = at(MIDNIGHT + 86_400 + 7_200, &push).await;
    assert!(matches!(lost, Err(OtlpPushError::Refused(_))), "{lost:?}");
    receiver.wire.fates.store(PASS, Ordering::Relaxed);
    serve(&writer, MIDNIGHT + 86_400 + 7_200, &mut random, 3);
    // By a process that has just started.
    let restarted = receiver.push();
    at(MIDNIGHT + 86_400 + 7_300, &restarted).await.unwrap();
    let (served, counted) = (days(&h).await, days(&receiver.server.h).await);
    assert_eq!(served.1.statuses.values().sum::<u64>(), 20);
    assert_eq!(counted, served);
    // A day that was sent to its end is not sent again.
    let before = receiver.wire.bodies.load(Ordering::Relaxed);
    at(MIDNIGHT + 86_400 + 7_400, &restarted).await.unwrap();
    assert_eq!(receiver.wire.bodies.load(Ordering::Relaxed), before + 1);
    // One that the receiver refuses for good keeps no other from it.
    let now = MIDNIGHT + 86_400 + 7_500;
    serve(&writer, now, &mut random, 5);
    receiver.wire.fates.store(REFUSE, Ordering::Relaxed);
    let third = receiver.push();
    let refused = at(now, &third).await;
    assert!(
        matches!(refused, Err(OtlpPushError::Refused(_))),
        "{refused:?}"
    );
    let today = async |of: &Harness| totals(of, MIDNIGHT + 86_400, now + 60).await.0;
    let (served, counted) = (today(&h).await, today(&receiver.server.h).await);
    assert_eq!(served.statuses.values().sum::<u64>(), 8);
    assert_eq!(counted, served);
    // What comes hours after a day was sent to its end is sent all the same.
    serve(&writer, MIDNIGHT + 80_000, &mut random, 9);
    at(now + 60, &third).await.unwrap();
    let (served, counted) = (days(&h).await, days(&receiver.server.h).await);
    assert_eq!(served.1.statuses.values().sum::<u64>(), 29);
    assert_eq!(counted, served);
}

#[tokio::test]
async fn a_database_of_t_digests_sends_counts_and_sums() {
    let receiver = Receiver::start().await;
    let mut h = Harness::on(Database::sqlite().await).await;
    let other = Database::sqlite().await;
    let mut options = api_metrics_tests::patient_by(h.clock.clone());
    options.sketch_kind = SketchKind::TDigest;
    h.store = other.store_with(options);
    h.database = other;
    h.store.prepare().await.unwrap();
    let mut options = api_metrics_store::recorder::RecorderOptions::default();
    options.sketch_kind = SketchKind::TDigest;
    options.clock = h.clock.clone();
    let instance = h.writer().instance;
    let recorder = api_metrics_store::recorder::Recorder::new(options);
    let writer = Writer::new(instance, Arc::new(recorder));
    serve(&writer, NOON, &mut Random::new(3), 100);
    h.store.flush(&writer).await.unwrap();
    receiver.push().run(&*h.store, NOON).await.unwrap();
    let (served, _) = totals(&h, NOON - 3_600, NOON + 60).await;
    let (counted, _) = totals(&receiver.server.h, NOON - 3_600, NOON + 60).await;
    assert_eq!(served.statuses.values().sum::<u64>(), 100);
    assert_eq!(counted, served);
}

#[tokio::test]
async fn a_service_pushes_by_itself_and_goes_on_when_the_receiver_is_back_and_after_a_restart() {
    let receiver = Receiver::start().await;
    let now = || {
        let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        i64::try_from(now.unwrap().as_secs()).unwrap()
    };
    receiver.server.h.clock.step_to(now());
    let file = SqliteFile::create();
    let started = async || {
        ApiMetrics::builder()
            .database(file.url())
            .service("shop")
            .no_auth()
            .flush_interval(Duration::from_millis(200))
            .otlp_push(receiver.push())
            .start()
            .await
            .unwrap()
    };
    let ask = async |metrics: &ApiMetrics, n: usize| {
        let app = Router::new()
            .route("/users/{id}", get(|| async { "a user" }))
            .layer(metrics.layer());
        for i in 0..n {
            let request = axum::http::Request::get(format!("/users/{i}"));
            let answer = app.clone().oneshot(request.body(Body::empty()).unwrap());
            let body = answer.await.unwrap().into_body();
            axum::body::to_bytes(body, 1_024).await.unwrap();
        }
    };
    let counted = async |n: u64| {
        eventually("the pushed requests", async || {
            receiver.server.h.clock.step_to(now());
            let h = &receiver.server.h;
            h.settle().await;
            let all = h.requests(now() - 90_000, now() + 120).await;
            assert!(all <= n, "{all} of {n}");
            (all == n).then_some(())
        })
        .await;
    };
    let metrics = started().await;
    // Its first bodies are lost in three ways.
    receiver.wire.fates.store(213, Ordering::Relaxed);
    ask(&metrics, 100).await;
    counted(100).await;
    ask(&metrics, 11).await;
    metrics.shutdown().await.unwrap();
    let metrics = started().await;
    ask(&metrics, 9).await;
    counted(120).await;
    metrics.shutdown().await.unwrap();
}
