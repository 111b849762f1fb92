#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeSet, sync::Arc};

use api_metrics_store::{options::StoreOptions, sqlite::SqliteStore};

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

/// Every operation of the admin and who may use it. Whoever adds a route decides here too.
const ADMIN: [(&str, &str, Access); 44] = [
    ("GET", "/", Open),
    ("GET", "/api-alerts", Read),
    ("GET", "/api-alerts/deliveries", Operate),
    ("GET", "/api-alerts/events", Read),
    ("GET", "/api-alerts/{id}", Read),
    ("GET", "/api-keys", Read),
    ("GET", "/api-metrics", Read),
    ("GET", "/api-metrics/billing", Read),
    ("GET", "/api-metrics/billing/invoice", Read),
    ("GET", "/api-metrics/billing/reconciliation", Operate),
    ("GET", "/api-metrics/daily", Read),
    ("GET", "/api-metrics/endpoints", Read),
    ("GET", "/api-metrics/export", Read),
    ("GET", "/api-metrics/heatmap", Read),
    ("GET", "/api-metrics/keys", Read),
    ("GET", "/api-metrics/quotas", Read),
    ("GET", "/api-metrics/rate-limits", Read),
    ("GET", "/api-metrics/rate-limits/{keyId}/history", Read),
    ("GET", "/api-metrics/realtime", Read),
    ("GET", "/api-metrics/stream", Read),
    ("GET", "/api-metrics/summary", Read),
    ("GET", "/api-metrics/top-consumers", Read),
    ("GET", "/api-price-plans", Read),
    ("GET", "/api-status", Operate),
    ("GET", "/assets/page.css", Open),
    ("GET", "/assets/reference.js", Open),
    ("GET", PAGE_ASSETS, Open),
    ("GET", "/health/live", Open),
    ("GET", "/health/ready", Open),
    ("GET", "/metrics", Operate),
    ("GET", "/openapi.json", Open),
    ("GET", "/reference", Open),
    ("POST", "/api-alerts", Write),
    ("POST", "/api-alerts/deliveries/redeliver", Operate),
    ("POST", "/api-alerts/dry-run", Write),
    ("POST", "/api-keys", Operate),
    ("POST", "/api-metrics/query", Read),
    ("POST", "/api-price-plans", Write),
    ("PUT", "/api-alerts/{id}", Write),
    ("PATCH", "/api-alerts/{id}", Write),
    ("PATCH", "/api-keys/{id}", Write),
    ("DELETE", "/api-alerts/{id}", Write),
    ("POST", "/session", Open),
    ("DELETE", "/session", Open),
];

const CONSOLE: [(&str, &str, Access); 6] = [
    ("GET", "/billing", Read),
    ("GET", "/endpoints", Read),
    ("GET", "/openapi.json", Open),
    ("GET", "/quota", Read),
    ("GET", "/stream", Read),
    ("GET", "/summary", Read),
];

fn admin() -> Admin {
    // Opened lazily: nothing is asked of it here.
    let store = SqliteStore::open("sqlite::memory:", StoreOptions::default()).unwrap();
    Admin::builder(Arc::new(store)).token("t").build()
}

fn set(declared: &[Declared]) -> BTreeSet<(String, String, String)> {
    declared
        .iter()
        .map(|d| {
            (
                d.method.to_string(),
                d.path.clone(),
                format!("{:?}", d.access),
            )
        })
        .collect()
}

fn expected(rows: &[(&str, &str, Access)]) -> BTreeSet<(String, String, String)> {
    rows.iter()
        .map(|(method, path, access)| {
            (
                (*method).to_owned(),
                (*path).to_owned(),
                format!("{access:?}"),
            )
        })
        .collect()
}

/// The paths that a router really answers, as its debug output names them.
fn routed(router: &axum::Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let node = text.find("paths: {").expect("the router names its paths");
    // Paths stand in quotes and may hold braces themselves; the list ends at one outside.
    let mut paths = BTreeSet::new();
    for pair in text[node + "paths: {".len()..]
        .split('"')
        .collect::<Vec<_>>()
        .chunks(2)
    {
        if pair[0].contains('}') {
            break;
        }
        paths.extend(pair.get(1).map(|path| (*path).to_owned()));
    }
    paths
}

#[tokio::test]
async fn every_route_declares_who_may_use_it() {
    let admin = admin();
    assert_eq!(set(admin.declared()), expected(&ADMIN));
    assert_eq!(set(admin.console().declared()), expected(&CONSOLE));
}

#[tokio::test]
async fn no_route_is_answered_that_was_not_declared() {
    let admin = admin();
    for (router, declared) in [
        (admin.router(), admin.declared()),
        (admin.console().router(), admin.console().declared()),
    ] {
        let declared: BTreeSet<String> = declared.iter().map(|d| d.path.clone()).collect();
        assert_eq!(routed(&router), declared);
    }
}
