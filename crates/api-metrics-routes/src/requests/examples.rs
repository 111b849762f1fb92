//! An example for each answer: the same failed order in all of them. The OpenAPI document shows them beside each
//! route.

use serde_json::{Value, json};

/// A request.
pub(crate) fn request() -> Value {
    let mut request = json!({
        "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95", "kind": "request", "at": "2026-05-17T08:12:45.117Z",
        "service": "shop", "environment": "production", "version": "1.9.1",
        "instance": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "protocol": "http", "method": "POST", "endpoint": "/carts/{id}/orders",
        "path": "/carts/{id}/orders", "status": 503, "countedStatus": 503, "outcome": "completed",
        "latencyMs": 1204.512, "timeToHeadersMs": 1204.391, "queueWaitMs": null,
        "requestBytes": 312, "responseBytes": 148, "apiKeyId": 17, "apiKey": "k-2041",
        "user": "u-17", "address": null, "userAgent": "shop-android/4.2", "requestId": "r-9f31",
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",
        "errorType": "ledger_locked", "message": "the ledger is locked by order 4711",
        "group": "8f3a61c20b7d4e95", "weight": 1, "reason": "error"
    });
    let logged = json!({
        "source": null, "level": "warn", "fields": null,
        "lines": [{
            "at": "2026-05-17T08:12:44.902Z", "level": "warn", "source": "shop::ledger",
            "message": "waiting for the ledger", "fields": "order=4711"
        }],
        "linesLeftOut": 0, "country": "DE", "region": "BY", "city": "Munich", "latitude": 48.1, "longitude": 11.6
    });
    if let (Some(request), Value::Object(logged)) = (request.as_object_mut(), logged) {
        request.extend(logged);
    }
    request
}

/// What it carried.
pub(crate) fn snapshot() -> Value {
    json!({
        "snapshot": {
            "isDropped": false, "query": [{"name": "express", "value": "true"}],
            "request": {
                "headers": [{"name": "content-type", "value": "application/json"}],
                "body": {
                    "contentType": "application/json", "kind": "json",
                    "text": "{\"items\":[{\"sku\":\"A-7\",\"count\":2}],\"email\":\"[hidden]\"}",
                    "fields": null, "isCut": false, "isEncoded": false, "bytes": 312
                }
            },
            "response": recorded()
        },
        "replay": {"available": true, "counted": false, "refused": null, "inputs": [
            {"part": "path", "name": "id", "secret": false, "required": true},
            {"part": "header", "name": "authorization", "secret": true, "required": false},
            {"part": "body", "name": "/email", "secret": true, "required": true}
        ]}
    })
}

/// Its response, as it was recorded.
fn recorded() -> Value {
    json!({
        "headers": [{"name": "content-type", "value": "application/json"}],
        "body": {
            "contentType": "application/json", "kind": "json", "text": "{\"error\":\"the ledger is locked\"}",
            "fields": null, "isCut": false, "isEncoded": false, "bytes": 148
        }
    })
}

/// It once more.
pub(crate) fn replayed() -> Value {
    let mut now = recorded();
    if let Some(body) = now.get_mut("body") {
        body["text"] = json!("{\"order\":4711}");
        body["bytes"] = json!(14);
    }
    json!({
        "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
        "recorded": {"status": 503, "message": recorded()},
        "replayed": {"status": 201, "message": now},
        "diff": {
            "statusChanged": true, "headers": [], "bodyCompared": true, "bodyPartial": false,
            "body": [
                {"path": "/error", "change": "removed", "recorded": "\"the ledger is locked\"", "replayed": null},
                {"path": "/order", "change": "added", "recorded": null, "replayed": "4711"}
            ],
            "bodyLeftOut": 0
        }
    })
}

/// A page of requests.
pub(crate) fn list() -> Value {
    json!({"data": [request()], "nextCursor": null, "searchedTo": "2026-05-16T09:31:00Z"})
}

/// The groups of a range.
pub(super) fn groups() -> Value {
    json!({
        "data": [{
            "id": "8f3a61c20b7d4e95", "kind": "request", "source": null, "level": null,
            "method": "POST", "endpoint": "/carts/{id}/orders", "status": 503,
            "errorType": "ledger_locked", "message": "the ledger is locked by order 4711",
            "latest": "019e3512-1f3d-7000-8d2c-61c20b7d4e95", "kept": 41, "requests": 41, "apiKeys": 7,
            "versions": ["1.9.0", "1.9.1"], "firstAt": "2026-05-17T07:58:02.004Z",
            "lastAt": "2026-05-17T08:12:45.117Z", "firstSeenAt": "2026-05-17T07:58:02.004Z",
            "firstVersion": "1.9.0",
            "series": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 29, 0]
        }],
        "from": "2026-05-16T09:31:00Z", "to": "2026-05-17T09:31:00Z"
    })
}

/// What a search finds.
pub(super) fn search() -> Value {
    json!({
        "data": [{
            "score": 0.871, "matched": "both", "request": request(), "group": "8f3a61c20b7d4e95",
            "kept": 41, "requests": 41, "firstAt": "2026-05-17T07:58:02.004Z",
            "lastAt": "2026-05-17T08:12:45.117Z"
        }],
        "mode": "hybrid", "pending": 0,
        "from": "2026-05-16T09:31:00Z", "to": "2026-05-17T09:31:00Z"
    })
}

/// A request as a command.
pub(super) fn curl() -> Value {
    json!({
        "command": "curl -sS -g -X POST \"${BASE_URL}\"'/carts/'\"${id}\"'/orders' \
                    -H 'authorization: Bearer '\"${API_KEY}\" -H 'user-agent: shop-android/4.2' \
                    -H 'content-type: '\"${CONTENT_TYPE}\" --data-binary \"${BODY}\"",
        "placeholders": ["BASE_URL", "id", "API_KEY", "CONTENT_TYPE", "BODY"]
    })
}

/// Requests by country.
pub(super) fn countries() -> Value {
    json!({
        "data": [
            {"country": "DE", "requests": 812_044}, {"country": "FR", "requests": 120_817},
            {"country": null, "requests": 3_104}
        ],
        "from": "2026-05-16T09:00:00Z", "to": "2026-05-17T09:31:00Z"
    })
}

/// The figures of the log.
pub(super) fn status() -> Value {
    json!({
        "chosen": 81_204, "kept": 81_112,
        "dropped": {"rate": 92, "bytes": 0, "memory": 0, "late": 0, "refused": 0},
        "oldestAt": "2026-02-16T00:00:01.410Z", "newestAt": "2026-05-17T08:12:45.117Z",
        "bytes": 104_857_600
    })
}
