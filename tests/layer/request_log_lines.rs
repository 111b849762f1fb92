//! Lines of the host's log: each belongs to the request during which it was logged, and to no other.

use std::{
    fmt,
    sync::{Arc, Mutex},
    task::Poll,
    time::{Duration, SystemTime},
};

use api_metrics_layer::{
    ApiMetricsLayer, CaptureEvents, LogEvent, LogLevel, LoggedRequest, RequestCapture,
    RequestLogSink, WithRequestLog, without_events,
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Path,
    http::Request,
    routing::get,
};
use futures_util::stream;
use tokio::sync::Barrier;
use tower::ServiceExt;
use tracing_subscriber::{Registry, layer::SubscriberExt, registry};

/// A request and its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Logged {
    endpoint: String,
    lines: Vec<(LogLevel, String)>,
    left_out: u32,
}

#[derive(Default)]
struct Log {
    capture: RequestCapture,
    requests: Mutex<Vec<Logged>>,
    events: Mutex<Vec<LogEvent>>,
    left_out: Mutex<u64>,
}

fn text(event: &LogEvent) -> String {
    let fields = event.fields.iter();
    let fields: String = fields
        .map(|field| format!(" {}={}", field.name, field.value))
        .collect();
    format!("{}{fields}", event.message)
}

impl RequestLogSink for Log {
    fn capture(&self) -> &RequestCapture {
        &self.capture
    }

    fn admits(&self, _: &'static str, endpoint: Option<&str>) -> bool {
        endpoint != Some("/excluded")
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        // A sink that logs itself: it is outside of the request by now, and says so.
        tracing::warn!(target: "api_metrics_store::request_log", "a sink logs");
        let lines = request.lines.iter();
        self.requests.lock().unwrap().push(Logged {
            endpoint: request.record.endpoint.to_owned(),
            lines: lines.map(|line| (line.level, text(line))).collect(),
            left_out: request.lines_left_out,
        });
    }

    fn event(&self, event: LogEvent) {
        self.events.lock().unwrap().push(event);
    }

    fn events_left_out(&self, count: u64) {
        *self.left_out.lock().unwrap() += count;
    }
}

/// An error whose `Debug` logs.
struct Loud;

impl fmt::Debug for Loud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::error!(?self, "from within");
        f.write_str("loud")
    }
}

/// A log, the layer of its events, and a router whose requests log.
struct Stage {
    log: Arc<Log>,
    events: CaptureEvents,
    app: Router,
}

fn stage(level: LogLevel) -> Stage {
    let log = Arc::new(Log::default());
    let streamed = || async {
        let mut left = 2;
        let frames = stream::poll_fn(move |_| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            tracing::warn!(left, "a frame");
            Poll::Ready(Some(Ok::<_, std::io::Error>(Bytes::from_static(b"x"))))
        });
        Body::from_stream(frames)
    };
    let counted = |Path(n): Path<u32>| async move {
        for at in 0..n {
            tracing::warn!(at, "counting");
        }
    };
    let waited = |Path(name): Path<String>, barrier: axum::Extension<Arc<Barrier>>| async move {
        for step in 0..3 {
            tracing::warn!(step, "{name}");
            barrier.wait().await;
            tokio::task::yield_now().await;
        }
    };
    let app = Router::new()
        .route(
            "/mixed",
            get(|| async {
                tracing::info!("fine");
                tracing::warn!(order = 17, who = %"ann", "late");
                tokio::task::yield_now().await;
                tracing::error!(error = ?std::fmt::Error, "broken");
            }),
        )
        .route("/count/{n}", get(counted))
        .route("/wait/{name}", get(waited))
        .route("/streamed", get(streamed))
        .route(
            "/loud",
            get(|| async { tracing::error!(error = ?Loud, "outer") }),
        )
        .route("/excluded", get(|| async { tracing::error!("excluded") }))
        .route(
            "/long",
            get(|| async {
                tracing::warn!(value = %"v".repeat(9_000), "{}", "word ".repeat(2_000));
                for _ in 0..30 {
                    tracing::warn!("{}", "more ".repeat(100));
                }
            }),
        )
        .route(
            "/storing",
            get(|| async { without_events(async { tracing::error!("while storing") }).await }),
        )
        .layer(ApiMetricsLayer::new(WithRequestLog::new((), Arc::clone(&log))).for_axum());
    Stage {
        log,
        events: CaptureEvents::new().level(level),
        app,
    }
}

