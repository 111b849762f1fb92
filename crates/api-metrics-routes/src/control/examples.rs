//! Examples of the answers of the control plane, for the OpenAPI document: one small service, always
//! the same day.
//!
//! Members have the names, units and forms of the answers: money as decimal strings beside a currency,
//! percentages as numbers from 0 to 100, instants in RFC 3339, days as dates. They tell one story: the
//! rule `checkout errors` fires at 09:25 on 2026-05-18 at 15.2%, and its event says
//! the same.

use serde_json::{Value, json};

/// The body of a rule.
pub(crate) fn alert_body() -> Value {
    json!({
        "name": "checkout errors", "alertType": "error_rate", "comparison": "gt",
        "thresholdValue": 10.0, "endpointFilter": "GET /api/segments", "windowMinutes": 5,
        "cooldownMinutes": 30, "severity": "high", "minRequests": 100
    })
}

/// A rule.
pub(crate) fn alert() -> Value {
    json!({
        "id": 1, "name": "checkout errors", "alertType": "error_rate", "serviceFilter": null, "environmentFilter": null,
        "endpointFilter": "GET /api/segments", "apiKeyFilter": null, "tenantId": null,
        "thresholdValue": 10.0, "comparison": "gt", "windowMinutes": 5, "cooldownMinutes": 30,
        "severity": "high", "quantile": null, "unit": null, "objectiveId": null, "minRequests": 100, "enabled": true,
        "revision": 1,
        "state": "firing", "stateSince": "2026-05-18T09:25:00Z",
        "evaluatedTo": "2026-05-18T09:30:00Z", "value": 15.2,
        "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
        "lastFiredAt": "2026-05-18T09:25:00Z", "createdBy": "admin",
        "createdAt": "2026-05-01T08:00:00Z", "updatedAt": "2026-05-01T08:00:00Z"
    })
}

/// The body of an objective.
pub(crate) fn objective_body() -> Value {
    json!({
        "name": "Checkout answers in time", "indicator": "latency", "target": 99.5, "latencyMs": 300.0,
        "windowDays": 30, "endpoint": "POST /checkout"
    })
}

/// An objective with its budget and its days.
pub(crate) fn objective() -> Value {
    let mut value = objective_in_list();
    value["days"] = json!([
        {"from": "2026-05-17T00:00:00Z", "requests": 8_000, "bad": 12, "budgetLeft": 94.0},
        {"from": "2026-05-18T00:00:00Z", "requests": 32_000, "bad": 70, "budgetLeft": 59.0}
    ]);
    value
}

/// An objective as its list has it.
fn objective_in_list() -> Value {
    json!({
        "id": 1, "name": "Checkout answers in time", "indicator": "latency", "target": 99.5, "latencyMs": 303.103,
        "windowDays": 30, "service": null, "environment": null, "endpoint": "POST /checkout", "tenantId": null,
        "revision": 1, "createdBy": "admin", "createdAt": "2026-05-17T08:00:00Z", "updatedAt": "2026-05-17T08:00:00Z",
        "state": "met", "from": "2026-04-18T09:00:00Z", "to": "2026-05-18T09:30:00Z", "requests": 40_000, "bad": 82,
        "good": 99.795, "budgetLeft": 59.0, "badLeft": 118,
        "burnRates": [{"minutes": 60, "rate": 0.4}, {"minutes": 5, "rate": 0.0}, {"minutes": 360, "rate": 0.5},
            {"minutes": 30, "rate": null}],
        "exact": true, "quantileError": null, "approximate": false
    })
}

/// A page of objectives.
pub(crate) fn objectives() -> Value {
    json!({"data": [objective_in_list()], "nextCursor": null})
}

