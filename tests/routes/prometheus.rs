//! `/metrics`, read by Prometheus' own tool.

use std::{io::Write as _, process::Stdio};

use api_metrics_tests::eventually;

use crate::host::{Hit, Host};

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
