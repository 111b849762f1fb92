//! An example for each answer: one small service, always the same day.
//!
//! The OpenAPI document shows them beside each route. They agree with each other: 1,200 requests in the summary are those of its only endpoint,
//! six errors are four of 4xx and two of 5xx, and `errorRate` is 0.5%.
//!
//! Times are of 2026-05-17 and the morning after. Latencies are in milliseconds with three decimals, as
//! answers have them.

use serde_json::{Value, json};

/// A row of the endpoints.
fn endpoint() -> Value {
    json!({
        "service": "shop", "method": "GET", "endpoint": "/users/{id}",
        "requestCount": 1200, "errorRate": 0.5,
        "statusCodes": {"200": 1194, "404": 4, "500": 2},
        "averageMs": 12.407, "minMs": 0.911, "maxMs": 240.118,
        "p50Ms": 9.984, "p95Ms": 31.104, "p99Ms": 88.576,
        "averageTimeToHeadersMs": 11.871, "p50TimeToHeadersMs": null, "p95TimeToHeadersMs": null,
        "p99TimeToHeadersMs": null, "timeToHeadersQuantileCount": 0,
        "requestBytes": 0, "responseBytes": 410_220, "units": {"tokens": 48_210},
        "gauges": {"score": {"count": 40, "mean": 0.87, "min": 0.5, "max": 1.0, "sum": 34.8}}
    })
}

/// A summary.
pub(crate) fn summary() -> Value {
    let mut summary = json!({
        "totalRequests": 1200, "successRate": 99.5, "errorRate": 0.5, "totalErrorCount": 6,
        "errorCount4xx": 4, "errorCount5xx": 2, "abortedCount": 1,
        "averageMs": 12.407, "minMs": 0.911, "maxMs": 240.118,
        "p50Ms": 9.984, "p95Ms": 31.104, "p99Ms": 88.576,
        "averageTimeToHeadersMs": 11.871, "p50TimeToHeadersMs": null, "p95TimeToHeadersMs": null,
        "p99TimeToHeadersMs": null, "timeToHeadersQuantileCount": 0,
        "totalRequestBytes": 0, "totalResponseBytes": 410_220, "distinctKeys": 3,
        "units": {"tokens": 48_210},
        "gauges": {"score": {"count": 40, "mean": 0.87, "min": 0.5, "max": 1.0, "sum": 34.8}},
        "topEndpoints": [endpoint()],
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false,
        "minutesKeptSince": "2026-05-17T09:00:00Z",
        "previous": {
            "from": "2026-05-16T00:00:00Z", "to": "2026-05-17T00:00:00Z",
            "totalRequests": 1000, "errorRate": 0.6, "averageMs": 12.1, "p95Ms": 30.2,
            "totalRequestsChange": 20.0, "errorRateChange": -0.1, "averageChange": 2.537,
            "p95Change": 2.993
        }
    });
    // Beside the others it would be one more than the macro can take.
    summary["quantileError"] = Value::Null;
    summary
}

