//! Which routes there are, and who may use them.

use std::sync::Arc;

use axum::{Router, routing::get};
use http::Method;
use utoipa_axum::routes;

use super::{
    daily, endpoints, export, heatmap, keys, probes, query, realtime, series, session, status,
    summary, top_consumers,
};
use crate::{
    alerts,
    app::{App, Declared, RouteTable},
    auth::{
        Access::{Open, Operate, Read, Write},
        Throttle,
    },
    billing, keys as api_keys, limits, openapi, page, plans, prometheus, quotas,
};

pub(super) fn build(
    app: &App,
    throttle: Arc<Throttle>,
    with_page: bool,
) -> (Router, Vec<Declared>) {
    let mut table = RouteTable::new(app.clone(), throttle, openapi::admin())
        .documented(Read, routes!(series::series))
        .documented(Read, routes!(query::query))
        .documented(Read, routes!(summary::summary))
        .documented(Read, routes!(endpoints::endpoints))
        .documented(Read, routes!(keys::keys))
        .documented(Read, routes!(heatmap::heatmap))
        .documented(Read, routes!(top_consumers::top_consumers))
        .documented(Read, routes!(daily::daily))
        .documented(Read, routes!(realtime::realtime))
        .documented(Read, routes!(export::export))
        .documented(Read, routes!(realtime::stream))
        .documented(Read, routes!(limits::rate_limits))
        .documented(Read, routes!(limits::history))
        .documented(Read, routes!(quotas::quotas))
        .documented(Read, routes!(billing::billing))
        .documented(Read, routes!(billing::invoice))
        .documented(Operate, routes!(billing::reconciliation))
        .documented(Read, routes!(alerts::list))
        .documented(Write, routes!(alerts::create))
        .documented(Read, routes!(alerts::one))
        .documented(
            Write,
            routes!(alerts::replace, alerts::change, alerts::remove),
        )
        .documented(Read, routes!(alerts::events))
        .documented(Write, routes!(alerts::dry_run))
        .documented(Operate, routes!(alerts::deliveries))
        .documented(Operate, routes!(alerts::redeliver))
        .documented(Read, routes!(api_keys::list))
        .documented(Operate, routes!(api_keys::create))
        .documented(Write, routes!(api_keys::change))
        .documented(Read, routes!(plans::list))
        .documented(Write, routes!(plans::create))
        .documented(Operate, routes!(status::status))
        .documented(Operate, routes!(prometheus::metrics))
        .documented(Open, routes!(probes::live))
        .documented(Open, routes!(probes::ready))
        .hidden(
            Open,
            &[Method::POST, Method::DELETE],
            "/session",
            axum::routing::post(session::sign_in).delete(session::sign_out),
        );
    if with_page {
        table = root(table).hidden(Open, &[Method::GET], "/reference", get(page::reference));
        for asset in page::ASSETS {
            table = table.hidden(
                Open,
                &[Method::GET],
                asset.path,
                get(move || asset.response()),
            );
        }
    }
    let document = openapi::Document::default();
    let slot = document.clone();
    let (router, written, declared) = table
        .hidden(
            Open,
            &[Method::GET],
            "/openapi.json",
            get(move |headers| async move { slot.response(&headers) }),
        )
        .build();
    document.set(&written);
    (router, declared)
}

/// The dashboard and its files.
#[cfg(feature = "dashboard")]
fn root(table: RouteTable) -> RouteTable {
    use crate::dashboard;
    table
        .hidden(Open, &[Method::GET], "/", get(dashboard::root))
        .hidden(
            Open,
            &[Method::GET],
            "/assets/{name}",
            get(dashboard::asset),
        )
}

/// The small page.
#[cfg(not(feature = "dashboard"))]
fn root(table: RouteTable) -> RouteTable {
    table.hidden(Open, &[Method::GET], "/", get(page::root))
}
