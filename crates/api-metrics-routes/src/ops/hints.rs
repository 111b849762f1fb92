//! What looks like a mistake though nothing fails, for the status.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use crate::{read::Unattributed, router::App};

/// How long the rest of the status waits for hints. They are the least of it, and it is asked for when the
/// store is slow.
const PATIENCE: Duration = Duration::from_secs(2);

/// What looks like a mistake though nothing fails.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct HintView {
    /// Which hint it is. `no-keys`: in the last 24 hours no request has carried an API key, though some
    /// were answered with 401. Others may follow.
    name: &'static str,
    /// The service that it is about.
    service: String,
    /// Its environment.
    environment: String,
    /// How many requests show it; of `no-keys` those that were answered with 401.
    requests: u64,
    /// What to look at, for people.
    detail: String,
}

/// What looks like a mistake; nothing where the store does not answer in time, which is said elsewhere.
pub(super) async fn hints(app: &App, reachable: bool) -> Vec<HintView> {
    if !reachable {
        return Vec::new();
    }
    let (now, lifetime) = (app.clock.unix_seconds(), app.lifetimes.open);
    let services = app.unattributed.get(&app.client, now, lifetime);
    let services = timeout(PATIENCE, services).await;
    let services = services.ok().and_then(Result::ok).unwrap_or_default();
    services.into_iter().map(no_keys).collect()
}

/// A service whose consumers are all anonymous though it refuses some.
fn no_keys(service: Unattributed) -> HintView {
    let n = service.unauthorized;
    let refused = if n == 1 {
        "1 was"
    } else {
        &format!("{n} were")
    };
    HintView {
        name: "no-keys",
        detail: format!(
            "In the last 24 hours no request has carried an API key, though {refused} answered with 401. \
             If authentication is an extractor, the layer does not see what it finds: see \"Tell consumers \
             apart\" in the documentation."
        ),
        service: service.service,
        environment: service.environment,
        requests: n,
    }
}
