//! Examples of answers for the document.

/// One small service.
pub(super) fn status() -> serde_json::Value {
    serde_json::json!({
        "version": "0.1.0",
        "store": {
            "reachable": true, "unreachableSince": null, "error": null, "misconfiguration": null, "backend": "postgres",
            "schemaVersion": 1, "sketchKind": "histogram", "now": "2026-05-18T09:30:00.125Z",
            "series": 42, "inbox": {"batches": 1, "records": 25, "bytes": 1_204},
            "retentionFloors": [{"granularity": "1m", "floor": "2026-05-17T09:00:00Z"},
                {"granularity": "1d", "floor": null}],
            "dirty": [{"granularity": "1h", "periods": 1}], "quarantined": 0,
            "quarantinedRowCount": 0, "quarantinedRows": [], "standby": null, "buckets": null
        },
        "instances": [{
            "id": "7f1c0c0e-6f0e-4c58-9d3b-0d5a3f6b8f10", "service": "shop",
            "environment": "production", "version": "2.3.1", "host": "web-1",
            "startedAt": "2026-05-18T08:00:00Z", "lastFlushAt": "2026-05-18T09:29:55Z",
            "flushAgeSeconds": 5, "sequence": 540, "folded": 539, "live": true
        }],
        "recorder": {
            "liveSeries": 14, "liveKeys": 3, "seriesOverflow": 0, "keyOverflow": 0,
            "unitNames": 1, "unitOverflow": 0,
            "bytes": 190_464, "unresolvedBatches": 0, "unflushedRecords": 12,
            "queueWaited": 3, "averageQueueWaitMs": 18.4, "queueAbandoned": 0,
            "unmatched": [{"path": "/wp-login.php", "count": 7}], "coarsened": []
        },
        "tasks": {
            "lastFlushAt": "2026-05-18T09:29:55Z", "flushLagSeconds": 0.0,
            "tasks": [{"name": "flush", "running": true,
                "lastSuccessAt": "2026-05-18T09:29:55Z", "lastError": null, "failingSince": null, "stalled": false}]
        },
        "cache": {"hits": 90, "misses": 31, "entries": 4, "bytes": 8_212},
        "streams": 1, "lost": 0, "lostBatches": [], "hints": []
    })
}
