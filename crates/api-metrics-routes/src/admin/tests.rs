#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeSet, sync::Arc};

use api_metrics_store::{sqlite::SqliteStore, store::StoreOptions};

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::{
    Admin,
    auth::Access::{self, Open, Operate, Read, Write},
    router::Declared,
};

/// What the root page loads: the dashboard's files, or the small page's script.
const PAGE_ASSETS: &str = if cfg!(feature = "dashboard") {
    "/assets/{name}"
} else {
    "/assets/root.js"
};

/// Operations of the admin that are always there, and who may use them. Whoever adds a route decides
/// here too.
const ADMIN: [(&str, &str, Access); 26] = [
    ("GET", "/", Open),
    ("GET", "/api-metrics", Read),
    ("GET", "/api-metrics/daily", Read),
    ("GET", "/api-metrics/dependencies", Read),
    ("GET", "/api-metrics/endpoint-consumers", Read),
    ("GET", "/api-metrics/endpoints", Read),
    ("GET", "/api-metrics/export", Read),
    ("GET", "/api-metrics/heatmap", Read),
    ("GET", "/api-metrics/keys", Read),
    ("GET", "/api-metrics/realtime", Read),
    ("GET", "/api-metrics/stream", Read),
    ("GET", "/api-metrics/summary", Read),
    ("GET", "/api-metrics/top-consumers", Read),
    ("GET", "/api-status", Operate),
    ("GET", "/assets/page.css", Open),
    ("GET", "/assets/reference.js", Open),
    ("GET", PAGE_ASSETS, Open),
    ("GET", "/health/live", Open),
    ("GET", "/health/ready", Open),
    ("GET", "/metrics", Operate),
    ("GET", "/openapi.json", Open),
    ("GET", "/reference", Open),
    ("POST", "/api-metrics/query", Read),
    ("GET", "/session", Read),
    ("POST", "/session", Open),
    ("DELETE", "/session", Open),
];

/// Operations where the host has handed over OpenAPI documents.
const COVERAGE: [(&str, &str, Access); 1] = [("GET", "/api-metrics/coverage", Operate)];

/// Operations of the request log.
const REQUESTS: [(&str, &str, Access); 12] = [
    ("GET", "/api-requests", Read),
    ("DELETE", "/api-requests", Operate),
    ("GET", "/api-requests/countries", Operate),
    ("GET", "/api-requests/export", Read),
    ("GET", "/api-requests/groups", Read),
    ("GET", "/api-requests/search", Read),
    ("GET", "/api-requests/status", Operate),
    ("GET", "/api-requests/stream", Read),
    ("GET", "/api-requests/{id}", Read),
    ("GET", "/api-requests/{id}/curl", Read),
    ("POST", "/api-requests/{id}/replay", Operate),
    ("GET", "/api-requests/{id}/snapshot", Operate),
];

/// Operations of ingest.
#[cfg(feature = "ingest")]
const INGEST: [(&str, &str, Access); 6] = [
    ("GET", "/ingest-dead-letters", Operate),
    ("DELETE", "/ingest-dead-letters/{id}", Operate),
    ("POST", "/ingest-dead-letters/{id}/retry", Operate),
    ("GET", "/ingest-tokens", Operate),
    ("POST", "/ingest-tokens", Operate),
    ("DELETE", "/ingest-tokens/{id}", Operate),
];

/// The operation of assistants.
#[cfg(feature = "mcp")]
const MCP: [(&str, &str, Access); 1] = [("POST", "/mcp", Read)];

/// Operations of the collector.
#[cfg(feature = "ingest")]
const COLLECTOR: [(&str, &str, Access); 20] = [
    ("GET", "/agents", Read),
    ("POST", "/agents", Access::Report),
    ("GET", "/aggregated", Read),
    ("POST", "/batch", Access::Report),
    ("GET", "/commands", Read),
    ("POST", "/commands", Access::Report),
    ("GET", "/dashboard", Read),
    ("GET", "/export/csv", Read),
    ("GET", "/export/json", Read),
    ("GET", "/health", Read),
    ("GET", "/hourly", Read),
    ("GET", "/openapi.json", Open),
    ("GET", "/performance", Operate),
    ("POST", "/query", Read),
    ("GET", "/real-time/{window}", Read),
    ("GET", "/realtime", Read),
    ("POST", "/sessions/start", Access::Report),
    ("PUT", "/sessions/{id}", Access::Report),
    ("GET", "/stats", Read),
    ("GET", "/status", Read),
];

