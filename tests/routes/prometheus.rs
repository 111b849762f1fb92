//! `/metrics`, read by Prometheus' own tool.

use std::{io::Write as _, process::Stdio};

use api_metrics_tests::{Process, eventually};
use axum::{Router, body::Body, http::header};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    host::{Hit, Host},
    ingest::Server,
    requests::Service,
};

/// The value of the sample that begins like this.
fn value(text: &str, sample: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample));
    let line = line.unwrap_or_else(|| panic!("no {sample} in\n{text}"));
    line.trim().parse().unwrap()
}

async fn scraped(host: &Host) -> String {
    let response = host.get("/metrics").await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    response.text().await.unwrap()
}

#[tokio::test]
async fn served_requests_have_opentelemetry_names() {
    let host = Host::start().await;
    for status in [200, 200, 500] {
        host.record(&Hit {
            status,
            latency_ms: 20,
            ..Hit::of("/users/{id}")
        });
    }
    host.flush().await;
    host.record(&Hit::of("a\"b\\c\nd"));
    let text = scraped(&host).await;
    let labels = "service_name=\"shop\",deployment_environment_name=\"test\",\
                  http_request_method=\"GET\",http_route=\"/users/{id}\"";
    let of = |name: &str| value(&text, &format!("{name}{{{labels}}}"));
    assert_eq!(of("http_server_request_duration_seconds_count"), 3.0);
    assert_eq!(of("http_server_request_duration_seconds_sum"), 0.06);
    assert_eq!(of("http_server_response_body_bytes_total"), 300.0);
    // Cumulative, with an end that has all.
    let up_to = |bound: &str| {
        let sample =
            format!("http_server_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}}");
        value(&text, &sample)
    };
    assert_eq!(
        (up_to("0.01"), up_to("0.025"), up_to("+Inf")),
        (0.0, 3.0, 3.0)
    );
    let median = format!("api_metrics_request_duration_seconds{{{labels},quantile=\"0.5\"}}");
    assert!((value(&text, &median) - 0.02).abs() < 0.0002);
    let status = |code: &str| {
        let sample =
            format!("http_server_requests_total{{{labels},http_response_status_code=\"{code}\"}}");
        value(&text, &sample)
    };
    assert_eq!((status("200"), status("500")), (2.0, 1.0));
    assert!(text.contains("http_route=\"a\\\"b\\\\c\\nd\""), "{text}");
    assert_eq!(value(&text, "api_metrics_store_up"), 1.0);
    assert_eq!(value(&text, "api_metrics_recorder_unflushed_records"), 1.0);
}

#[tokio::test]
async fn own_health_is_told_while_the_store_is_away() {
    let host = Host::start().await;
    host.record(&Hit::of("/x"));
    host.store.pool().close().await;
    let text = scraped(&host).await;
    assert_eq!(value(&text, "api_metrics_store_up"), 0.0);
    assert_eq!(value(&text, "api_metrics_recorder_unflushed_records"), 1.0);
    assert!(value(&text, "api_metrics_query_failures_total") >= 1.0);
    assert!(!text.contains("http_server_"));
}

