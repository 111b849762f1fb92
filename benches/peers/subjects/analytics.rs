//! axum-analytics, kept from the network.

use axum_analytics::Analytics;
use tokio::runtime::{Builder, Runtime};

use super::{Subject, routes};

/// It keeps every request in memory until a task takes them, every 60 seconds, and posts them to its vendor
/// (to its vendor always: the task has copied the address before `with_server_url` can change it).
/// That task belongs to a runtime that nobody drives, so that it never begins; a new layer now and then
/// stands for the memory that it would have freed.
pub(super) fn analytics(name: &'static str, series: usize) -> Subject {
    let (mut runtime, app) = made(series);
    let mut since = 0_usize;
    Subject::new(name, app).resting(move |app, n| {
        since = since.saturating_add(n);
        if since >= 100_000 {
            since = 0;
            let (its, new) = made(series);
            runtime = its;
            *app = new.with_state(());
        }
        let _ = &runtime;
    })
}

fn made(series: usize) -> (Runtime, axum::Router) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let layer = {
        let _entered = runtime.enter();
        Analytics::new("a key for nobody".to_owned())
    };
    (runtime, routes(series).layer(layer))
}
