//! Whether the store answers, asked at most once a second.
//!
//! Readiness is an open route, so it must not be a way to load the database.

use std::time::Duration;

use api_metrics_store::store::Misconfiguration;

use super::StoreClient;
use crate::ttl_cache::TtlCache;

/// A shared, short-lived answer.
#[derive(Debug)]
pub(crate) struct StoreProbe(TtlCache<(), Answered>);

/// That the store has answered, or why it did not where that is the configuration.
type Answered = Result<(), Option<Misconfiguration>>;

impl Default for StoreProbe {
    fn default() -> Self {
        Self(TtlCache::new(1, Duration::from_secs(1)))
    }
}

impl StoreProbe {
    /// Whether the store has just answered.
    pub(crate) async fn answers(&self, client: &StoreClient) -> Answered {
        let ask = async {
            let mut what = None;
            let status = async {
                let status = client.store().status().await;
                status.inspect_err(|error| what = error.misconfiguration())
            };
            let answered = client.bounded("probe", status).await;
            Ok(answered.map(|_| ()).map_err(|_| what))
        };
        let Ok(answered) = self.0.get_or((), ask).await;
        answered
    }
}
