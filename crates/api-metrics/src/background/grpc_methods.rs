//! The gRPC methods that were recorded before this process started.
//!
//! A layer labels a call with its method once the method has shown that it exists, because strangers can call
//! what they like. After a restart a method that fails from the start has not shown it; the store remembers.

use std::{collections::HashSet, sync::OnceLock, time::Duration};

use api_metrics_store::{
    query::{Detail, Filter, GroupBy, Query, TimeRange, TopK},
    store::StoreError,
};

use super::{Shared, schedule::Backoff};

/// How far back methods are looked for, in seconds: as long as hours are kept by default.
const LOOK_BACK: i64 = 90 * 86_400;
/// The most methods that are remembered. A service has dozens; the bound is for proxies.
const MAX_METHODS: usize = 4096;

/// The paths, `/pkg.Service/Method`. Empty until the store has answered.
#[derive(Debug, Default)]
pub(crate) struct GrpcMethods(OnceLock<HashSet<String>>);

impl GrpcMethods {
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.0.get().is_some_and(|paths| paths.contains(path))
    }
}

/// Asks the store once, and again where it did not answer.
pub(super) async fn load(shared: &Shared) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    loop {
        let asked = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            asked = recorded(shared) => asked,
        };
        match asked {
            Ok(paths) => {
                // Nobody else sets it.
                let _ = shared.grpc_methods.0.set(paths);
                return;
            }
            Err(error) => tracing::debug!(%error, "the known gRPC methods could not be read yet"),
        }
        if shared.stopped_within(backoff.pause()).await {
            return;
        }
    }
}

async fn recorded(shared: &Shared) -> Result<HashSet<String>, StoreError> {
    let instance = &shared.writer.instance;
    let mut filter = Filter::default();
    filter.service = Some(instance.service.clone());
    filter.environment = Some(instance.environment.clone());
    filter.protocol = Some("grpc".to_owned());
    let mut group_by = GroupBy::default();
    group_by.endpoint = true;
    let now = shared.clock.unix_seconds();
    let mut query = Query::over(TimeRange::new(now - LOOK_BACK, now + 60));
    query.filter = filter;
    query.group_by = group_by;
    query.detail = Detail::Counts;
    query.top = Some(TopK::first(MAX_METHODS));
    let answer = shared.store.read(&query, None).await?;
    let endpoints = answer.rows.into_iter().filter_map(|row| row.group.endpoint);
    Ok(endpoints.map(|endpoint| endpoint.to_string()).collect())
}
