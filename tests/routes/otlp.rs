//! What OpenTelemetry's libraries send, over sockets, to both databases.

use std::io::Read as _;

use api_metrics_tests::harness::Database;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

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
    what_each_library_has_sent_is_counted_once
    cumulative_points_count_what_happened_since_the_ones_before
    deltas_add_up_and_a_body_that_comes_again_does_not
    what_can_not_be_counted_is_rejected_with_its_reason
    a_span_of_a_server_is_an_entry_of_the_request_log_and_counts_nothing
}

/// A minute after the recorded payloads.
const LATER: i64 = 1_795_863_480;

/// A server whose clock stands after the recorded payloads, and a token's secret.
async fn start(database: Database) -> (Server, String) {
    let server = Server::on(database).await;
    server.h.clock.step_to(LATER);
    let secret = server.writer().await;
    (server, secret)
}

async fn a_span_of_a_server_is_an_entry_of_the_request_log_and_counts_nothing(database: Database) {
    let (server, secret) = start(database).await;
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "GET /orders/<id>",
        "kind": 2, "startTimeUnixNano": format!("{}000000000", LATER - 60),
        "endTimeUnixNano": format!("{}250000000", LATER - 60),
        "attributes": [
            text("http.request.method", "GET"), text("http.route", "/orders/<id>"),
            text("url.path", "/orders/4711"), text("url.query", "token=planted-secret"),
            {"key": "http.response.status_code", "value": {"intValue": "500"}}
        ],
        "events": [{"name": "exception", "timeUnixNano": "1", "attributes": [
            text("exception.type", "LedgerError"),
            text("exception.message", "the ledger of ann@example.org is locked")
        ]}],
        "status": {"code": 2}
    });
    let body = json!({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [span]}]}]});
    for _ in 0..2 {
        let url = format!("{}/ingest/v1/traces", server.origin);
        let request = server.client.post(url).bearer_auth(&secret).json(&body);
        let (status, answer) = crate::ingest::told(request.send().await.unwrap()).await;
        assert_eq!((status, answer), (StatusCode::OK, json!({})));
    }
    server.flush_log().await;
    let found = server.json("/api-requests?period=24h").await;
    let found = found["data"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let id = found[0]["id"].as_str().unwrap();
    let whole = server.json(&format!("/api-requests/{id}")).await;
    assert_eq!(whole["endpoint"], "/orders/{id}");
    assert_eq!(whole["path"], "/orders/{id}");
    assert_eq!(
        (&whole["status"], &whole["latencyMs"]),
        (&json!(500), &json!(250.0))
    );
    assert_eq!(whole["traceId"], "0af7651916cd43dd8448eb211c80319c");
    let said = whole.to_string();
    assert!(
        said.contains("LedgerError") && said.contains("is locked"),
        "{said}"
    );
    assert!(
        !said.contains("ann@example.org") && !said.contains("planted-secret"),
        "{said}"
    );
    assert_eq!(count(&server).await, 0);
}

