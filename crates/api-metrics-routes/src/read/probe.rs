//! Whether the store answers, asked at most once a second.
//!
//! Readiness is an open route, so it must not be a way to load the database.

use std::time::Duration;

use moka::future::Cache;

use super::StoreClient;

/// A shared, short-lived answer.
#[derive(Debug)]
pub(crate) struct StoreProbe(Cache<(), bool>);

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
    pub(crate) async fn answers(&self, client: &StoreClient) -> bool {
        self.0
            .get_with((), async {
                client
                    .bounded("probe", client.store().status())
                    .await
                    .is_ok()
            })
            .await
    }
}
