//! What measures already goes on: axum-prometheus and OpenTelemetry's layer keep their names and their receivers, and
//! this crate stands beside them. All three see the same requests.
//!
//! ```text
//! cargo run --example side_by_side
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::{error::Error, future::ready};

use api_metrics::ApiMetrics;
use api_metrics_examples::Settings;
use axum::{Router, http::StatusCode, routing::get};
use axum_prometheus::{PrometheusMetricLayer, metrics_exporter_prometheus::PrometheusHandle};
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service that Prometheus scrapes at /metrics, and that sends to OTEL_EXPORTER_OTLP_ENDPOINT.",
        "127.0.0.1:3000",
        "side-by-side.db",
    );
    // As before: one registry for Prometheus, one provider for OpenTelemetry. Their exporter blocks, so it is made
    // where that is allowed.
    let (prometheus, handle) = PrometheusMetricLayer::pair();
    let exporter =
        tokio::task::spawn_blocking(|| MetricExporter::builder().with_http().build()).await??;
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter)
        .build();
    opentelemetry::global::set_meter_provider(provider.clone());

    // What is new.
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("side-by-side")
        .start()
        .await?;
    let app = app(&metrics, prometheus, handle)?;
    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("curl {base}/orders/7");
    println!("curl {base}/metrics");
    println!("dashboard: {base}/admin/");

    axum::serve(listener, app)
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    metrics.shutdown().await?;
    // Without a receiver its last export fails, which is no reason to fail here.
    let last = tokio::task::spawn_blocking(move || provider.shutdown()).await?;
    if let Err(error) = last {
        println!("OpenTelemetry: {error}");
    }
    Ok(())
}

/// The layers in any order: none of them reads a body or changes a header. Each sees the routes above it alone, so
/// neither a scrape nor a look at the dashboard is counted.
fn app(
    metrics: &ApiMetrics,
    prometheus: PrometheusMetricLayer<'static>,
    handle: PrometheusHandle,
) -> Result<Router, Box<dyn Error>> {
    Ok(Router::new()
        .route("/orders/{id}", get(async || "an order\n"))
        .route("/fail", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(prometheus)
        .layer(LayerBuilder::builder().build()?)
        .layer(metrics.layer())
        .route("/metrics", get(move || ready(handle.render())))
        .nest_service("/admin", metrics.admin()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use api_metrics::store::query::{Detail, Query, TimeRange};
    use opentelemetry_sdk::metrics::{
        InMemoryMetricExporter, PeriodicReader,
        data::{AggregatedMetrics, MetricData},
    };

    use super::*;

    /// Requests by template and status.
    type Counted = BTreeMap<(String, u16), u64>;

    /// What Prometheus would scrape.
    fn scraped(text: &str) -> Counted {
        let mut counted = Counted::new();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("axum_http_requests_total{") else {
                continue;
            };
            let (labels, count) = rest.split_once("} ").unwrap();
            let label = |name: &str| {
                let labels = labels.split(',').map(|one| one.split_once('=').unwrap());
                let mut found = labels.filter(|(label, _)| *label == name);
                found.next().unwrap().1.trim_matches('"').to_owned()
            };
            let status = label("status").parse().unwrap();
            counted.insert((label("endpoint"), status), count.parse().unwrap());
        }
        counted
    }

    /// What OpenTelemetry would send.
    fn exported(exporter: &InMemoryMetricExporter) -> Counted {
        let mut counted = Counted::new();
        let all = exporter.get_finished_metrics().unwrap();
        let scopes = all.iter().flat_map(|one| one.scope_metrics());
        for metric in scopes.flat_map(|scope| scope.metrics()) {
            if metric.name() != "http.server.request.duration" {
                continue;
            }
            let AggregatedMetrics::F64(MetricData::Histogram(durations)) = metric.data() else {
                panic!("durations are a histogram");
            };
            for point in durations.data_points() {
                let label = |name: &str| {
                    let mut found = point.attributes().filter(|one| one.key.as_str() == name);
                    found.next().map(|one| one.value.to_string())
                };
                let status = label("http.response.status_code").unwrap();
                let route = label("http.route").unwrap();
                *counted.entry((route, status.parse().unwrap())).or_default() += point.count();
            }
        }
        counted
    }

    /// What this crate has.
    async fn stored(metrics: &ApiMetrics) -> Counted {
        let mut query = Query::over(TimeRange::new(0, 4_102_444_800));
        query.group_by.endpoint = true;
        query.detail = Detail::Counts;
        let answer = metrics.store().unwrap().read(&query, None).await.unwrap();
        let mut counted = Counted::new();
        for row in &answer.rows {
            for (status, count) in row.bucket.status_counts.iter() {
                let endpoint = row.group.endpoint.as_deref().unwrap().to_owned();
                counted.insert((endpoint, status), count);
            }
        }
        counted
    }

    #[tokio::test]
    async fn all_three_count_the_same_requests() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = ApiMetrics::builder()
            .embedded(&file)
            .service("side-by-side")
            .start()
            .await
            .unwrap();
        let (prometheus, handle) = PrometheusMetricLayer::pair();
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        opentelemetry::global::set_meter_provider(provider.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app(&metrics, prometheus, handle).unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });

        for order in 0..40 {
            reqwest::get(format!("{base}/orders/{order}"))
                .await
                .unwrap();
            if order % 4 == 0 {
                reqwest::get(format!("{base}/fail")).await.unwrap();
            }
        }
        let wanted = Counted::from([
            (("/orders/{id}".to_owned(), 200), 40),
            (("/fail".to_owned(), 500), 10),
        ]);
        let text = reqwest::get(format!("{base}/metrics")).await.unwrap();
        assert_eq!(scraped(&text.text().await.unwrap()), wanted);
        provider.force_flush().unwrap();
        assert_eq!(exported(&exporter), wanted);
        metrics.flush().await.unwrap();
        assert_eq!(stored(&metrics).await, wanted);
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
