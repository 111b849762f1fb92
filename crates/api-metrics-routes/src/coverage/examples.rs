//! Answers as the OpenAPI document shows them.

use serde_json::{Value, json};

/// The coverage of a small document.
pub(super) fn coverage() -> Value {
    json!({
        "documents": [{
            "service": "shop", "title": "Shop", "operationCount": 3, "calledCount": 2, "calledPercent": 66.667,
            "deprecatedCalledCount": 1, "undocumentedCount": 1, "undocumentedRequestCount": 12
        }],
        "operations": [
            {
                "service": "shop", "method": "GET", "path": "/orders/{id}", "operationId": "getOrder",
                "summary": "One order", "deprecated": false, "requestCount": 1200, "errorRate": 0.5,
                "endpoint": "/orders/{id}", "callers": [], "moreCallers": false
            },
            {
                "service": "shop", "method": "GET", "path": "/v1/orders", "operationId": "listOrdersOld",
                "summary": null, "deprecated": true, "requestCount": 40, "errorRate": 0.0, "endpoint": "/v1/orders",
                "callers": [
                    {"apiKeyId": 3, "externalId": "partner-sync", "name": "Partner sync", "requestCount": 40}
                ],
                "moreCallers": false
            },
            {
                "service": "shop", "method": "DELETE", "path": "/orders/{id}", "operationId": "deleteOrder",
                "summary": null, "deprecated": false, "requestCount": 0, "errorRate": null, "endpoint": null,
                "callers": [], "moreCallers": false
            }
        ],
        "undocumented": [
            {"service": "shop", "method": "POST", "endpoint": "/internal/reindex", "requestCount": 12, "errorRate": 0.0}
        ],
        "from": "2026-05-17T00:00:00Z", "to": "2026-05-18T00:00:00Z",
        "asOf": "2026-05-18T09:30:00.125Z", "approximate": false, "incomplete": false
    })
}
