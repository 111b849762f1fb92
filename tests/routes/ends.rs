//! What goes on for long has an end and a share.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_metrics::ApiMetrics;
use api_metrics_tests::{SqliteFile, wait::eventually};
use axum::{Router, body::Body, middleware::map_response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::StreamExt as _;
use reqwest::Response;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    time::timeout,
};

use crate::{
    guessing::{issuer, token},
    host::{Hit, Host, NOW, TOKEN, problem},
};

/// Longer than anything here takes; what hangs is told apart from what is slow.
const PATIENCE: Duration = Duration::from_secs(60);

async fn stream(host: &Host, token: &str, query: &str) -> Response {
    let request = host
        .client
        .get(host.url(&format!("/api-metrics/stream{query}")));
    request.bearer_auth(token).send().await.unwrap()
}

async fn opened(host: &Host, token: &str, query: &str) -> Response {
    let response = stream(host, token, query).await;
    assert_eq!(response.status(), 200);
    response
}

/// Reads until the stream has said this.
async fn hears(response: &mut Response, text: &str) {
    let mut heard = String::new();
    timeout(PATIENCE, async {
        while !heard.contains(text) {
            let chunk = response.chunk().await.unwrap().expect("the stream goes on");
            heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    })
    .await
    .unwrap_or_else(|_| panic!("no {text} in {heard}"));
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let host = issuer().await;
    let short = token("a", "admin", "", NOW + 300);
    let long = token("a", "admin", "", NOW + 7_200);
    let mut short = opened(&host, &short, "").await;
    let mut long = opened(&host, &long, "").await;
    hears(&mut short, "metrics-update").await;
    host.clock.advance(Duration::from_secs(331));
    timeout(PATIENCE, async {
        while short.chunk().await.unwrap().is_some() {}
    })
    .await
    .expect("it ends");
    hears(&mut long, "metrics-update").await;
    hears(&mut long, "metrics-update").await;
}

#[tokio::test]
async fn nobody_takes_all_streams() {
    let host = issuer().await;
    let viewer = |name: &str| token(name, "viewer", "alpha", NOW + 3_600);
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(opened(&host, &viewer("a"), "").await);
    }
    let refused = problem(stream(&host, &viewer("a"), "").await, 503).await;
    assert_eq!(refused["type"], "urn:api-metrics:too-many-streams");
    // Others have places of their own, and operators share a token.
    streams.push(opened(&host, &viewer("b"), "").await);
    for _ in 0..12 {
        streams.push(opened(&host, TOKEN, "").await);
    }
    assert_eq!(host.json("/api-status").await["streams"], 23);
    drop(streams);
    eventually("free places", async || {
        let streams = host.json("/api-status").await["streams"].clone();
        (streams == 0).then_some(())
    })
    .await;
    opened(&host, &viewer("a"), "").await;
}

#[tokio::test]
async fn a_scope_watches_fifty_things_at_once() {
    let host = Host::start().await;
    let mut streams = Vec::new();
    for n in 0..50 {
        streams.push(opened(&host, TOKEN, &format!("?endpoint=/{n}")).await);
    }
    let refused = problem(stream(&host, TOKEN, "?endpoint=/50").await, 503).await;
    assert_eq!(refused["type"], "urn:api-metrics:too-many-streams");
    // Watching with others costs nothing, and who was refused has taken no place.
    streams.push(opened(&host, TOKEN, "?endpoint=/7").await);
    assert_eq!(host.json("/api-status").await["streams"], 51);
}

#[tokio::test]
async fn many_consumers_who_watch_do_not_slow_the_operators_down() {
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .jwt(crate::guessing::jwt())
            .stream_interval(Duration::from_secs(3_600))
            .stream_poll_interval(Duration::from_millis(20))
    })
    .await;
    let names: Vec<String> = (0..21).map(|n| format!("key-{n}")).collect();
    for name in &names {
        host.record(&Hit {
            key: Some(name),
            at: NOW - 86_400,
            ..Hit::of("/x")
        });
    }
    host.flush().await;
    let mut consumers = Vec::new();
    for name in &names {
        let token = token(name, "viewer", name, NOW + 3_600);
        let mut consumer = opened(&host, &token, "").await;
        hears(&mut consumer, "metrics-update").await;
        consumers.push(consumer);
    }
    let mut operator = opened(&host, TOKEN, "").await;
    hears(&mut operator, "\"totalRequests\":0").await;
    host.record(&Hit::of("/x"));
    // Long before the next update.
    hears(&mut operator, "\"totalRequests\":1").await;
}

