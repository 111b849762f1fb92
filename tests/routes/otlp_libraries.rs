//! Services that OpenTelemetry's own libraries measure, in Python, JavaScript and Rust: every request is counted.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api_metrics_tests::{harness::Database, sized};
use axum::{Router, extract, http::StatusCode, routing::get};
use futures_util::future::join_all;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_otlp::{MetricExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use serde_json::json;

use crate::ingest::Server;

/// Senders side by side.
const SENDERS: usize = 8;

/// Requests by endpoint and status that a service is to be asked for: 70% are answered by 200, 15% by 404, 5% by 500,
/// and 10% are taken by no route.
fn wanted(all: u64, template: &str) -> BTreeMap<(String, u16), u64> {
    let of =
        |endpoint: &str, status, tenths: u64| ((endpoint.to_owned(), status), all * tenths / 20);
    [
        of(template, 200, 14),
        of("/missing", 404, 3),
        of("/fail", 500, 1),
        of("<unmatched>", 404, 2),
    ]
    .into()
}

/// Asks a service `all` times, over several connections.
async fn ask(port: u16, all: u64) {
    let client = reqwest::Client::new();
    let senders = (0..SENDERS as u64).map(|sender| {
        let client = client.clone();
        async move {
            for n in (sender..all).step_by(SENDERS) {
                let (path, status) = match n % 20 {
                    0..14 => (format!("/items/{n}"), 200),
                    14..17 => ("/missing".to_owned(), 404),
                    17 => ("/fail".to_owned(), 500),
                    _ => (format!("/nowhere/{n}"), 404),
                };
                let url = format!("http://127.0.0.1:{port}{path}");
                let answer = client.get(url).send().await.unwrap();
                assert_eq!(answer.status(), status, "{path}");
                drop(answer.bytes().await.unwrap());
            }
        }
    });
    join_all(senders).await;
}

/// A server whose clock is the machine's, and a token for a service of that name.
async fn start() -> Server {
    let server = Server::on(Database::sqlite().await).await;
    server.h.clock.step_to(now());
    server
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

async fn token(server: &Server, service: &str) -> String {
    let token = json!({"name": service, "service": service, "environment": "production"});
    server.token(token).await.1
}

/// What is counted of a service, whose methods are all GET.
async fn counted(server: &Server, service: &str) -> BTreeMap<(String, u16), u64> {
    // A minute that has begun is in the range.
    server.h.clock.step_to(now() + 60);
    let path = format!(
        "/api-metrics?period=1h&granularity=none&service={service}&groupBy=method,endpoint&metrics=statusCodes,p95Ms"
    );
    let answer = server.json(&path).await;
    let mut counted = BTreeMap::new();
    for row in answer["data"].as_array().unwrap() {
        assert_eq!(row["method"], "GET", "{row}");
        let p95 = row["p95Ms"].as_f64().unwrap();
        assert!((0.0..60_000.0).contains(&p95), "{row}");
        for (status, count) in row["statusCodes"].as_object().unwrap() {
            let endpoint = row["endpoint"].as_str().unwrap().to_owned();
            counted.insert((endpoint, status.parse().unwrap()), count.as_u64().unwrap());
        }
    }
    counted
}

/// A service in a process of its own, which ends when its input does.
struct Service {
    child: Child,
    port: u16,
}

impl Service {
    fn start(command: &mut Command, server: &Server, secret: &str) -> Self {
        let mut child = command
            .env(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("{}/ingest", server.origin),
            )
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("authorization=Bearer%20{secret}"),
            )
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Ok(port) = line.trim().parse() else {
            let mut why = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut why)
                .unwrap();
            panic!("{line}{why}");
        };
        Self { child, port }
    }

    /// Lets it send what it has, and end.
    async fn end(mut self) {
        drop(self.child.stdin.take());
        let ended = tokio::task::spawn_blocking(move || self.child.wait_with_output());
        let ended = ended.await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{said}");
        assert!(!said.contains("Failed to export"), "{said}");
    }
}

fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("otlp")
        .join(language)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_a_flask_service_is_counted_under_old_names_new_ones_and_both() {
    let packages = api_metrics_tests::python_packages("otlp/python");
    let server = start().await;
    let mut chosen = 0;
    for (service, names, all) in [
        ("new", "http", sized(10_000, 1_000)),
        ("old", "", sized(1_000, 400)),
        ("both", "http/dup", sized(1_000, 400)),
    ] {
        let secret = token(&server, service).await;
        let mut python = Command::new("python3");
        python
            .arg(folder("python").join("service.py"))
            .env("PYTHONPATH", &packages)
            .env("OTEL_SEMCONV_STABILITY_OPT_IN", names);
        let flask = Service::start(&mut python, &server, &secret);
        ask(flask.port, all).await;
        flask.end().await;
        let mut wanted = wanted(all, "/items/{item}");
        if names.is_empty() {
            // Of the old names, a path that no route takes is none with values.
            wanted.retain(|(endpoint, _), _| endpoint != "<unmatched>");
        }
        let mut counted = counted(&server, service).await;
        let elsewhere: u64 = counted
            .iter()
            .filter(|((endpoint, _), _)| endpoint.starts_with("/nowhere"))
            .map(|(_, n)| n)
            .sum();
        counted.retain(|(endpoint, _), _| !endpoint.starts_with("/nowhere"));
        if names.is_empty() {
            counted
                .remove(&("<unmatched>".to_owned(), 404))
                .map_or_else(
                    || assert_eq!(elsewhere, all / 10),
                    |n| assert_eq!(elsewhere + n, all / 10),
                );
        }
        assert_eq!(counted, wanted, "{service}");
        // Its spans were offered to the request log, each of them once.
        chosen += all;
        assert_eq!(server.log.counts().chosen, chosen, "{service}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_an_express_service_is_counted() {
    let packages =
        api_metrics_tests::installed("otlp/javascript", "package-lock.json", |_, target| {
            for file in ["package.json", "package-lock.json", "service.cjs"] {
                std::fs::copy(folder("javascript").join(file), target.join(file)).unwrap();
            }
            let mut npm = Command::new("npm");
            npm.args(["ci", "--silent", "--no-audit", "--no-fund"])
                .current_dir(target);
            npm
        });
    // Beside its packages, where Node looks for them.
    std::fs::copy(
        folder("javascript").join("service.cjs"),
        packages.join("service.cjs"),
    )
    .unwrap();
    let server = start().await;
    let secret = token(&server, "express").await;
    let mut node = Command::new("node");
    node.arg(packages.join("service.cjs"));
    let express = Service::start(&mut node, &server, &secret);
    let all = sized(10_000, 2_000);
    ask(express.port, all).await;
    express.end().await;
    assert_eq!(
        counted(&server, "express").await,
        wanted(all, "/items/{id}")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_an_axum_service_with_opentelemetrys_layer_is_counted() {
    let server = start().await;
    let secret = token(&server, "axum").await;
    let exporter = MetricExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/ingest/v1/metrics", server.origin))
        .with_headers([("authorization".to_owned(), format!("Bearer {secret}"))].into())
        .build()
        .unwrap();
    let reader = PeriodicReader::builder(exporter)
        .with_interval(Duration::from_millis(500))
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider.clone());
    let layer = LayerBuilder::builder().build().unwrap();
    let app = Router::new()
        .route(
            "/items/{id}",
            get(async |extract::Path(id): extract::Path<u64>| id.to_string()),
        )
        .route("/missing", get(async || StatusCode::NOT_FOUND))
        .route("/fail", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let all = sized(10_000, 2_000);
    ask(port, all).await;
    let ended = tokio::task::spawn_blocking(move || provider.shutdown());
    ended.await.unwrap().unwrap();
    assert_eq!(counted(&server, "axum").await, wanted(all, "/items/{id}"));
}