impl Stage {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let registry: Registry = registry();
        registry.with(self.events.clone())
    }

    fn attach(&self) {
        let log: Arc<dyn RequestLogSink> = self.log.clone();
        self.events.deliver_to(&log);
    }

    async fn send(&self, path: &str) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        to_bytes(response.into_body(), 1 << 20).await.unwrap();
    }

    fn requests(&self) -> Vec<Logged> {
        std::mem::take(&mut self.log.requests.lock().unwrap())
    }

    fn outside(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.log.events.lock().unwrap());
        events.iter().map(text).collect()
    }
}

fn lines(logged: &Logged) -> Vec<&str> {
    logged.lines.iter().map(|(_, text)| text.as_str()).collect()
}

#[tokio::test]
async fn lines_of_the_level_and_above_belong_to_their_request() {
    for (level, expected) in [
        (LogLevel::Error, vec!["broken error=Error"]),
        (
            LogLevel::Warn,
            vec!["late order=17 who=ann", "broken error=Error"],
        ),
        (
            LogLevel::Info,
            vec!["fine", "late order=17 who=ann", "broken error=Error"],
        ),
    ] {
        let stage = stage(level);
        let _guard = tracing::subscriber::set_default(stage.subscriber());
        stage.attach();
        stage.send("/mixed").await;
        let [logged] = stage.requests().try_into().unwrap();
        assert_eq!(lines(&logged), expected, "{level}");
        assert_eq!(logged.left_out, 0);
        assert_eq!(stage.outside(), [""; 0]);
        // Nothing of it is left for the next request in the same memory.
        stage.send("/count/0").await;
        let [next] = stage.requests().try_into().unwrap();
        assert_eq!((next.lines, next.left_out), (vec![], 0));
    }
}

