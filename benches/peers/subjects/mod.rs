//! What is compared: one router, each time inside another layer.

mod analytics;
mod floors;
mod open_telemetry;
mod ours;
mod prometheus;
mod request_log;

use axum::{Router, routing::get};

use crate::{
    exchange::exchange,
    requests::{Requests, template},
};

/// The layer that all others are compared with: whatever counts a response's bytes has to be one.
pub(crate) const BODY_MAP: &str = "no-op body map";
/// What all others are divided by.
pub(crate) const OURS: &str = "**api-metrics, recorder**";

/// A router in a layer.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    app: Router,
    rest: Option<Rest>,
    seen: Option<CountOf>,
}

/// What happens beside the requests every few seconds: flush, upkeep. `usize::MAX` requests: now.
type Rest = Box<dyn FnMut(&mut Router, usize)>;
/// How many requests and how many series it has recorded so far.
type CountOf = Box<dyn FnMut() -> (u64, u64)>;
type Make = fn(&'static str, usize) -> Subject;

const SUBJECTS: [(&str, Make); 18] = [
    ("bare router", floors::bare),
    ("no-op layer", floors::no_op),
    (BODY_MAP, floors::body_map),
    ("no-op body map, request's too", floors::both_bodies_map),
    ("two clock reads and a push", floors::two_clock_reads),
    ("api-metrics, `()`", ours::off),
    (OURS, ours::recorder),
    ("api-metrics, recorder, any body", ours::any_body),
    (
        "api-metrics, recorder, headers' quantiles",
        ours::headers_quantiles,
    ),
    (
        "api-metrics, request log, nothing kept",
        request_log::nothing_kept,
    ),
    (
        "api-metrics, request log, default policy",
        request_log::sampled,
    ),
    ("api-metrics, request log, all kept", request_log::all_kept),
    ("axum-prometheus", prometheus::default),
    ("axum-prometheus, body sizes", prometheus::body_sizes),
    ("axum-otel-metrics", open_telemetry::axum),
    ("opentelemetry-instrumentation-tower", open_telemetry::tower),
    ("tower-http TraceLayer, no subscriber", floors::trace),
    ("axum-analytics", analytics::analytics),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().map(|(name, _)| *name)
}

pub(crate) fn all(series: usize) -> Vec<Subject> {
    let made = SUBJECTS.iter().map(|(name, make)| make(name, series));
    made.collect()
}

pub(crate) fn one(name: &str, series: usize) -> Option<Subject> {
    let (name, make) = SUBJECTS.iter().find(|(other, _)| *other == name)?;
    Some(make(name, series))
}

/// A router with a route for each series.
fn routes(series: usize) -> Router {
    (0..series).fold(Router::new(), |routes, i| {
        routes.route(&template(i), get(async || "hello"))
    })
}

impl Subject {
    fn new(name: &'static str, app: Router) -> Self {
        Self {
            name,
            // As a server does: or the router is built anew for every request.
            app: app.with_state(()),
            rest: None,
            seen: None,
        }
    }

    fn resting(mut self, rest: impl FnMut(&mut Router, usize) + 'static) -> Self {
        self.rest = Some(Box::new(rest));
        self
    }

    fn seeing(mut self, seen: impl FnMut() -> (u64, u64) + 'static) -> Self {
        self.seen = Some(Box::new(seen));
        self
    }

    pub(crate) fn app(&self) -> &Router {
        &self.app
    }

    /// After so many requests; not measured, as it is another thread's work in a service.
    pub(crate) fn rest(&mut self, requests: usize) {
        if let Some(rest) = &mut self.rest {
            rest(&mut self.app, requests);
        }
    }

    /// Sees to it that the comparison is one: every request is recorded, under a series of its route.
    pub(crate) fn check(&mut self, series: usize) {
        let before = self.seen.as_mut().map(|seen| seen());
        for request in Requests::new(series, 1).next(2 * series) {
            exchange(&mut self.app, request);
        }
        let after = self.seen.as_mut().map(|seen| seen());
        if let (Some((before, _)), Some((after, labels))) = (before, after) {
            let seen = (after - before, labels);
            assert_eq!(seen, (2 * series as u64, series as u64), "{}", self.name);
        }
    }
}

/// Calls `work` once so many requests have passed, or at once.
fn every(requests: usize, mut work: impl FnMut()) -> impl FnMut(&mut Router, usize) {
    let mut since = 0_usize;
    move |_, n| {
        since = since.saturating_add(n);
        if since >= requests {
            since = 0;
            work();
        }
    }
}