/// A page of releases.
pub(crate) fn releases() -> Value {
    let figures = |from: &str, to: &str, requests: u32, errors: f64, p95: f64| {
        json!({"from": from, "to": to, "requests": requests, "clientErrorRate": 2.1, "serverErrorRate": errors,
            "p50Ms": 38.2, "p95Ms": p95, "unmatchedRequests": 12})
    };
    json!({"data": [{
        "service": "shop", "environment": "production", "version": "1.9.1",
        "firstAt": "2026-05-18T06:40:00Z", "lastAt": "2026-05-18T09:25:00Z",
        "verdict": "worse",
        "text": "1.9.1 is worse than 1.9.0: +75% at p95 (+60% to +91%)",
        "comparison": {
            "previous": "1.9.0", "comparedWith": "just_before",
            "before": figures("2026-05-18T03:55:00Z", "2026-05-18T06:40:00Z", 41_120, 0.41, 120.4),
            "after": figures("2026-05-18T06:40:00Z", "2026-05-18T09:25:00Z", 52_903, 0.44, 210.9),
            "errors": {"verdict": "no_difference", "value": 0.03, "low": -0.11, "high": 0.17},
            "p95": {"verdict": "worse", "value": 75.2, "low": 60.3, "high": 91.4}
        }
    }], "nextCursor": null})
}

/// Two versions side by side.
pub(crate) fn rollout() -> Value {
    json!({"service": "shop", "environment": "production",
    "from": "2026-05-18T06:30:00Z", "to": "2026-05-18T06:50:00Z", "stepSeconds": 300,
    "versions": [
        {"version": "1.9.0", "firstAt": "2026-05-11T08:00:00Z", "lastAt": "2026-05-18T06:44:00Z",
            "steps": [{"at": "2026-05-18T06:35:00Z", "requests": 1_203, "serverErrors": 5, "p95Ms": 120.4}]},
        {"version": "1.9.1", "firstAt": "2026-05-18T06:40:00Z", "lastAt": "2026-05-18T09:25:00Z",
            "steps": [{"at": "2026-05-18T06:40:00Z", "requests": 1_198, "serverErrors": 6, "p95Ms": 210.9}]}
    ]})
}

/// A page of rules.
pub(crate) fn alerts() -> Value {
    json!({"data": [alert()], "nextCursor": null})
}

/// A page of events.
pub(crate) fn events() -> Value {
    json!({"data": [event()], "nextCursor": null})
}

/// An event that somebody has taken on.
pub(crate) fn event() -> Value {
    json!({
            "id": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6", "alertId": 1, "name": "checkout errors",
            "alertType": "error_rate", "severity": "high", "tenantId": null, "state": "firing",
            "firedAt": "2026-05-18T09:25:00Z", "resolvedAt": null, "value": 15.2,
            "threshold": 10.0, "message": "Error rate for GET /api/segments jumped from 1.0% to \
                15.2% (threshold 10%) over 5 min, 1,204 requests",
            "resolvedMessage": null,
            "causes": {
                "groups": [{"id": "3f2a9c0107d1e5b4", "method": "GET", "endpoint": "/api/segments",
                    "status": 503, "errorType": "timeout", "message": "the ledger did not answer",
                    "requests": 171}],
                "consumers": [{"apiKeyId": 17, "externalId": "customer-17", "name": "Acme",
                    "errors": 160, "requests": 900}]
            },
            "acknowledgedAt": "2026-05-18T09:27:10Z", "acknowledgedBy": "ops@example.org",
            "silencedAt": null, "silencedUntil": null, "silencedBy": null
    })
}

