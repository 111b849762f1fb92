//! Rows as metrics of OpenTelemetry.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    metrics::v1::{
        AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram,
        HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message as _;

use api_metrics_layer::UNMATCHED;

use super::{
    DAY,
    bins::{Exponential, exponential},
};
use crate::{bucket::Bucket, query::Row, sketch::SketchKind, time::UnixSeconds};

/// Rows of a body: a row has up to a dozen points of some hundred bytes.
const ROWS: usize = 200;
/// Our own receiver knows by it that latencies and statuses are counted by two metrics.
const SCOPE: &str = "api-metrics";
/// Requests to which nothing was sent have it.
const CLIENT_LEFT: u16 = 499;

/// From when to when points count, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from_ns: u64,
    at_ns: u64,
}

impl Span {
    /// Of a day, as it is known now. Of a day that is over, later points lie within its last second, one after the other.
    pub(super) fn of(day: UnixSeconds, now: UnixSeconds) -> Self {
        let ns = |seconds: i64| seconds.unsigned_abs().saturating_mul(1_000_000_000);
        let over = now.saturating_sub(day + DAY);
        Self {
            from_ns: ns(day),
            at_ns: if over < 0 {
                ns(now)
            } else {
                ns(day + DAY - 1) + 1 + over.unsigned_abs().min(900_000) * 1_000
            },
        }
    }
}

/// Rows as bodies of requests, each of one service and environment.
pub(super) fn bodies(rows: &[Row], span: Span) -> impl Iterator<Item = Vec<u8>> {
    let one_service = |a: &Row, b: &Row| {
        a.group.service == b.group.service && a.group.environment == b.group.environment
    };
    rows.chunk_by(one_service)
        .flat_map(|rows| rows.chunks(ROWS))
        .map(move |rows| body(rows, span))
}

fn body(rows: &[Row], span: Span) -> Vec<u8> {
    let first = rows.first().map(|row| &row.group);
    let name = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let service = first.and_then(|group| group.service.as_deref());
    let environment = first.and_then(|group| group.environment.as_deref());
    let metrics = vec![
        durations(rows, span),
        requests(rows, span),
        bytes(rows, span, "http.server.request.body.size", |bucket| {
            bucket.request_bytes
        }),
        bytes(rows, span, "http.server.response.body.size", |bucket| {
            bucket.response_bytes
        }),
    ];
    let metrics = metrics.into_iter().flatten().collect();
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", name(service)),
                    text("deployment.environment.name", name(environment)),
                ],
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: SCOPE.to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    request.encode_to_vec()
}

/// The latencies, whose quantiles are those of the sketch within the width of a bin.
fn durations(rows: &[Row], span: Span) -> Vec<Metric> {
    let (mut exponentials, mut sums) = (Vec::new(), Vec::new());
    for row in rows {
        let bucket = &row.bucket;
        if bucket.latency_count == 0 {
            continue;
        }
        // A t-digest does not know how many values are below a bound, and would say less than before.
        if bucket.sketch.kind() == SketchKind::Histogram {
            exponentials.push(exponential_point(row, span));
        } else {
            sums.push(HistogramDataPoint {
                count: bucket.latency_count,
                sum: Some(seconds(bucket.latency_sum_us)),
                min: bucket.latency_min_us.map(seconds),
                max: bucket.latency_max_us.map(seconds),
                ..point(row, span)
            });
        }
    }
    let temporality = AggregationTemporality::Cumulative.into();
    let metric = |data| Metric {
        name: "http.server.request.duration".to_owned(),
        description: "Latency to the last byte, since midnight UTC.".to_owned(),
        unit: "s".to_owned(),
        data: Some(data),
        ..Metric::default()
    };
    let mut metrics = Vec::new();
    if !exponentials.is_empty() {
        metrics.push(metric(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: exponentials,
            aggregation_temporality: temporality,
        })));
    }
    if !sums.is_empty() {
        metrics.push(metric(Data::Histogram(Histogram {
            data_points: sums,
            aggregation_temporality: temporality,
        })));
    }
    metrics
}

