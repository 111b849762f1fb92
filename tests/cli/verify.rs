//! `verify`: a service that counts every request is proven to, and one that does not is not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use api_metrics_tests::{Process, SqliteFile};
use axum::{Router, http::StatusCode, routing::get};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::api_metrics;

const TOKEN: &str = "3f1d0c9b8a7e6d5c4b3a291807f6e5d4";

/// A service with the layer around some of its routes.
struct Service {
    metrics: api_metrics::ApiMetrics,
    url: String,
    _file: SqliteFile,
}

impl Service {
    async fn start() -> Self {
        let file = SqliteFile::create();
        let metrics = api_metrics::ApiMetrics::builder()
            .embedded(file.url())
            .admin_token(TOKEN)
            .flush_interval(std::time::Duration::from_millis(200))
            .start()
            .await
            .unwrap();
        let app = Router::new()
            .route("/a/{id}", get(async || "a"))
            .route("/gone", get(async || StatusCode::GONE))
            .layer(metrics.layer())
            .route("/outside", get(async || "not seen by the layer"))
            .nest_service("/admin", metrics.admin());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            metrics,
            url,
            _file: file,
        }
    }

    async fn verify(&self, arguments: &[&str]) -> api_metrics_tests::process::Ended {
        let mut command = api_metrics(&["verify"]);
        command
            .args(arguments)
            .env("API_METRICS_ADMIN_TOKEN", TOKEN);
        tokio::task::spawn_blocking(move || Process::start(&mut command).ended())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_proven_to_be_counted_by_endpoint_and_status() {
    let service = Service::start().await;
    let urls = ["/a/1", "/a/2", "/gone"].map(|path| format!("{}{path}", service.url));
    let [one, two, gone] = urls.each_ref().map(String::as_str);
    let ended = service
        .verify(&[one, two, gone, "--requests", "900", "--rate", "0", "--json"])
        .await;
    assert!(ended.status.success(), "{}", ended.output);
    let answer: Value = serde_json::from_str(ended.output.trim()).unwrap();
    assert_eq!(answer["proven"], true, "{answer}");
    assert_eq!(
        (&answer["sent"], &answer["recorded"]),
        (&900.into(), &900.into())
    );
    assert_eq!(answer["recordedStatuses"]["410"], 300, "{answer}");
    assert_eq!(answer["recordedEndpoints"]["GET /a/{id}"], 600, "{answer}");
    // Once more: what was counted before is no part of it. And as a table, paced.
    let ended = service
        .verify(&[
            one,
            "--requests",
            "50",
            "--rate",
            "200",
            "--concurrency",
            "3",
        ])
        .await;
    assert!(ended.status.success(), "{}", ended.output);
    for said in ["recorded 50 requests", "GET /a/{id}", "p99"] {
        assert!(ended.output.contains(said), "{}", ended.output);
    }
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_and_not_as_counted_is_not_proven() {
    let service = Service::start().await;
    let url = format!("{}/a/1", service.url);
    // Somebody else calls the service meanwhile.
    let others = format!("{}/a/2", service.url);
    let enough = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&enough);
    let busy = tokio::spawn(async move {
        let client = reqwest::Client::new();
        while !seen.load(Ordering::Relaxed) {
            client.get(&others).send().await.unwrap();
        }
    });
    let ended = service
        .verify(&[&url, "--requests", "200", "--rate", "500"])
        .await;
    // Aborted, it would leave a request that is counted while the store is shut.
    enough.store(true, Ordering::Relaxed);
    busy.await.unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.output);
    assert!(ended.output.contains("not proven"), "{}", ended.output);
    service.metrics.shutdown().await.unwrap();
}

#[test]
fn a_service_that_is_not_there_or_elsewhere_is_refused() {
    for (arguments, code) in [
        (&["http://127.0.0.1:1/"][..], 1),
        (&["http://192.0.2.1/"], 2),
        (&["https://127.0.0.1/"], 2),
        (&["nonsense"], 2),
        (&["http://127.0.0.1:1/", "--requests", "0"], 2),
        (&[], 2),
    ] {
        let ended = Process::start(api_metrics(&["verify"]).args(arguments)).ended();
        assert_eq!(
            ended.status.code(),
            Some(code),
            "{arguments:?}: {}",
            ended.output
        );
    }
}