/// An incident of one client.
pub(crate) fn incident() -> Value {
    let part = json!({"name": "Acme", "apiKeyId": 17, "method": null, "endpoint": null, "status": null,
        "amount": 160, "requests": 900, "share": 0.92, "usualShare": 0.04});
    let consumers = json!({"verdict": "one", "text": "Acme is 92% of the errors and 4% of the traffic: one client",
        "total": 174, "parts": [part], "of": 12});
    json!({
        "event": event(), "rule": alert(),
        "verdict": "Acme is 92% of the errors and 4% of the traffic: one client; release 1.9.1 12 min before",
        "measure": "errors", "from": "2026-05-18T09:20:00Z", "to": "2026-05-18T09:31:00Z",
        "usualFrom": "2026-05-18T08:20:00Z",
        "curve": {"step": "1m", "cut": false, "points": [
            {"at": "2026-05-18T09:24:00Z", "value": 1.0, "requests": 1190},
            {"at": "2026-05-18T09:25:00Z", "value": 15.2, "requests": 1204}
        ]},
        "release": {"service": "shop", "version": "1.9.1", "at": "2026-05-18T09:08:00Z",
            "before": {"requests": 14_200, "errorRate": 0.9, "p95Ms": 41.2},
            "after": {"requests": 5_310, "errorRate": 4.1, "p95Ms": 43.9}},
        "consumers": consumers, "endpoints": null, "statuses": null, "groups": null, "requests": null
    })
}

/// A page of the audit trail.
pub(crate) fn jobs() -> Value {
    json!({
        "data": [{
            "id": 1, "service": "shop", "environment": "production", "name": "nightly-report",
            "schedule": "30 3 * * *", "nextAt": "2026-05-19T03:30:00Z", "runningSince": null, "retryAt": null,
            "requestedBy": null, "successCount": 41, "failureCount": 1, "lastRun": job_run()
        }],
        "nextCursor": null,
        "tasks": [{
            "name": "fold", "running": true, "lastSuccessAt": "2026-05-18T09:29:55.125Z", "lastDurationMs": 4.218,
            "failureCount": 0, "nextAt": "2026-05-18T09:30:05.125Z", "lastError": null
        }]
    })
}

/// A run of a job.
fn job_run() -> Value {
    json!({
        "id": 42, "cause": "schedule", "dueAt": "2026-05-18T03:30:00Z", "startedAt": "2026-05-18T03:30:01Z",
        "finishedAt": "2026-05-18T03:30:13Z", "durationMs": 9_480, "attempts": 2, "outcome": "success",
        "error": null, "instance": "0f8fad5b-d9cb-469f-a165-70867728950e"
    })
}

/// Runs of a job.
pub(crate) fn job_runs() -> Value {
    json!({"data": [job_run()], "nextCursor": null})
}

/// The audit trail.
pub(crate) fn audit() -> Value {
    json!({
        "data": [
            {"id": 2, "at": "2026-05-18T09:25:00Z", "actor": "ops@example.org",
                "action": "change rate limit", "subject": "API key 17: 600 to 1200 a minute"},
            {"id": 1, "at": "2026-05-18T09:20:00Z", "actor": "ops@example.org",
                "action": "create alert rule", "subject": "alert rule 1 (checkout errors)"}
        ],
        "nextCursor": null
    })
}

/// A dry run with one breach.
pub(crate) fn dry_run() -> Value {
    json!({
        "from": "2026-05-17T09:31:00Z", "to": "2026-05-18T09:30:00Z", "step": "1m",
        "windows": 1439, "breaches": 6, "tooFew": 212, "passedOver": 0,
        "events": [{
            "firedAt": "2026-05-18T09:25:00Z", "resolvedAt": null, "value": 15.2,
            "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold \
                10%) over 5 min, 1,204 requests"
        }],
        "curve": [
            {"at": "2026-05-17T09:35:00Z", "value": 1.2, "windows": 4, "breaches": 0, "tooFew": 0},
            {"at": "2026-05-17T09:39:00Z", "value": null, "windows": 4, "breaches": 0, "tooFew": 4}
        ]
    })
}

