//! The demo as somebody sees it who has just started it.

use std::{process::Command, time::Duration};

use api_metrics_tests::{PgDatabase, Process, SqliteFile, eventually};
use futures_util::StreamExt;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::service::Demo;
use api_metrics_tests::stored;

#[tokio::test]
async fn it_says_where_to_look_and_the_printed_token_signs_in() {
    let file = SqliteFile::create();
    let demo = Demo::start(&file.url(), "0");
    let page = reqwest::get(format!("{}/admin/", demo.base)).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let closed = reqwest::get(format!("{}/admin/api-metrics/summary", demo.base))
        .await
        .unwrap();
    assert_eq!(closed.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(demo.admin.total().await, 0);
    let status = demo.admin.json("api-status").await;
    assert!(status.is_object(), "{status}");
    demo.stop().await;
}

#[tokio::test]
async fn a_token_of_ones_own_is_taken_from_the_environment() {
    let file = SqliteFile::create();
    let demo = Demo::start_with(
        &file.url(),
        "0",
        &[("DEMO_ADMIN_TOKEN", "open sesame open sesame open sesame")],
    );
    let answer = Client::new()
        .get(format!("{}/admin/api-metrics/summary", demo.base))
        .bearer_auth("open sesame open sesame open sesame")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    demo.stop().await;
}

#[tokio::test]
async fn every_route_is_counted_under_its_template_and_its_consumer() {
    let file = SqliteFile::create();
    let demo = Demo::start(&file.url(), "0");
    let http = Client::new();
    let at = |path: &str| format!("{}{path}", demo.base);
    let status = |request: reqwest::RequestBuilder| async {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        response.bytes().await.unwrap();
        status
    };
    let order = json!({ "item": "tea", "quantity": 2 });
    let none = json!({ "item": "tea", "quantity": 0 });
    for (request, expected) in [
        (http.get(at("/api/users/7")), 200),
        (
            http.get(at("/api/users/8"))
                .header("x-api-key", "demo-key-mobile"),
            200,
        ),
        (
            http.get(at("/api/users/9"))
                .header("x-api-key", "demo-key-render"),
            200,
        ),
        (
            http.get(at("/api/users/9")).header("x-api-key", "stolen"),
            401,
        ),
        (http.get(at("/api/users/99999")), 404),
        (http.post(at("/api/orders")).json(&order), 201),
        (http.post(at("/api/orders")).json(&none), 422),
        (http.get(at("/api/orders")), 200),
        (http.get(at("/api/reports/2024")), 200),
        (http.get(at("/api/teams/blue/members/ada")), 200),
        (http.get(at("/api/teams/blue")), 200),
        (http.put(at("/api/orders")), 405),
        (http.get(at("/nowhere")), 404),
        // Unknown is unknown for everyone: the key isn't even looked at.
        (http.get(at("/nowhere")).header("x-api-key", "stolen"), 404),
    ] {
        assert_eq!(status(request).await, expected);
    }
    let mut failed = 0;
    for _ in 0..14 {
        failed += u32::from(status(http.get(at("/api/flaky"))).await == 503);
    }
    assert_eq!(failed, 2);

    let counts = demo.admin.endpoints().await;
    let expected = [
        ("GET /api/users/{id}", 5),
        ("POST /api/orders", 2),
        ("GET /api/orders", 1),
        ("PUT /api/orders", 1),
        ("GET /api/reports/{year}", 1),
        ("GET /api/teams/{team}/members/{member}", 1),
        ("GET /api/teams/{team}", 1),
        ("GET /api/flaky", 14),
        ("GET <unmatched>", 2),
    ];
    for (endpoint, count) in expected {
        let matches: u64 = counts
            .iter()
            // A route that is nested at its own root may end with a slash.
            .filter(|(name, _)| name.trim_end_matches('/') == endpoint)
            .map(|(_, count)| *count)
            .sum();
        assert_eq!(matches, count, "{endpoint} in {counts:?}");
    }
    let summary = demo.admin.json("api-metrics/summary?period=1h").await;
    assert_eq!(summary["totalRequests"], 28, "{summary}");
    assert_eq!(summary["errorCount5xx"], 2, "{summary}");
    // 401, two users and orders that were refused, 405, and two that nobody has: 6.
    assert_eq!(summary["errorCount4xx"], 6, "{summary}");
    demo.stop().await;

    let store = stored::open(&file.url());
    let mut names: Vec<_> = store
        .api_keys(None)
        .await
        .unwrap()
        .into_iter()
        .map(|key| key.external_id)
        .collect();
    names.sort();
    assert_eq!(names, ["mobile-app", "render-farm"]);
}

async fn ends_with_open_streams(database: &str, signal: &str) {
    let demo = Demo::start(database, "0");
    let http = Client::new();
    for id in 1..=40 {
        let answer = http
            .get(format!("{}/api/users/{id}", demo.base))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    // The demo's own events, its slow report and the dashboard's live updates, all of them open.
    let mut open = Vec::new();
    for path in ["/api/events", "/api/reports/2024"] {
        let answer = http
            .get(format!("{}{path}", demo.base))
            .send()
            .await
            .unwrap();
        let mut body = answer.bytes_stream().boxed();
        assert!(body.next().await.unwrap().is_ok(), "{path}");
        open.push(body);
    }
    let mut live = demo
        .admin
        .get("api-metrics/stream")
        .await
        .bytes_stream()
        .boxed();
    assert!(live.next().await.unwrap().is_ok());
    // And two clients that went to sleep, one in the middle of its head and one of its body.
    let address = demo.base.trim_start_matches("http://");
    let mut no_head = TcpStream::connect(address).await.unwrap();
    no_head
        .write_all(b"GET /api/users/1 HTTP/1.1\r\nHo")
        .await
        .unwrap();
    let mut no_body = TcpStream::connect(address).await.unwrap();
    no_body
        .write_all(
            b"POST /api/orders HTTP/1.1\r\nhost: demo\r\ncontent-type: application/json\r\n\
              content-length: 100\r\nexpect: 100-continue\r\n\r\n",
        )
        .await
        .unwrap();
    // Said when the handler asks for the body: from now on that request is open.
    let mut asked = [0; 21];
    no_body.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue");

    let ended = demo.end_by(signal).await;
    assert!(ended.status.success(), "{}", ended.output);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);

    let store = stored::open(database);
    let sum = stored::sum(&*store, None).await.unwrap();
    assert_eq!(
        sum.request_count, 43,
        "forty users, the events, the report and the order that never came"
    );
    assert_eq!(sum.status_counts.get(503), 1);
    drop((open, live, no_head, no_body));
}

#[tokio::test]
async fn sigterm_with_open_streams_ends_it_within_five_seconds_and_loses_nothing() {
    let file = SqliteFile::create();
    ends_with_open_streams(&file.url(), "TERM").await;
}

#[tokio::test]
async fn ctrl_c_with_open_streams_ends_it_within_five_seconds_on_postgres_too() {
    let database = PgDatabase::create().await;
    ends_with_open_streams(&database.url(), "INT").await;
}

#[tokio::test]
async fn its_own_traffic_shows_up_and_a_restart_keeps_it() {
    let file = SqliteFile::create();
    let demo = Demo::start(&file.url(), "300");
    let enough = eventually("traffic of every kind", || async {
        let counts = demo.admin.endpoints().await;
        let kinds = [
            "GET /api/users/{id}",
            "POST /api/orders",
            "GET /api/flaky",
            "GET <unmatched>",
        ];
        kinds
            .iter()
            .all(|kind| counts.contains_key(*kind))
            .then(|| counts.values().sum::<u64>())
    })
    .await;
    demo.stop().await;
    let before = stored::requests(&*stored::open(&file.url()), None).await;
    assert!(before >= enough, "{before} of {enough}");

    let again = Demo::start(&file.url(), "0");
    assert_eq!(again.admin.total().await, before);
    again.stop().await;
}

#[test]
fn settings_that_make_no_sense_end_it_with_their_name() {
    let file = SqliteFile::create();
    for (name, value) in [("DEMO_TRAFFIC", "fast"), ("DEMO_LISTEN", "nowhere:at-all")] {
        let ended = Process::start(
            Command::new(env!("CARGO_BIN_EXE_demo"))
                .env("DATABASE_URL", file.url())
                .env("DEMO_LISTEN", "127.0.0.1:0")
                .env(name, value),
        )
        .ended();
        assert!(!ended.status.success());
        assert!(
            ended.output.contains(name) && ended.output.contains(value),
            "{}",
            ended.output
        );
    }
}
