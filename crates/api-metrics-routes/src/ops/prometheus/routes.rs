//! How often our own routes are asked, and how long they take.
//!
//! Of this process alone, since it began: unlike what the service has served, it is in no database. Routes that nobody
//! asked are left out, so that a scrape has a dozen of them and not two hundred.

use super::text::{MetricsText, count};
use crate::{
    router::App,
    timing::{BOUNDS, RouteTimesNow},
};

/// Writes the routes that were asked since the process began.
pub(super) fn write(app: &App, text: &mut MetricsText) {
    let all = app.times.now();
    #[cfg(feature = "ingest")]
    let all = match &app.ingest {
        Some(ingest) => [all, ingest.times().now()].concat(),
        None => all,
    };
    if all.is_empty() {
        return;
    }
    let name = "api_metrics_http_requests_total";
    text.family(
        name,
        "counter",
        "Requests to routes of api-metrics, by the hundreds of their status.",
    );
    for route in &all {
        for (class, n) in &route.classes {
            let labels = with(route, "http_response_status_class", class);
            text.sample(name, &labels, count(*n));
        }
    }
    let name = "api_metrics_http_request_duration_seconds";
    text.family(
        name,
        "histogram",
        "How long routes of api-metrics took to answer, to the head of the answer.",
    );
    let bucket = format!("{name}_bucket");
    let bounds = BOUNDS.map(|(_, seconds)| seconds);
    for route in &all {
        for (bound, total) in bounds.iter().chain(&["+Inf"]).zip(route.cumulative) {
            text.sample(&bucket, &with(route, "le", bound), count(total));
        }
        let labels = labels(route);
        text.sample(&format!("{name}_sum"), &labels, count(route.sum_us) / 1e6);
        let total = route.cumulative.last().copied().unwrap_or_default();
        text.sample(&format!("{name}_count"), &labels, count(total));
    }
}

fn labels(route: &RouteTimesNow) -> [(&str, &str); 3] {
    [
        ("router", route.router),
        ("http_request_method", &route.method),
        ("http_route", &route.route),
    ]
}

fn with<'a>(route: &'a RouteTimesNow, label: &'a str, value: &'a str) -> [(&'a str, &'a str); 4] {
    let [router, method, path] = labels(route);
    [router, method, path, (label, value)]
}