/// A page of deliveries with a dead letter.
pub(crate) fn deliveries() -> Value {
    json!({
        "data": [{
            "notice": {
                "id": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e", "kind": "alert.fired",
                "at": "2026-05-18T09:25:00Z", "severity": "high", "title": "checkout errors",
                "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% \
                    (threshold 10%) over 5 min, 1,204 requests",
                "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                "rule": {"id": 1, "name": "checkout errors", "alertType": "error_rate"},
                "apiKey": null, "tenantId": null, "value": 15.2, "threshold": 10.0
            },
            "channel": "webhook", "status": "dead", "attempts": 10, "nextAttemptAt": null,
            "lastError": "the receiver answered 500", "updatedAt": "2026-05-18T18:40:00Z"
        }],
        "nextCursor": null
    })
}

/// A silence.
pub(crate) fn silence() -> Value {
    json!({
        "id": 1, "state": "planned", "from": "2026-05-18T22:00:00Z", "until": "2026-05-19T00:00:00Z",
        "tenantId": null, "service": "billing", "environment": null, "endpoint": null, "alertId": null, "reason": "the database moves",
        "createdAt": "2026-05-18T09:25:00Z", "createdBy": "ops"
    })
}

/// The answer of channels.
pub(crate) fn channels() -> Value {
    json!({
        "data": [{
            "channel": "slack", "configured": true, "state": "failing", "delivered": 12, "pending": 1, "dead": 0,
            "lastDeliveredAt": "2026-05-17T09:25:00Z",
            "last": {
                "noticeId": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e", "status": "pending", "attempts": 2,
                "error": "the receiver answered 500", "at": "2026-05-18T18:40:00Z"
            },
            "mutedSince": null, "mutedBy": null
        }]
    })
}

/// An API key as lists name it.
fn label() -> Value {
    json!({"apiKeyId": 3, "externalId": "k-2041", "name": "render-farm", "tenantId": "acme"})
}

/// The members of both.
fn with(mut a: Value, b: Value) -> Value {
    if let (Value::Object(a), Value::Object(b)) = (&mut a, b) {
        a.extend(b);
    }
    a
}

/// A page of keys near their limit.
pub(crate) fn rate_limits() -> Value {
    json!({
        "data": [with(label(), json!({
            "limit": 100, "used": 82, "previous": 74, "utilization": 82.0,
            "requestsPerMinute": 119.0, "near": true, "hitsInSeconds": 10,
            "text": "Key 'render-farm' is at 82/100 req/min",
            "forecast": "at this pace the limit is hit in 10 s",
            "consistently": {"activePeriods": 120, "nearPeriods": 90, "share": 75.0, "peak": 98.6}
        }))],
        "nextCursor": null, "threshold": 80.0, "asOf": "2026-05-18T09:30:30Z"
    })
}

/// A page of limits and quotas.
pub(crate) fn limits() -> Value {
    json!({
        "data": [with(label(), json!({
            "rate": {"limit": 100, "isDefault": false, "used": 82, "previous": 74, "utilization": 82.0,
                "requestsPerMinute": 119.0, "busiest": {"at": "2026-05-18T09:12:00Z", "requests": 131},
                "overRequests": 48, "overMinutes": 3, "forecast": {"weeks": 4, "at": "2026-05-18T12:07:00Z",
                    "text": "reached, by the same hours of the last 4 weeks"}},
            "quota": {"unit": null, "limit": 100_000, "isDefault": false, "used": 45_230, "remaining": 54_770,
                "usagePercentage": 45.23, "period": "month", "periodStart": "2026-05-01T00:00:00Z",
                "resetDate": "2026-06-01T00:00:00Z", "forecast": {"weeks": 4, "at": null,
                    "text": "not reached, by the same hours of the last 4 weeks"}, "approximate": false},
            "requests": 2_604, "refused": 51, "hitsAt": "2026-05-18T09:30:40Z"
        }))],
        "nextCursor": null, "threshold": 80.0, "defaultRateLimit": 600, "defaultQuota": null,
        "asOf": "2026-05-18T09:30:30Z"
    })
}

