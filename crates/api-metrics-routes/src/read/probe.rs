//! Whether the store answers, asked at most once a second.
//!
//! Readiness is an open route, so it must not be a way to load the database.

use std::time::Duration;

use api_metrics_store::store::Misconfiguration;
use moka::future::Cache;

use super::StoreClient;

/// A shared, short-lived answer.
#[derive(Debug)]
pub(crate) struct StoreProbe(Cache<(), Answered>);

/// That the store has answered, or why it did not where that is the configuration.
type Answered = Result<(), Option<Misconfiguration>>;

impl Default for StoreProbe {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(1)
                .time_to_live(Duration::from_secs(1))
                .build(),
        )
    }
}

impl StoreProbe {
    /// Whether the store has just answered.
    pub(crate) async fn answers(&self, client: &StoreClient) -> Answered {
        self.0
            .get_with((), async {
                let mut what = None;
                let status = async {
                    let status = client.store().status().await;
                    status.inspect_err(|error| what = error.misconfiguration())
                };
                match client.bounded("probe", status).await {
                    Ok(_) => Ok(()),
                    Err(_) => Err(what),
                }
            })
            .await
    }
}