async fn send(server: &Server, secret: &str, kind: &str, body: Vec<u8>) -> Response {
    let url = format!("{}/ingest/v1/metrics", server.origin);
    let request = server.client.post(url).bearer_auth(secret);
    request
        .header("Content-Type", kind)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn send_json(server: &Server, secret: &str, body: &Value) -> (StatusCode, Value) {
    let body = serde_json::to_vec(body).unwrap();
    crate::ingest::told(send(server, secret, "application/json", body).await).await
}

/// Requests of a service by endpoint and status.
async fn counts(server: &Server, service: &str) -> Vec<(String, u64, u64)> {
    let path = format!(
        "/api-metrics?period=24h&granularity=none&service={service}&groupBy=endpoint&metrics=statusCodes"
    );
    let answer = server.json(&path).await;
    let mut counts = Vec::new();
    for row in answer["data"].as_array().unwrap() {
        let endpoint = row["endpoint"].as_str().unwrap();
        for (status, count) in row["statusCodes"].as_object().unwrap() {
            let count = count.as_u64().unwrap();
            counts.push((endpoint.to_owned(), status.parse().unwrap(), count));
        }
    }
    counts.sort();
    counts
}

fn payload(name: &str) -> Vec<u8> {
    let path = format!("{}/routes/cases/otlp/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap();
    if !name.ends_with(".gz") {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

async fn what_each_library_has_sent_is_counted_once(database: Database) {
    const PROTOBUF: &str = "application/x-protobuf";
    const JSON: &str = "application/json";
    let (server, _) = start(database).await;
    // The service of each run has answered 700 requests by 200, 150 by 404, 50 by 500, and 100 that no route takes.
    for (name, kind, template) in [
        ("js-express-default.json", JSON, "/items/{id}"),
        ("js-express-default.pb", PROTOBUF, "/items/{id}"),
        ("python-fastapi-optin-http.pb", PROTOBUF, "/items/{i}"),
        (
            "python-flask-optin-http-exemplars.pb",
            PROTOBUF,
            "/items/{i}",
        ),
        ("rust-tower-json.json.gz", JSON, "/items/{id}"),
        ("rust-tower-proto.pb", PROTOBUF, "/items/{id}"),
    ] {
        let token = json!({"name": name, "service": name, "environment": "production"});
        let (_, secret) = server.token(token).await;
        for _ in 0..2 {
            let answer = send(&server, &secret, kind, payload(name)).await;
            assert_eq!(answer.status(), 200, "{name}");
            assert_eq!(answer.headers()["content-type"], kind);
            let body = answer.bytes().await.unwrap();
            assert!(
                body.is_empty() || body == "{}" || body == r#"{"partialSuccess":null}"#,
                "{body:?}"
            );
        }
        let found = counts(&server, name).await;
        let all: u64 = found.iter().map(|(.., n)| n).sum();
        assert_eq!(all, 1_000, "{name}: {found:?}");
        let of = |status| -> u64 {
            let of = found.iter().filter(|(_, found, _)| *found == status);
            of.map(|(.., n)| n).sum()
        };
        assert_eq!(
            (of(200), of(404), of(500)),
            (700, 250, 50),
            "{name}: {found:?}"
        );
        let ok = (template.to_owned(), 200, 700);
        assert!(found.contains(&ok), "{name}: {found:?}");
        let summary = server
            .json(&format!("/api-metrics/summary?period=24h&service={name}"))
            .await;
        let p95 = summary["p95Ms"].as_f64().unwrap();
        assert!((0.01..20.0).contains(&p95), "{name}: {summary}");
    }
}

/// A request with one point of GET /a answered by 200: `below` requests of at most 5 ms, and `above` of up to 10.
fn sent(temporality: u8, start: i64, at: i64, (below, above): (u64, u64)) -> Value {
    let count = below + above;
    let point = json!({
        "attributes": [
            {"key": "http.request.method", "value": {"stringValue": "GET"}},
            {"key": "http.route", "value": {"stringValue": "/a"}},
            {"key": "http.response.status_code", "value": {"intValue": "200"}}
        ],
        "startTimeUnixNano": format!("{start}000000000"), "timeUnixNano": format!("{at}000000000"),
        "count": count.to_string(), "sum": below as f64 * 0.003 + above as f64 * 0.008,
        "bucketCounts": [below.to_string(), above.to_string(), "0"], "explicitBounds": [0.005, 0.01],
    });
    json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.instance.id", "value": {"stringValue": "one"}}]},
        "scopeMetrics": [{"scope": {"name": "test"}, "metrics": [{
            "name": "http.server.request.duration", "unit": "s",
            "histogram": {"aggregationTemporality": temporality, "dataPoints": [point]}
        }]}]
    }]})
}

const DELTA: u8 = 1;
const CUMULATIVE: u8 = 2;

async fn count(server: &Server) -> u64 {
    counts(server, "checkout")
        .await
        .iter()
        .map(|(.., n)| n)
        .sum()
}

async fn cumulative_points_count_what_happened_since_the_ones_before(database: Database) {
    let (server, secret) = start(database).await;
    let began = LATER - 600;
    let steps = [
        // The first one counts from the start of its process.
        (began, LATER - 120, (3, 2), 5),
        (began, LATER - 60, (5, 2), 7),
        // Sent again, and overtaken.
        (began, LATER - 60, (5, 2), 7),
        (began, LATER - 120, (3, 2), 7),
        // Another process of the same resource, or the same one after a restart.
        (LATER - 90, LATER - 50, (1, 0), 8),
        (began, LATER, (6, 2), 9),
        (LATER - 90, LATER, (1, 4), 13),
    ];
    for (start, at, bins, expected) in steps {
        let (status, _) = send_json(&server, &secret, &sent(CUMULATIVE, start, at, bins)).await;
        assert_eq!(status, 200);
        assert_eq!(count(&server).await, expected, "{start} {at} {bins:?}");
    }
    // Latencies are those of the bins, with the sum that was sent: 7 of 3 ms and 6 of 8 ms.
    let path = "/api-metrics?period=24h&granularity=none&service=checkout&metrics=averageMs,p95Ms";
    let row = server.json(path).await["data"][0].clone();
    let average = row["averageMs"].as_f64().unwrap();
    assert!((average - 69.0 / 13.0).abs() < 1e-3, "{row}");
    let p95 = row["p95Ms"].as_f64().unwrap();
    assert!((p95 - 7.07).abs() < 0.08, "{row}");
    // Whose quantiles are no better than that is said where its token is.
    let tokens = server.json("/ingest-tokens").await;
    let error = tokens["data"][0]["quantileError"].as_f64().unwrap();
    assert!((error - 0.4142).abs() < 0.001, "{tokens}");
    let summary = server
        .json("/api-metrics/summary?period=24h&service=checkout")
        .await;
    assert_eq!(summary["quantileError"], tokens["data"][0]["quantileError"]);
    let other = server.json("/api-metrics/summary?period=24h").await;
    assert_eq!(other["quantileError"], summary["quantileError"]);
    // Of a service that ran for days before anybody asked, nobody knows who has counted it.
    let mut old = sent(CUMULATIVE, LATER - 3 * 86_400, LATER - 30, (100, 0));
    old["resourceMetrics"][0]["resource"]["attributes"][0]["value"]["stringValue"] = json!("two");
    send_json(&server, &secret, &old).await;
    assert_eq!(count(&server).await, 13);
    let mut next = sent(CUMULATIVE, LATER - 3 * 86_400, LATER, (107, 0));
    next["resourceMetrics"][0]["resource"] = old["resourceMetrics"][0]["resource"].clone();
    send_json(&server, &secret, &next).await;
    assert_eq!(count(&server).await, 20);
}