/// What half of a limit would have done.
pub(crate) fn what_if() -> Value {
    with(
        label(),
        json!({
            "from": "2026-05-17T09:31:00Z", "to": "2026-05-18T09:31:00Z", "requests": 2_604,
            "busiest": {"at": "2026-05-18T09:12:00Z", "requests": 131},
            "rate": {"tried": {"limit": 50, "requests": 690, "minutes": 17},
                "today": {"limit": 100, "requests": 48, "minutes": 3}},
            "quota": {"tried": null, "today": {"limit": 100_000, "requests": 0, "minutes": 0}},
            "approximate": false
        }),
    )
}

/// A page of a key's utilization.
pub(crate) fn history() -> Value {
    with(
        label(),
        json!({
            "rateLimitPerMinute": 100, "granularity": "5m", "nextCursor": null,
            "axis": {"step": "5m", "alignment": "local",
                "edges": ["2026-05-18T09:15:00Z", "2026-05-18T09:20:00Z", "2026-05-18T09:25:00Z"],
                "names": ["2026-05-18T09:15:00", "2026-05-18T09:20:00"]},
            "data": [{"periodStart": "2026-05-18T09:20:00Z",
                "periodEnd": "2026-05-18T09:25:00Z", "requestsMade": 402,
                "rateLimit": 500, "utilization": 80.4}],
            "from": "2026-05-18T09:15:00Z", "to": "2026-05-18T09:25:00Z"
        }),
    )
}

/// A page of quotas.
pub(crate) fn quotas() -> Value {
    json!({
        "data": [with(label(), json!({
            "unit": null, "limit": 100_000, "used": 45_230, "remaining": 54_770, "usagePercentage": 45.23,
            "period": "month", "periodStart": "2026-05-01T00:00:00Z",
            "resetDate": "2026-06-01T00:00:00Z", "projectedExhaustion": null,
            "approximate": false
        }))],
        "nextCursor": null, "countedStatuses": "all", "tz": "UTC", "asOf": "2026-05-18T09:30:30Z"
    })
}

/// A day's usage.
fn usage() -> Value {
    json!({
        "requests": 45_230, "notCounted": 0,
        "cost": [{"amount": "0.9046", "currency": "USD"}],
        "days": [{"date": "2026-05-17", "periodStart": "2026-05-17T00:00:00Z",
            "periodEnd": "2026-05-18T00:00:00Z", "requests": 45_230, "notCounted": 0,
            "cost": [{"amount": "0.9046", "currency": "USD"}]}]
    })
}

/// A billing report.
pub(crate) fn billing() -> Value {
    json!({
        "data": [with(label(), usage())], "nextCursor": null,
        "tenants": [with(json!({"tenantId": "acme"}), usage())], "total": usage(),
        "unbilledRequests": 1605,
        "projection": [{
            "requests": 45_230, "cost": {"amount": "0.9046", "currency": "USD"},
            "projectedRequests": 80_370,
            "projectedCost": {"amount": "1.6074", "currency": "USD"}
        }],
        "axis": {"step": "1d", "alignment": "local",
            "edges": ["2026-05-17T00:00:00Z", "2026-05-18T00:00:00Z"],
            "names": ["2026-05-17T00:00:00"]},
        "from": "2026-05-17", "to": "2026-05-18", "asOf": "2026-05-18T09:30:30Z",
        "approximate": false
    })
}

/// A month's invoice.
pub(crate) fn invoice() -> Value {
    json!({
        "data": [{
            "currency": "USD",
            "lines": [{
                "apiKeyId": 3, "externalId": "k-2041", "keyName": "render-farm",
                "tenantId": "acme", "description": "Requests", "unit": null, "plan": "default",
                "planFrom": "0001-01-01", "tierFrom": 0, "firstDay": "2026-05-17",
                "lastDay": "2026-05-17", "quantity": 45_230, "perThousand": "0.02",
                "exact": "0.9046", "amount": "0.90"
            }],
            "lineCount": 1, "quantity": 45_230, "exact": "0.9046", "total": "0.90"
        }],
        "nextCursor": null,
        "periodStart": "2026-05-01", "periodEnd": "2026-06-01", "closed": false,
        "rounding": api_metrics_store::control::billing::ROUNDING_RULE, "asOf": "2026-05-18T09:30:30Z"
    })
}

