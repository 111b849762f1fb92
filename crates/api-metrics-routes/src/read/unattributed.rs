//! Services whose authentication refuses requests while none that passes it has an API key.
//!
//! Such a service compiles, serves and is counted, and every consumer is anonymous: mostly its
//! authentication is an extractor, which the layer can't see. Nothing fails, so somebody has to say it.

use std::time::Duration;

use api_metrics_store::{
    query::{Detail, Query, TimeRange, TopK},
    time::UnixSeconds,
};
use tokio::sync::Mutex;

use super::StoreClient;
use crate::response::Problem;

/// What is looked at, in seconds up to now.
const RANGE: i64 = 86_400;

/// Services that are looked at, those with the most requests answered 401 first. Each costs a query.
const SERVICES: usize = 8;

/// The status of a request that authentication refused; gRPC's `UNAUTHENTICATED` is counted as it too.
const UNAUTHORIZED: u16 = 401;

/// A service in an environment that answered 401 while no request of it carried an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unattributed {
    /// The recording service.
    pub(crate) service: String,
    /// Its environment.
    pub(crate) environment: String,
    /// Requests answered with 401.
    pub(crate) unauthorized: u64,
}

/// What was found last. Whoever has the page open asks every few seconds.
#[derive(Debug, Default)]
pub(crate) struct UnattributedServices {
    /// When it was found, and what.
    found: Mutex<Option<(UnixSeconds, Vec<Unattributed>)>>,
}

impl UnattributedServices {
    /// The services of the day before `now`, found anew where they are older than `lifetime`.
    ///
    /// # Errors
    /// Those of [`StoreClient::read`]. A failure is not kept.
    pub(crate) async fn get(
        &self,
        client: &StoreClient,
        now: UnixSeconds,
        lifetime: Duration,
    ) -> Result<Vec<Unattributed>, Problem> {
        // Held while the store is asked, so that several open pages cost one query.
        let mut found = self.found.lock().await;
        let fresh = now.saturating_sub_unsigned(lifetime.as_secs());
        if let Some((at, services)) = &*found
            && (fresh..=now).contains(at)
        {
            return Ok(services.clone());
        }
        // A minute more, for records of the current one.
        let range = TimeRange::new(now - RANGE, now + 60);
        let services = read(client, range).await?;
        *found = Some((now, services.clone()));
        Ok(services)
    }
}

/// Asks which services answered 401, then of each whether any request had a key.
async fn read(client: &StoreClient, range: TimeRange) -> Result<Vec<Unattributed>, Problem> {
    let mut query = Query::over(range);
    query.group_by.service = true;
    query.group_by.environment = true;
    query.detail = Detail::Counts;
    let answer = client.read(&query).await?;
    let mut services: Vec<_> = answer
        .rows
        .iter()
        .filter_map(|row| {
            let unauthorized = row.bucket.status_counts.get(UNAUTHORIZED);
            (unauthorized > 0).then_some(Unattributed {
                service: row.group.service.as_deref()?.to_owned(),
                environment: row.group.environment.as_deref()?.to_owned(),
                unauthorized,
            })
        })
        .collect();
    // Stable, so that equals stay in the order of their names.
    services.sort_by_key(|service| std::cmp::Reverse(service.unauthorized));
    services.truncate(SERVICES);
    let mut without = Vec::new();
    for service in services {
        let mut query = Query::over(range);
        query.filter.service = Some(service.service.clone());
        query.filter.environment = Some(service.environment.clone());
        query.group_by.api_key = true;
        query.detail = Detail::Requests;
        // All requests without a key are one group, so a second one has a key.
        query.top = Some(TopK::first(2));
        let keys = client.read(&query).await?;
        if keys.rows.iter().all(|row| row.group.api_key_id == Some(0)) {
            without.push(service);
        }
    }
    Ok(without)
}