/// Operations of the control plane.
const CONTROL: [(&str, &str, Access); 44] = [
    ("GET", "/api-alerts", Read),
    ("GET", "/api-alerts/channels", Operate),
    ("GET", "/api-alerts/deliveries", Operate),
    ("GET", "/api-alerts/events", Read),
    ("GET", "/api-alerts/events/{id}/incident", Read),
    ("GET", "/api-alerts/silences", Read),
    ("GET", "/api-alerts/{id}", Read),
    ("GET", "/api-audit", Operate),
    ("GET", "/api-jobs", Operate),
    ("GET", "/api-jobs/{id}/runs", Operate),
    ("POST", "/api-jobs/{id}/run", Operate),
    ("GET", "/api-keys", Read),
    ("GET", "/api-metrics/billing", Read),
    ("GET", "/api-metrics/billing/invoice", Read),
    ("GET", "/api-metrics/billing/keys/{keyId}", Read),
    ("GET", "/api-metrics/billing/reconciliation", Operate),
    ("GET", "/api-metrics/quotas", Read),
    ("GET", "/api-metrics/limits", Read),
    ("GET", "/api-metrics/limits/{keyId}/what-if", Read),
    ("GET", "/api-metrics/rate-limits", Read),
    ("GET", "/api-metrics/rate-limits/{keyId}/history", Read),
    ("GET", "/api-objectives", Read),
    ("GET", "/api-objectives/{id}", Read),
    ("GET", "/api-price-plans", Read),
    ("GET", "/api-releases", Operate),
    ("GET", "/api-releases/rollout", Operate),
    ("POST", "/api-alerts", Write),
    ("POST", "/api-alerts/channels/test", Operate),
    ("POST", "/api-alerts/deliveries/redeliver", Operate),
    ("POST", "/api-alerts/dry-run", Write),
    ("POST", "/api-alerts/events/{id}/acknowledge", Write),
    ("POST", "/api-alerts/events/{id}/silence", Write),
    ("POST", "/api-alerts/silences", Write),
    ("POST", "/api-keys", Operate),
    ("POST", "/api-objectives", Write),
    ("POST", "/api-price-plans", Write),
    ("PUT", "/api-alerts/{id}", Write),
    ("PATCH", "/api-alerts/channels", Operate),
    ("PUT", "/api-objectives/{id}", Write),
    ("PATCH", "/api-alerts/{id}", Write),
    ("PATCH", "/api-keys/{id}", Write),
    ("DELETE", "/api-alerts/silences/{id}", Write),
    ("DELETE", "/api-alerts/{id}", Write),
    ("DELETE", "/api-objectives/{id}", Write),
];

const CONSOLE: [(&str, &str, Access); 6] = [
    ("GET", "/endpoints", Read),
    ("GET", "/openapi.json", Open),
    ("GET", "/requests", Read),
    ("GET", "/requests/{id}", Read),
    ("GET", "/stream", Read),
    ("GET", "/summary", Read),
];

/// What the console has of the control plane.
const CONSOLE_CONTROL: [(&str, &str, Access); 2] =
    [("GET", "/billing", Read), ("GET", "/quota", Read)];

fn document() -> crate::OpenApiDocument {
    let text = r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {}}}}"#;
    crate::OpenApiDocument::from_json("shop", text).unwrap()
}

pub(crate) fn admin() -> Admin {
    // Opened lazily: nothing is asked of it here.
    let store = SqliteStore::open("sqlite::memory:", StoreOptions::default()).unwrap();
    let store = Arc::new(store);
    let builder = Admin::builder(store.clone())
        .requests(store.clone())
        .openapi(document())
        .token("t")
        .allow_short_token();
    #[cfg(feature = "ingest")]
    let builder = {
        let clock = Arc::new(api_metrics_store::time::SystemClock::default());
        builder.ingest(crate::Ingest::new(store.clone(), clock, "test"))
    };
    #[cfg(feature = "control")]
    let builder = builder.control(store);
    builder.build()
}

fn set(declared: &[Declared]) -> BTreeSet<(String, String, Access)> {
    declared
        .iter()
        .map(|d| (d.method.to_string(), d.path.clone(), d.access))
        .collect()
}

fn expected(
    always: &[(&str, &str, Access)],
    control: &[(&str, &str, Access)],
) -> BTreeSet<(String, String, Access)> {
    let control = if cfg!(feature = "control") {
        control
    } else {
        &[]
    };
    always
        .iter()
        .chain(control)
        .map(|(method, path, access)| ((*method).to_owned(), (*path).to_owned(), *access))
        .collect()
}

/// The status of a request by the admin token, whose body is empty.
async fn status(router: &axum::Router, method: &Method, path: &str) -> StatusCode {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, "Bearer t")
        .body(Body::empty())
        .unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn every_route_declares_who_may_use_it() {
    let admin = admin();
    let always = [&ADMIN[..], &COVERAGE, &REQUESTS].concat();
    #[cfg(feature = "ingest")]
    let always = [&always[..], &INGEST].concat();
    #[cfg(feature = "mcp")]
    let always = [&always[..], &MCP].concat();
    assert_eq!(set(&admin.routes().declared), expected(&always, &CONTROL));
    #[cfg(feature = "ingest")]
    assert_eq!(
        set(&admin.collector_routes().unwrap().declared),
        expected(&COLLECTOR, &[])
    );
    assert_eq!(
        set(&admin.console().routes().declared),
        expected(&CONSOLE, &CONSOLE_CONTROL)
    );
}

#[tokio::test]
async fn a_path_answers_the_methods_that_were_declared_and_no_other() {
    let admin = admin();
    for (router, declared) in [
        (admin.router(), &admin.routes().declared),
        (admin.console().router(), &admin.console().routes().declared),
    ] {
        for path in declared.iter().map(|d| &d.path).collect::<BTreeSet<_>>() {
            for method in [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ] {
                let known = declared
                    .iter()
                    .any(|d| d.path == *path && d.method == method);
                let status = status(&router, &method, path).await;
                assert_eq!(
                    status != StatusCode::METHOD_NOT_ALLOWED,
                    known,
                    "{method} {path}: {status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_was_not_declared_is_answered_by_nothing() {
    let admin = admin();
    for router in [admin.router(), admin.console().router()] {
        for path in ["/api", "/api-metrics/", "/api-metrics/nothing", "/health"]
            .into_iter()
            .chain((!cfg!(feature = "mcp")).then_some("/mcp"))
        {
            assert_eq!(status(&router, &Method::GET, path).await, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn the_document_has_every_route_that_is_no_page() {
    let admin = admin();
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let answer = admin.router().oneshot(request).await.unwrap().into_body();
    let json = axum::body::to_bytes(answer, usize::MAX).await.unwrap();
    let document: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let written: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let declared = admin.routes().declared.iter().filter(|d| d.documented);
    let declared = declared.map(|d| (d.method.to_string(), d.path.clone()));
    assert_eq!(written, declared.collect());
}