/// A bill that rose.
pub(crate) fn bill() -> Value {
    let amount = |amount: &str| json!({"amount": amount, "currency": "USD"});
    let invoice = invoice();
    with(
        label(),
        json!({
            "periodStart": "2026-05-01", "periodEnd": "2026-06-01", "closed": false,
            "days": [{"date": "2026-05-17", "periodStart": "2026-05-17T00:00:00Z",
                "periodEnd": "2026-05-18T00:00:00Z", "requests": 45_230, "notCounted": 0, "units": {},
                "position": 45_230, "cost": amount("0.9046")}],
            "plans": [{"firstDay": "2026-05-01", "plan": plan()}],
            "invoices": invoice["data"], "rounding": invoice["rounding"],
            "projectedRequests": 80_370,
            "projection": [{"cost": amount("1.6074"), "low": amount("1.31"), "high": amount("1.82")}],
            "projectionWeeks": 4,
            "alternatives": [{"plan": plan(), "isCurrent": false, "cost": amount("0.7046"),
                "difference": "-0.2", "projectedCost": amount("1.4074")}],
            "before": {"month": "2026-04-01", "days": 17, "requests": 45_230, "requestsBefore": 20_230,
                "cost": [amount("0.9046")], "costBefore": [amount("0.4046")], "byUsage": "0.5", "byPrices": "0"},
            "asOf": "2026-05-18T09:30:30Z", "approximate": false
        }),
    )
}

/// A reconciliation in which all counts agree.
pub(crate) fn reconciliation() -> Value {
    json!({
        "agrees": true,
        "days": [{
            "date": "2026-05-17", "periodStart": "2026-05-17T00:00:00Z",
            "periodEnd": "2026-05-18T00:00:00Z", "inbox": 0,
            "stored": [{"granularity": "1d", "requests": 46_835, "totals": 46_835,
                "waiting": false}],
            "ledger": 46_835, "billed": 45_230, "notCounted": 0, "unbilled": 1605,
            "differences": []
        }],
        "months": [{"month": "2026-05-01", "usage": 45_230, "invoiced": 45_230,
            "differences": []}],
        "from": "2026-05-17", "to": "2026-05-18", "asOf": "2026-05-18T09:30:30Z"
    })
}

/// An API key.
pub(crate) fn api_key() -> Value {
    json!({
        "id": 3, "externalId": "k-2041", "name": "render-farm", "tenantId": "acme",
        "userId": null, "teamId": null, "rateLimitPerMinute": 100, "quotaLimit": 100_000, "quotaUnit": null, "quotaPeriod": "month",
        "quotaAnchor": null, "pricePlanId": null, "enabled": true,
        "createdAt": "2026-05-01T08:00:00Z", "updatedAt": "2026-05-01T08:00:00Z"
    })
}

/// A page of API keys.
pub(crate) fn api_keys() -> Value {
    json!({"data": [api_key()], "nextCursor": null})
}

/// A version of a plan.
pub(crate) fn plan() -> Value {
    json!({
        "id": 1, "tenantId": null, "name": "pro", "currency": "USD",
        "effectiveFrom": "2026-06-01", "freeRequests": 10_000,
        "tiers": [{"fromRequests": 0, "perThousand": "0.02"},
            {"fromRequests": 1_000_000, "perThousand": "0.01"}],
        "units": [{"unit": "tokens", "free": 100_000,
            "tiers": [{"from": 0, "perThousand": "0.002"}]}]
    })
}

/// A page of plans.
pub(crate) fn plans() -> Value {
    json!({"data": [plan()], "nextCursor": null})
}