async fn deltas_add_up_and_a_body_that_comes_again_does_not(database: Database) {
    let (server, secret) = start(database).await;
    let (first, second) = (
        sent(DELTA, LATER - 120, LATER - 60, (3, 2)),
        sent(DELTA, LATER - 60, LATER, (3, 2)),
    );
    // The second one overtakes the first, and both are sent again.
    for body in [&second, &first, &second, &first] {
        let (status, _) = send_json(&server, &secret, body).await;
        assert_eq!(status, 200);
    }
    assert_eq!(count(&server).await, 10);
    // A collector that packs them anew: with others, in another order, among new ones.
    let third = sent(DELTA, LATER - 90, LATER - 30, (1, 0));
    let metrics = |bodies: [&Value; 3]| {
        let all = bodies.map(|body| body["resourceMetrics"][0].clone());
        json!({"resourceMetrics": all})
    };
    let packed = metrics([&second, &third, &first]);
    let (status, _) = send_json(&server, &secret, &packed).await;
    assert_eq!((status.as_u16(), count(&server).await), (200, 11));
    // Twice in one body, and what is like it but for its time or its numbers is another point.
    let again = sent(DELTA, LATER - 90, LATER - 29, (1, 0));
    let other = sent(DELTA, LATER - 90, LATER - 29, (0, 1));
    let (status, _) = send_json(&server, &secret, &metrics([&again, &other, &again])).await;
    assert_eq!((status.as_u16(), count(&server).await), (200, 13));
}

async fn what_can_not_be_counted_is_rejected_with_its_reason(database: Database) {
    let (server, secret) = start(database).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = sent(CUMULATIVE, LATER - 60, LATER, (3, 2));
        change(&mut body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]);
        body
    };
    let point = |metric: &mut Value, name: &str, value: Value| {
        metric["histogram"]["dataPoints"][0][name] = value;
    };
    let cases: [(Value, &str); 9] = [
        (with(&|metric| metric["unit"] = json!("min")), "unit"),
        (
            with(&|metric| metric["histogram"]["aggregationTemporality"] = json!(0)),
            "cumulative",
        ),
        (with(&|metric| metric["histogram"] = Value::Null), "no data"),
        (
            with(&|metric| point(metric, "bucketCounts", json!(["1", "1"]))),
            "bounds",
        ),
        (
            with(&|metric| point(metric, "bucketCounts", json!(["1", "1", "1"]))),
            "add up",
        ),
        (
            with(&|metric| point(metric, "explicitBounds", json!([0.01, 0.005]))),
            "ascend",
        ),
        (
            with(&|metric| point(metric, "timeUnixNano", json!("0"))),
            "time",
        ),
        (
            with(&|metric| {
                point(
                    metric,
                    "timeUnixNano",
                    json!(format!("{}000000000", LATER + 7_200)),
                )
            }),
            "ahead",
        ),
        (
            with(&|metric| point(metric, "attributes", json!([]))),
            "http.request.method",
        ),
    ];
    for (body, why) in cases {
        let (status, answer) = send_json(&server, &secret, &body).await;
        assert_eq!(status, 200, "{answer}");
        let partial = &answer["partialSuccess"];
        assert_eq!(partial["rejectedDataPoints"], json!("1"), "{why}: {answer}");
        let said = partial["errorMessage"].as_str().unwrap();
        assert!(said.contains(why), "{said}");
    }
    // What is no metric of a server is left alone.
    let (status, answer) = send_json(
        &server,
        &secret,
        &with(&|metric| metric["name"] = json!("process.cpu.time")),
    )
    .await;
    assert_eq!(
        (status, &answer["partialSuccess"]),
        (StatusCode::OK, &Value::Null)
    );
    assert_eq!(count(&server).await, 0);
    // And what is no request for metrics at all.
    for (kind, body, status) in [
        ("application/json", &b"{\"resource_metrics\": [1]}"[..], 400),
        ("application/json", b"[1", 400),
        ("application/x-protobuf", b"{}", 400),
        ("text/plain", b"{}", 415),
        ("application/json", b"{}", 200),
        ("application/x-protobuf", b"", 200),
    ] {
        let answer = send(&server, &secret, kind, body.to_vec()).await;
        assert_eq!(answer.status(), status, "{kind} {body:?}");
    }
}