/// Text that compresses little.
fn noise(seed: usize) -> String {
    let digests = (0..20).map(|n| URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{seed} {n}"))));
    digests.collect()
}

#[tokio::test]
async fn an_export_that_nobody_reads_does_not_hold_the_shutdown() {
    let pieces = Arc::new(AtomicUsize::new(0));
    let taken = pieces.clone();
    let host = Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| {
            router.layer(map_response(move |response: axum::response::Response| {
                let taken = taken.clone();
                ready(response.map(|body| {
                    let count = move |_: &_| {
                        taken.fetch_add(1, Ordering::Relaxed);
                    };
                    Body::from_stream(body.into_data_stream().inspect(count))
                }))
            }))
        },
    )
    .await;
    // More than the buffers of two connections take.
    for n in 0..3_000 {
        let endpoint = format!("/{}", noise(n));
        for minute in 0..5 {
            host.record(&Hit {
                at: NOW - 60 * minute,
                ..Hit::of(&endpoint)
            });
        }
    }
    host.flush().await;
    let mut clients = Vec::new();
    for encoding in ["identity", "gzip"] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut client = socket.connect(host.address).await.unwrap();
        let request = format!(
            "GET /admin/api-metrics/export?format=json&granularity=1m&period=1h HTTP/1.1\r\n\
             host: x\r\naccept-encoding: {encoding}\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        clients.push(client);
        // Until the server finds no more room. Looked at too early, the test would only ask for less.
        let mut before = 0;
        let mut unchanged = 0;
        eventually("a server that waits for its client", || {
            let now = pieces.load(Ordering::Relaxed);
            unchanged = if now == before { unchanged + 1 } else { 0 };
            before = now;
            ready((now > 0 && unchanged > 20).then_some(()))
        })
        .await;
    }
    host.shutdown.cancel();
    timeout(PATIENCE, host.served)
        .await
        .expect("the server returns")
        .unwrap()
        .unwrap();
}

/// Reads a whole answer over a connection that takes little at a time.
async fn slowly(host: &Host, path: &str, encoding: &str) -> Vec<u8> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut client = socket.connect(host.address).await.unwrap();
    let request = format!(
        "GET /admin{path} HTTP/1.0\r\nhost: x\r\n\
         accept-encoding: {encoding}\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 1_000];
    loop {
        let count = timeout(PATIENCE, client.read(&mut piece)).await;
        match count.expect("the answer goes on").unwrap() {
            0 => break,
            count => answer.extend_from_slice(&piece[..count]),
        }
        tokio::task::yield_now().await;
    }
    let head = answer.windows(4).position(|part| part == b"\r\n\r\n");
    answer.split_off(head.unwrap() + 4)
}

#[tokio::test]
async fn who_collects_an_answer_gets_what_a_slow_reader_gets() {
    let collect = async |response: axum::response::Response| {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        axum::response::Response::from_parts(parts, Body::from(bytes))
    };
    let mut answers = Vec::new();
    for collects in [false, true] {
        let host = Host::start_at(
            SqliteFile::create(),
            |builder| builder.token(TOKEN),
            move |router: Router| {
                if collects {
                    router.layer(map_response(collect))
                } else {
                    router
                }
            },
        )
        .await;
        // Several times what may be under way at once.
        for n in 0..600 {
            host.record(&Hit::of(&format!("/{}", noise(n))));
        }
        host.flush().await;
        let export = "/api-metrics/export?format=json&granularity=1m&period=1h";
        for path in [export, "/openapi.json", "/api-metrics/endpoints?period=1h"] {
            for encoding in ["identity", "gzip"] {
                answers.push((path, encoding, slowly(&host, path, encoding).await));
            }
        }
    }
    let collected = answers.split_off(answers.len() / 2);
    assert!(answers[0].2.len() > 256 * 1024 && answers[1].2.len() > 128 * 1024);
    for ((path, encoding, read), (_, _, collected)) in answers.iter().zip(&collected) {
        assert!(!read.is_empty(), "{path}");
        // Each host has times of its own in its answers.
        assert_eq!(read.len(), collected.len(), "{path} as {encoding}");
    }
}

#[tokio::test]
async fn settings_beyond_all_bounds_mean_the_largest_that_make_sense() {
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .flush_interval(Duration::MAX)
            .query_timeout(Duration::MAX)
            .slow_query(Duration::MAX)
            .stream_interval(Duration::MAX)
            .stream_poll_interval(Duration::MAX)
            .stream_lifetime(Duration::MAX)
            .concurrent_queries(usize::MAX)
            .max_streams(usize::MAX)
            .requests_per_minute(u32::MAX)
            .cache_bytes(u64::MAX)
    })
    .await;
    hears(&mut opened(&host, TOKEN, "").await, "metrics-update").await;
    host.json("/api-metrics/summary").await;

    let folder = tempfile::tempdir().unwrap();
    let metrics = ApiMetrics::builder()
        .embedded(folder.path().join("metrics.db"))
        .admin_token(TOKEN)
        .flush_interval(Duration::MAX)
        .connect_timeout(Duration::MAX)
        .shutdown_timeout(Duration::MAX)
        .start()
        .await
        .unwrap();
    let _router = metrics.admin();
    timeout(PATIENCE, metrics.shutdown())
        .await
        .expect("it ends")
        .unwrap();
}