fn exponential_point(row: &Row, span: Span) -> ExponentialHistogramDataPoint {
    let bucket = &row.bucket;
    let (least, greatest) = (bucket.latency_min_us, bucket.latency_max_us);
    let Exponential {
        scale,
        zero,
        offset,
        counts,
    } = exponential(
        &bucket.sketch,
        least.unwrap_or_default(),
        greatest.unwrap_or_default(),
    );
    ExponentialHistogramDataPoint {
        attributes: attributes(row),
        start_time_unix_nano: span.from_ns,
        time_unix_nano: span.at_ns,
        count: bucket.latency_count,
        sum: Some(seconds(bucket.latency_sum_us)),
        scale,
        zero_count: zero,
        positive: Some(Buckets {
            offset,
            bucket_counts: counts,
        }),
        min: least.map(seconds),
        max: greatest.map(seconds),
        ..ExponentialHistogramDataPoint::default()
    }
}

/// How many requests there were, by status.
fn requests(rows: &[Row], span: Span) -> Vec<Metric> {
    let points = rows.iter().flat_map(|row| {
        row.bucket.status_counts.iter().map(|(status, n)| {
            let mut attributes = attributes(row);
            // Those that got no status have none here either.
            if status != CLIENT_LEFT {
                let code = Value::IntValue(status.into());
                attributes.push(attribute("http.response.status_code", code));
            }
            NumberDataPoint {
                attributes,
                start_time_unix_nano: span.from_ns,
                time_unix_nano: span.at_ns,
                value: Some(number_data_point::Value::AsInt(
                    i64::try_from(n).unwrap_or(i64::MAX),
                )),
                ..NumberDataPoint::default()
            }
        })
    });
    let data_points: Vec<_> = points.collect();
    if data_points.is_empty() {
        return Vec::new();
    }
    vec![Metric {
        name: "http.server.requests".to_owned(),
        description: "Requests by the status that was sent, since midnight UTC.".to_owned(),
        unit: "{request}".to_owned(),
        data: Some(Data::Sum(Sum {
            data_points,
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        })),
        ..Metric::default()
    }]
}

/// Bytes of bodies, whose sizes one by one nobody knows.
fn bytes(rows: &[Row], span: Span, name: &str, of: impl Fn(&Bucket) -> u64) -> Vec<Metric> {
    let points = rows.iter().filter_map(|row| {
        let bytes = Some(of(&row.bucket)).filter(|bytes| *bytes > 0)?;
        Some(HistogramDataPoint {
            count: row.bucket.request_count,
            sum: Some(float(bytes)),
            ..point(row, span)
        })
    });
    let data_points: Vec<_> = points.collect();
    if data_points.is_empty() {
        return Vec::new();
    }
    vec![Metric {
        name: name.to_owned(),
        description: "Bytes of bodies, since midnight UTC.".to_owned(),
        unit: "By".to_owned(),
        data: Some(Data::Histogram(Histogram {
            data_points,
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        })),
        ..Metric::default()
    }]
}

/// A point without bins of a row.
fn point(row: &Row, span: Span) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(row),
        start_time_unix_nano: span.from_ns,
        time_unix_nano: span.at_ns,
        ..HistogramDataPoint::default()
    }
}

/// Whose requests a row counts.
fn attributes(row: &Row) -> Vec<KeyValue> {
    let method = row.group.method.as_deref().unwrap_or_default();
    let mut attributes = vec![text("http.request.method", method.to_owned())];
    // As the semantic conventions have it: what no route matched has no route.
    if let Some(route) = row.group.endpoint.as_deref()
        && route != UNMATCHED
    {
        attributes.push(text("http.route", route.to_owned()));
    }
    attributes
}

fn text(key: &str, value: String) -> KeyValue {
    attribute(key, Value::StringValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn seconds(us: u64) -> f64 {
    float(us) / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
const fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_day_that_is_over_lie_in_it_one_after_the_other() {
        let day = 20_000 * DAY;
        let end = (day + DAY).unsigned_abs() * 1_000_000_000;
        let mut last = Span::of(day, day + DAY - 1);
        assert_eq!(last.at_ns, end - 1_000_000_000);
        for now in [0, 1, 600, 8 * DAY, 9 * DAY] {
            let span = Span::of(day, day + DAY + now);
            assert!(span.at_ns > last.at_ns && span.at_ns < end, "{now}");
            assert_eq!(span.from_ns, day.unsigned_abs() * 1_000_000_000);
            last = span;
        }
    }
}
