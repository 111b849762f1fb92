//! Snapshots: kept masked, beside their requests, and gone with them.

use api_metrics_layer::{ApiMetricsLayer, Snapshots, WithRequestLog};
use api_metrics_store::request_log::{BodyContent, StoredSnapshot};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::*;

/// What nobody may find again.
const SECRETS: [&str; 8] = [
    "planted-header",
    "planted-json",
    "planted-escaped",
    "planted-form",
    "planted-query",
    "planted-answer",
    "planted.person@example.org",
    "4111111111111111",
];

/// Sends a request through a real layer into the log.
async fn send(
    log: &Arc<RequestLogBuffer>,
    request: Request<Full<bytes::Bytes>>,
    answer: &'static str,
) {
    let handler = service_fn(move |request: Request<_>| async move {
        let body: api_metrics_layer::CountingBody<Full<bytes::Bytes>> = request.into_body();
        body.collect().await.unwrap();
        let mut response = Response::new(Full::new(bytes::Bytes::from(answer)));
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        let head = response.headers_mut();
        head.insert("content-type", "application/json".parse().unwrap());
        head.insert("x-answer-token", "planted-answer".parse().unwrap());
        Ok::<_, std::convert::Infallible>(response)
    });
    let layer = ApiMetricsLayer::with_clock(
        WithRequestLog::new((), Arc::clone(log)),
        At(UNIX_EPOCH + Duration::from_secs(NOON.cast_unsigned())),
    )
    .endpoint(|_: &http::request::Parts| Some("/orders".into()));
    let mut service = layer.layer(handler);
    let response = service.ready().await.unwrap().call(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

/// A clock that stands still.
struct At(std::time::SystemTime);

impl api_metrics_layer::RequestClock for At {
    fn monotonic(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
    fn wall(&self) -> std::time::SystemTime {
        self.0
    }
}

fn log_with_snapshots(stage: &Stage, change: impl FnOnce(&mut Snapshots)) -> Arc<RequestLogBuffer> {
    Arc::new(log_of(&stage.h, |log| {
        let snapshots = &mut log.capture.snapshots;
        snapshots.routes.push("/orders".to_owned());
        let headers = ["authorization", "x-note"].map(|name| name.parse().unwrap());
        snapshots.request_headers.extend(headers);
        snapshots
            .response_headers
            .push("x-answer-token".parse().unwrap());
        change(snapshots);
    }))
}

fn post(content_type: &str, body: &str) -> Request<Full<bytes::Bytes>> {
    Request::post("/orders?page=2&token=planted-query&note=planted.person%40example.org")
        .header("content-type", content_type)
        .header("authorization", "Bearer planted-header")
        .header("x-note", "for planted.person@example.org")
        .header("x-other", "never listed")
        .body(Full::new(bytes::Bytes::from(body.to_owned())))
        .unwrap()
}

async fn only(stage: &Stage) -> (Uuid, StoredSnapshot) {
    let all = stage.all().await;
    let id = all.first().unwrap().id;
    let found = stage.store.request_snapshot(id).await.unwrap();
    (id, found.unwrap())
}

pub(super) async fn a_snapshot_is_stored_masked_and_goes_with_its_request(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_with_snapshots(&stage, |_| {});
    let body = r#"{"items":[{"sku":"A-7","owner":{"pass\u0077ord":"planted-escaped","Api-Key":["planted-json"]}}],
        "note":"planted.person@example.org pays by 4111111111111111"}"#;
    send(
        &log,
        post("application/json", body),
        r#"{"error":"locked","token":"planted-answer"}"#,
    )
    .await;
    assert_eq!(stage.flush(&log).await, 1);
    assert_eq!(log.memory(), 0);
    let (_, snapshot) = only(&stage).await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        snapshot.query,
        Some(vec![
            pair("page", "2"),
            pair("token", "[hidden]"),
            pair("note", "[email]")
        ])
    );
    let headers = &snapshot.request.headers;
    assert!(
        headers.contains(&pair("authorization", "[hidden]")),
        "{headers:?}"
    );
    assert!(
        headers.contains(&pair("x-note", "for [email]")),
        "{headers:?}"
    );
    assert!(
        !headers.iter().any(|(name, _)| name == "x-other"),
        "{headers:?}"
    );
    let sent = snapshot.request.body.unwrap();
    assert_eq!((sent.bytes, sent.is_cut), (body.len() as u64, false));
    assert_eq!(
        sent.content,
        BodyContent::Json(
            r#"{"items":[{"sku":"A-7","owner":{"password":"[hidden]","Api-Key":"[hidden]"}}],"note":"[email] pays by [card]"}"#
                .to_owned()
        )
    );
    let answer = snapshot.response.body.unwrap().content;
    assert_eq!(
        answer,
        BodyContent::Json(r#"{"error":"locked","token":"[hidden]"}"#.to_owned())
    );

    // Its day goes, and it goes with it.
    let rows = "SELECT count(*) FROM api_metrics.request_log_snapshot";
    assert_eq!(stage.number(rows).await, 1);
    stage.set(NOON + 100 * DAY);
    stage.retain(&RequestLog::new()).await;
    assert_eq!(stage.number(rows).await, 0);
}

pub(super) async fn erasure_takes_snapshots_too(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_with_snapshots(&stage, |_| {});
    for user in ["ann", "bob"] {
        let mut request = post(
            "application/json",
            &format!(r#"{{"note":"quixotic {user}"}}"#),
        );
        request.extensions_mut().insert(UserId::from(user));
        send(&log, request, "{}").await;
    }
    assert_eq!(stage.flush(&log).await, 2);
    let whose = Erasure::User("ann".to_owned());
    let erased = stage.store.erase_requests(&whose, "root").await.unwrap();
    assert_eq!(erased.requests, 1);
    stage.checkpoint().await;
    let contents = stage.contents().await;
    assert!(!contains(&contents, "quixotic ann") && contains(&contents, "quixotic bob"));
}

pub(super) async fn no_secret_of_a_snapshot_reaches_the_database(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_with_snapshots(&stage, |snapshots| {
        snapshots.max_body_bytes = 64;
        snapshots.content_types.push("text/*".to_owned());
    });
    let json =
        r#"{"password":"planted-json","pin":"planted-escaped","to":"planted.person@example.org"}"#;
    let form = "a=1&password=planted-form&card=4111111111111111&user%5Bemail%5D=planted.person%40example.org";
    // Cut at every place, so that a secret lies across the end.
    for at in 0..=json.len().max(form.len()) {
        let pad = |text: &str| text.get(..at.min(text.len())).unwrap_or(text).to_owned();
        send(
            &log,
            post("application/json", &pad(json)),
            "{\"access_token\":\"planted-answer\"",
        )
        .await;
        send(
            &log,
            post("application/x-www-form-urlencoded", &pad(form)),
            "",
        )
        .await;
    }
    for content_type in [
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/xml",
    ] {
        send(
            &log,
            post(content_type, "planted-form"),
            "not json: planted-answer",
        )
        .await;
    }
    stage.flush(&log).await;
    let mut answers = String::new();
    for request in stage.all().await {
        let found = stage.store.request_snapshot(request.id).await.unwrap();
        answers.push_str(&format!("{found:?}"));
    }
    let contents = stage.contents().await;
    assert!(contains(&contents, "[hidden]") && answers.contains("[hidden]"));
    for secret in SECRETS {
        assert!(!contains(&contents, secret), "{secret}");
        assert!(!answers.contains(secret), "{secret}");
    }
}

pub(super) async fn snapshots_take_memory_of_the_log_and_give_it_back(database: Database) {
    let stage = Stage::on(database).await;
    let log = Arc::new(log_of(&stage.h, |log| {
        log.memory_budget = 8 << 10;
        log.capture.snapshots.routes.push("*".to_owned());
        log.capture.snapshots.max_body_bytes = 64 << 10;
    }));
    // There is room for the request, and none for what it carries.
    let body = format!("[{}1]", "1,".repeat(20_000));
    send(&log, post("application/json", &body), "{}").await;
    assert_eq!(stage.flush(&log).await, 1);
    let (_, snapshot) = only(&stage).await;
    assert!(
        snapshot.is_dropped
            && snapshot
                .request
                .body
                .is_none_or(|body| body.content == BodyContent::NotKept)
    );
    assert_eq!(log.memory(), 0);
}