#[tokio::test]
async fn cache_hits_queries_and_streams_are_counted() {
    let host = Host::start().await;
    host.record(&Hit::of("/x"));
    let asked = async || {
        let text = scraped(&host).await;
        value(&text, "api_metrics_query_duration_seconds_count")
    };
    // What a scrape itself asks.
    let (first, second) = (asked().await, asked().await);
    for _ in 0..4 {
        host.json("/api-metrics/summary?period=1h").await;
    }
    assert_eq!(asked().await - second, second - first + 1.0);
    let stream = host.get("/api-metrics/stream").await;
    let other = host.get("/api-metrics/stream?endpoint=/x").await;
    let same = host.get("/api-metrics/stream").await;
    let text = scraped(&host).await;
    let lookups = |result: &str| {
        value(
            &text,
            &format!("api_metrics_cache_requests_total{{result=\"{result}\"}}"),
        )
    };
    assert_eq!((lookups("hit"), lookups("miss")), (3.0, 1.0));
    assert_eq!(value(&text, "api_metrics_cache_entries"), 1.0);
    assert!(value(&text, "api_metrics_cache_bytes") > 100.0);
    assert_eq!(value(&text, "api_metrics_stream_connections"), 3.0);
    assert_eq!(value(&text, "api_metrics_stream_feeds"), 2.0);
    let queries = value(&text, "api_metrics_query_duration_seconds_count");
    assert!(value(&text, "api_metrics_query_duration_seconds_sum") > 0.0);
    assert_eq!(
        value(
            &text,
            "api_metrics_query_duration_seconds_bucket{le=\"+Inf\"}"
        ),
        queries
    );
    drop((stream, other, same));
    eventually("the streams' end", async || {
        let text = scraped(&host).await;
        (value(&text, "api_metrics_stream_connections") == 0.0
            && value(&text, "api_metrics_stream_feeds") == 0.0)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn prometheus_own_tool_finds_nothing_to_complain_about() {
    let host = Host::start().await;
    host.record(&Hit {
        key: Some("alpha"),
        ..Hit::of("/x\"}\n")
    });
    host.flush().await;
    host.json("/api-metrics/summary").await;
    let text = scraped(&host).await;
    let mut promtool = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: Debian's package prometheus, which tests/run installs");
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[tokio::test]
async fn own_routes_are_counted_by_their_templates_and_what_matches_none_in_one() {
    let host = Host::start().await;
    host.json("/api-metrics/summary?period=1h").await;
    host.anonymous("/api-metrics/summary").await;
    for path in ["/no/such/route", "/nor/this"] {
        assert_eq!(host.get(path).await.status(), 404);
    }
    let console = format!("http://{}/api/v2/console/metrics/summary", host.address);
    assert_eq!(host.client.get(console).send().await.unwrap().status(), 401);
    let text = scraped(&host).await;
    let total = |router: &str, method: &str, route: &str, class: &str| {
        let labels =
            format!("router=\"{router}\",http_request_method=\"{method}\",http_route=\"{route}\"");
        let requests = format!(
            "api_metrics_http_requests_total{{{labels},http_response_status_class=\"{class}\"}}"
        );
        let timed = format!("api_metrics_http_request_duration_seconds_count{{{labels}}}");
        let last =
            format!("api_metrics_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}");
        assert_eq!(value(&text, &timed), value(&text, &last));
        (value(&text, &requests), value(&text, &timed))
    };
    assert_eq!(
        total("admin", "GET", "/api-metrics/summary", "2xx"),
        (1.0, 2.0)
    );
    assert_eq!(
        total("admin", "GET", "/api-metrics/summary", "4xx"),
        (1.0, 2.0)
    );
    assert_eq!(total("admin", "_OTHER", "<unmatched>", "4xx"), (2.0, 2.0));
    assert_eq!(total("console", "GET", "/summary", "4xx"), (1.0, 1.0));
    assert!(!text.contains("no/such"), "{text}");
    // This scrape is not over, and routes that nobody asked are left out.
    assert!(!text.contains("http_route=\"/metrics\""), "{text}");
    assert!(
        !text.contains("http_route=\"/api-metrics/daily\""),
        "{text}"
    );
}

#[tokio::test]
async fn routes_of_writers_are_counted_too() {
    let server = Server::on(api_metrics_tests::harness::Database::sqlite().await).await;
    let secret = server.writer().await;
    let body = serde_json::json!([{"path": "/a", "method": "GET", "status": 200}]);
    let sent = server.report(&secret).json(&body).send().await.unwrap();
    assert!(sent.status().is_success(), "{sent:?}");
    assert_eq!(
        server
            .report("wrong")
            .json(&body)
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let scraped = server.admin(reqwest::Method::GET, "/metrics").send();
    let text = scraped.await.unwrap().text().await.unwrap();
    let labels = "router=\"ingest\",http_request_method=\"POST\",http_route=\"/v1/requests\"";
    for class in ["2xx", "4xx"] {
        let sample = format!(
            "api_metrics_http_requests_total{{{labels},http_response_status_class=\"{class}\"}}"
        );
        assert_eq!(value(&text, &sample), 1.0);
    }
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// One request of a trace, served and kept.
async fn traced() -> Service {
    let service = Service::start(|_| {}).await;
    let request = axum::http::Request::get("/users/7")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .body(Body::empty())
        .unwrap();
    service.send(request).await;
    let untraced = axum::http::Request::get("/healthz");
    service.send(untraced.body(Body::empty()).unwrap()).await;
    service.metrics.flush().await.unwrap();
    service
}

#[tokio::test]
async fn prometheus_scrapes_openmetrics_and_leads_from_a_bucket_to_its_trace() {
    let service = traced().await;
    let app = Router::new().nest_service("/admin", service.metrics.admin());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    // A port that is free; nothing else asks for it before Prometheus does.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own = free.local_addr().unwrap();
    drop(free);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: shop\n    metrics_path: \
         /admin/metrics\n    static_configs:\n      - targets: [\"{address}\"]\n"
    );
    let file = folder.path().join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let _prometheus = Process::start(
        std::process::Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={own}"))
            .arg("--enable-feature=exemplar-storage"),
    );
    let client = reqwest::Client::new();
    let asked = async |path: &str| -> Option<Value> {
        let answer = client
            .get(format!("http://{own}/api/v1/{path}"))
            .send()
            .await;
        let answer: Value = answer.ok()?.json().await.ok()?;
        (answer["status"] == "success").then(|| answer["data"].clone())
    };
    let end = std::time::SystemTime::now() + std::time::Duration::from_secs(600);
    let end = end.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let found = eventually("an exemplar in Prometheus", async || {
        let question = format!(
            "query_exemplars?query=http_server_request_duration_seconds_bucket&start={}&end={end}",
            end - 3_600
        );
        let data = asked(&question).await?;
        (!data.as_array()?.is_empty()).then_some(data)
    })
    .await;
    let series = &found[0]["seriesLabels"];
    assert_eq!(series["http_route"], "/users/{id}", "{found}");
    assert_eq!(series["service_name"], "shop", "{found}");
    let exemplar = &found[0]["exemplars"][0];
    assert_eq!(exemplar["labels"]["trace_id"], TRACE, "{found}");
    assert!(exemplar["value"].as_str().unwrap().parse::<f64>().unwrap() < 5.0);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    let count = "query?query=sum(http_server_request_duration_seconds_count)";
    assert_eq!(asked(count).await.unwrap()["result"][0]["value"][1], "2");
    let up = asked("query?query=up").await.unwrap();
    assert_eq!(up["result"][0]["value"][1], "1", "{up}");
}

#[tokio::test]
async fn only_who_accepts_openmetrics_gets_exemplars() {
    let service = traced().await;
    let scraped = async |accept: &str| {
        let request = axum::http::Request::get("/metrics")
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, accept)
            .body(Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(service.metrics.admin(), request);
        let response = response.await.unwrap();
        let kind = response.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (kind, String::from_utf8(body.to_vec()).unwrap())
    };
    let (kind, text) = scraped("text/plain").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert!(!text.contains(TRACE) && !text.contains("# EOF"));
    let (kind, text) =
        scraped("application/openmetrics-text; version=1.0.0, text/plain;q=0.5").await;
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    assert_eq!(text.matches(TRACE).count(), 1, "{text}");
    let line = text.lines().find(|line| line.contains(TRACE)).unwrap();
    let exemplar = format!(" # {{trace_id=\"{TRACE}\",span_id=\"b7ad6b7169203331\"}} ");
    assert!(line.contains(&exemplar), "{line}");
    assert!(
        line.starts_with("http_server_request_duration_seconds_bucket{"),
        "{line}"
    );
    assert!(
        text.contains("# TYPE http_server_requests counter\n"),
        "{text}"
    );
}