/// A page of endpoints.
pub(crate) fn endpoints() -> Value {
    json!({
        "data": [endpoint()], "nextCursor": null,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// A page of dependencies.
pub(crate) fn dependencies() -> Value {
    json!({
        "data": [{
            "service": "shop", "host": "payments.example", "template": "/charges/{id}", "method": "POST",
            "endpoint": "payments.example/charges/{id}",
            "requestCount": 600, "errorRate": 0.5, "noAnswerCount": 2, "timeoutCount": 1,
            "cancelledCount": 0, "retryCount": 5, "statusCodes": {"200": 597, "402": 1, "502": 1, "504": 1},
            "averageMs": 81.25, "p50Ms": 72.704, "p95Ms": 190.464, "p99Ms": 417.792, "maxMs": 2000.118,
            "requestBytes": 48_000, "responseBytes": 120_400
        }],
        "nextCursor": null,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// A page of days.
pub(crate) fn daily() -> Value {
    json!({
        "data": [{
            "date": "2026-05-17", "periodStart": "2026-05-17T00:00:00Z",
            "periodEnd": "2026-05-18T00:00:00Z", "partial": false, "approximate": false,
            "requestCount": 1200, "errorRate": 0.5, "averageMs": 12.407, "requestBytes": 0, "responseBytes": 410_220,
            "bandwidthBytes": 410_220, "peakHour": "2026-05-17T14:00:00Z",
            "peakHourBandwidthBytes": 61_400, "distinctKeys": 3, "distinctUsers": 2
        }],
        "nextCursor": null, "tz": "UTC",
        "axis": {"step": "1d", "alignment": "local",
            "edges": ["2026-05-17T00:00:00Z", "2026-05-18T00:00:00Z"],
            "names": ["2026-05-17T00:00:00"]},
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// The last five minutes.
pub(crate) fn snapshot() -> Value {
    let minute = |start: &str, end: &str| {
        json!({"periodStart": start, "periodEnd": end, "partial": end == "2026-05-18T09:31:00Z",
            "requestCount": 5, "errorCount": 0, "p95Ms": 30.976})
    };
    json!({
        "totalRequests": 25, "requestsPerSecond": 0.093, "errorRate": 0.0, "totalErrorCount": 0,
        "abortedCount": 0, "averageMs": 11.902, "p50Ms": 9.856, "p95Ms": 30.976, "p99Ms": 30.976,
        "totalRequestBytes": 0, "totalResponseBytes": 8_540,
        "minutes": [minute("2026-05-18T09:26:00Z", "2026-05-18T09:27:00Z"),
            minute("2026-05-18T09:27:00Z", "2026-05-18T09:28:00Z"),
            minute("2026-05-18T09:28:00Z", "2026-05-18T09:29:00Z"),
            minute("2026-05-18T09:29:00Z", "2026-05-18T09:30:00Z"),
            minute("2026-05-18T09:30:00Z", "2026-05-18T09:31:00Z")],
        "endpoints": [{
            "service": "shop", "method": "GET", "endpoint": "/users/{id}", "requestCount": 25,
            "errorRate": 0.0, "averageMs": 11.902, "p95Ms": 30.976
        }],
        "from": "2026-05-18T09:26:00Z", "to": "2026-05-18T09:31:00Z",
        "asOf": "2026-05-18T09:30:29.5Z", "incomplete": false
    })
}

/// A page of rows over time.
pub(crate) fn series() -> Value {
    let row = |start: &str, end: &str, count: u64| {
        json!({
            "periodStart": start, "endpoint": "/users/{id}", "requestCount": count,
            "errorRate": 0.5, "p95Ms": 31.104,
            "periodEnd": end, "partial": false, "approximate": false
        })
    };
    json!({
        "data": [row("2026-05-17T00:00:00Z", "2026-05-17T01:00:00Z", 40),
            row("2026-05-17T01:00:00Z", "2026-05-17T02:00:00Z", 32)],
        "nextCursor": null, "granularity": "1h", "tz": "UTC",
        "axis": {"step": "1h", "alignment": "local",
            "edges": ["2026-05-17T00:00:00Z", "2026-05-17T01:00:00Z", "2026-05-17T02:00:00Z"],
            "names": ["2026-05-17T00:00:00", "2026-05-17T01:00:00"]},
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-17T02:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// The answer to a question with two groupings.
pub(crate) fn query() -> Value {
    json!({
        "results": [
            {"groupBy": ["endpoint"], "truncated": false,
                "data": [{"endpoint": "/users/{id}", "requestCount": 1200, "p95Ms": 31.104}]},
            {"groupBy": [], "truncated": false,
                "data": [{"requestCount": 1200, "p95Ms": 31.104}]}
        ],
        "granularity": "none", "tz": "UTC", "axis": null,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// A consumer.
fn consumer() -> Value {
    json!({
        "apiKeyId": 3, "externalId": "acme-production", "name": "Acme", "tenantId": "acme",
        "requestCount": 800, "errorRate": 0.25, "averageMs": 11.2, "p95Ms": 29.952,
        "requestBytes": 0, "responseBytes": 273_480, "bandwidthBytes": 273_480, "units": {"tokens": 31_004}, "gauges": {}
    })
}

/// A page of keys.
pub(crate) fn keys() -> Value {
    let mut row = consumer();
    row["lastSeenAt"] = json!("2026-05-17T23:48:00Z");
    row["lastSeenWithinSeconds"] = json!(60);
    row["rateLimitPerMinute"] = json!(100);
    row["utilization"] = json!(0.556);
    row["peakUtilization"] = json!(12.0);
    json!({
        "data": [row], "nextCursor": null,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// The top consumers.
pub(crate) fn top_consumers() -> Value {
    let mut row = consumer();
    row["share"] = json!(66.667);
    json!({
        "data": [row], "nextCursor": null,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// Endpoints by consumer.
pub(crate) fn endpoint_consumers() -> Value {
    json!({
        "data": [{
            "service": "shop", "method": "GET", "endpoint": "/users/{id}",
            "apiKeyId": 3, "externalId": "partner-sync", "name": "Partner sync", "tenantId": "acme",
            "requestCount": 800, "errorCount": 4, "errorRate": 0.5, "p95Ms": 190.464,
            "othersRequestCount": 400, "othersErrorRate": 0.25, "othersP95Ms": 31.232
        }],
        "complete": true,
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}

/// A heatmap by weekday.
pub(crate) fn heatmap() -> Value {
    let cell = |hour: u32, count: u64, intensity: f64| {
        json!({"weekday": 1, "hour": hour, "occurrences": 1.0, "requestCount": count, "errorRate": 0.5,
            "averageMs": 12.407, "intensity": intensity})
    };
    json!({
        "data": [cell(0, 40, 0.5), cell(1, 80, 1.0)], "layout": "weekday", "granularity": "hour",
        "tz": "UTC", "maxRequestCount": 80, "alignment": "local", "cutShort": false,
        "from": "2026-05-11T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}