#[test]
fn concurrent_requests_on_many_threads_never_mix_their_lines() {
    const REQUESTS: usize = 16;
    let stage = Arc::new(stage(LogLevel::Warn));
    stage.attach();
    let subscriber = tracing::Dispatch::new(stage.subscriber());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .on_thread_start({
            let subscriber = subscriber.clone();
            // For as long as the thread lives.
            move || std::mem::forget(tracing::dispatcher::set_default(&subscriber))
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        // All of them are open at each step.
        let barrier = Arc::new(Barrier::new(REQUESTS));
        let tasks: Vec<_> = (0..REQUESTS)
            .map(|n| {
                let (stage, barrier) = (Arc::clone(&stage), Arc::clone(&barrier));
                tokio::spawn(async move {
                    let path = format!("/wait/name-{n}");
                    let mut request = Request::get(path).body(Body::empty()).unwrap();
                    request.extensions_mut().insert(barrier);
                    stage.app.clone().oneshot(request).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let requests = stage.requests();
    assert_eq!(requests.len(), REQUESTS);
    let mut names = std::collections::BTreeSet::new();
    for logged in requests {
        let lines = lines(&logged);
        let name = lines[0].split(' ').next().unwrap();
        let expected: Vec<_> = (0..3).map(|step| format!("{name} step={step}")).collect();
        assert_eq!(lines, expected);
        assert!(names.insert(name.to_owned()), "{name} twice");
    }
    assert_eq!(stage.outside(), [""; 0]);
}

#[tokio::test]
async fn lines_are_bounded_and_those_left_out_are_counted() {
    let stage = stage(LogLevel::Warn);
    let _guard = tracing::subscriber::set_default(stage.subscriber());
    stage.attach();
    stage.send("/count/50").await;
    let [logged] = stage.requests().try_into().unwrap();
    assert_eq!((logged.lines.len(), logged.left_out), (20, 30));
    assert_eq!(lines(&logged)[19], "counting at=19");

    stage.send("/long").await;
    let [logged] = stage.requests().try_into().unwrap();
    let bytes: usize = lines(&logged).iter().map(|line| line.len()).sum();
    assert!(bytes <= 4_096 + 20 * 16, "{bytes}");
    assert_eq!(logged.lines.len() + logged.left_out as usize, 31);
    assert!(logged.left_out > 10);
    // Cut after a whole word, and what has no end is not shown at all.
    assert!(lines(&logged)[0].starts_with("word word "));
    assert!(
        lines(&logged)[0].ends_with("word… value=…"),
        "{}",
        lines(&logged)[0]
    );
}

#[tokio::test]
async fn lines_of_a_body_that_is_streamed_belong_to_its_request() {
    let stage = stage(LogLevel::Warn);
    let _guard = tracing::subscriber::set_default(stage.subscriber());
    stage.attach();
    stage.send("/streamed").await;
    let [logged] = stage.requests().try_into().unwrap();
    assert_eq!(lines(&logged), ["a frame left=1", "a frame left=0"]);
    assert_eq!(stage.outside(), [""; 0]);
}

#[tokio::test]
async fn excluded_requests_have_no_lines_and_make_no_events() {
    let stage = stage(LogLevel::Warn);
    let _guard = tracing::subscriber::set_default(stage.subscriber());
    stage.attach();
    stage.send("/excluded").await;
    assert_eq!((stage.requests(), stage.outside()), (vec![], vec![]));
}

#[tokio::test]
async fn what_logs_while_it_is_logged_ends() {
    let stage = stage(LogLevel::Warn);
    let _guard = tracing::subscriber::set_default(stage.subscriber());
    stage.attach();
    // A `Debug` that logs, and would be logged for ever.
    stage.send("/loud").await;
    let [logged] = stage.requests().try_into().unwrap();
    assert_eq!(lines(&logged), ["outer error=loud"]);
    // What stores the log, and these crates themselves.
    stage.send("/storing").await;
    without_events(async { tracing::error!("while storing, outside") }).await;
    tracing::error!(target: "api_metrics", "the log is slow");
    tracing::error!(target: "api_metrics_store::sqlite", "the log is slow");
    // What the driver says of their statements, on whichever thread, but not of others.
    let statement = "INSERT INTO api_metrics_request_log (id) …";
    tracing::warn!(target: "sqlx::query", summary = statement, "slow statement");
    tracing::warn!(target: "sqlx::query", summary = "SELECT 1", "slow statement");
    assert_eq!(stage.outside(), ["slow statement summary=SELECT 1"]);
    let [logged] = stage.requests().try_into().unwrap();
    assert_eq!((lines(&logged), stage.outside()), (vec![], vec![]));
    // Afterwards everything is as before.
    tracing::error!("after");
    assert_eq!(stage.outside(), ["after"]);
}

#[tokio::test]
async fn events_outside_of_requests_wait_for_the_log_and_come_with_all_they_say() {
    let stage = stage(LogLevel::Info);
    let _guard = tracing::subscriber::set_default(stage.subscriber());
    let before = SystemTime::now();
    tracing::info!(target: "shop::start", port = 8_080, "started");
    for _ in 0..300 {
        tracing::warn!("early");
    }
    stage.attach();
    let seen = std::mem::take(&mut *stage.log.events.lock().unwrap());
    assert_eq!((seen.len(), *stage.log.left_out.lock().unwrap()), (256, 45));
    let first = &seen[0];
    let age = first.at.duration_since(before).unwrap();
    assert!(age < Duration::from_secs(60), "{age:?}");
    assert_eq!(
        (first.level, &*first.source),
        (LogLevel::Info, "shop::start")
    );
    assert_eq!(text(first), "started port=8080");
    // A task that a handler could have spawned.
    tokio::spawn(async { tracing::warn!("in the background") })
        .await
        .unwrap();
    assert_eq!(stage.outside(), ["in the background"]);
}
