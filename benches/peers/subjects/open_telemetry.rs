//! OpenTelemetry's metrics with its SDK, which aggregates in memory and exports to memory when asked.

use axum_otel_metrics::HttpMetricsLayerBuilder;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;

use super::{Subject, routes};

/// Provider and reader of one release of the SDK; the two peers are made for different ones.
macro_rules! sdk {
    ($module:ident, $sdk:ident) => {
        mod $module {
            use std::time::Duration;

            use $sdk::metrics::{
                InMemoryMetricExporter, PeriodicReader, SdkMeterProvider, Stream,
                data::{AggregatedMetrics, MetricData},
            };

            pub(super) struct Sdk {
                pub(super) provider: SdkMeterProvider,
                exporter: InMemoryMetricExporter,
            }

            impl Sdk {
                pub(super) fn new() -> Self {
                    let exporter = InMemoryMetricExporter::default();
                    // Not while the measurement lasts.
                    let reader = PeriodicReader::builder(exporter.clone())
                        .with_interval(Duration::from_secs(86_400))
                        .build();
                    // By default everything beyond 2,000 series is one series.
                    let unlimited = |_: &_| {
                        Stream::builder()
                            .with_cardinality_limit(20_000)
                            .build()
                            .ok()
                    };
                    let provider = SdkMeterProvider::builder()
                        .with_reader(reader)
                        .with_view(unlimited)
                        .build();
                    Self { provider, exporter }
                }

                /// What the histogram of durations holds.
                pub(super) fn seen(&self) -> (u64, u64) {
                    self.exporter.reset();
                    self.provider.force_flush().unwrap();
                    let mut seen = (0, 0);
                    for resource in self.exporter.get_finished_metrics().unwrap() {
                        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                            if metric.name() != "http.server.request.duration" {
                                continue;
                            }
                            if let AggregatedMetrics::F64(MetricData::Histogram(durations)) =
                                metric.data()
                            {
                                for point in durations.data_points() {
                                    seen.0 += point.count();
                                    seen.1 += 1;
                                }
                            }
                        }
                    }
                    seen
                }
            }
        }
    };
}

sdk!(sdk_033, opentelemetry_sdk);
sdk!(sdk_032, opentelemetry_sdk_032);

/// axum-otel-metrics.
pub(super) fn axum(name: &'static str, series: usize) -> Subject {
    let sdk = sdk_032::Sdk::new();
    let layer = HttpMetricsLayerBuilder::new()
        .with_provider(sdk.provider.clone())
        .build();
    Subject::new(name, routes(series).layer(layer)).seeing(move || sdk.seen())
}

/// OpenTelemetry's own middleware for tower, without spans.
pub(super) fn tower(name: &'static str, series: usize) -> Subject {
    let sdk = sdk_033::Sdk::new();
    // It takes no other.
    opentelemetry::global::set_meter_provider(sdk.provider.clone());
    let layer = LayerBuilder::builder().with_tracing(false).build().unwrap();
    Subject::new(name, routes(series).layer(layer)).seeing(move || sdk.seen())
}
