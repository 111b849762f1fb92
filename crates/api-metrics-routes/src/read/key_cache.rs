//! Which keys of the store a viewer's are, kept for a flush interval.
//!
//! A viewer's keys are the host's text; the store groups by number. A key that the store has not
//! seen yet has no number, and nothing that could be shown.
//! A viewer may also be a user or of a team: its keys are then those that the store has under that name, within its tenant
//! where it has one. Keys that are made or moved are noticed within the same interval.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api_metrics_layer::ApiKey;
use api_metrics_store::store::{ApiKeyInfo, KeyOwner};

use super::StoreClient;
use crate::{response::Problem, ttl_cache::TtlCache};

/// Viewers whose keys are remembered.
const VIEWERS: usize = 1_000;

/// The numbers of keys, by the host's name for them.
#[derive(Debug, Default)]
pub(crate) struct KeyIds(HashMap<String, i64>);

impl KeyIds {
    fn new(keys: Vec<ApiKeyInfo>) -> Self {
        Self(
            keys.into_iter()
                .map(|key| (key.external_id, key.id))
                .collect(),
        )
    }

    /// The number of the key that the host calls so.
    pub(crate) fn id_of(&self, external_id: &str) -> Option<i64> {
        self.0.get(external_id).copied()
    }
}

/// The directories of viewers, each of its own keys, as of at most one flush interval ago.
#[derive(Debug)]
pub(crate) struct KeyCache {
    /// By the names of keys.
    named: TtlCache<Vec<String>, Arc<KeyIds>, Problem>,
    /// By users and teams.
    owned: TtlCache<KeyOwner, Arc<[i64]>, Problem>,
}

impl KeyCache {
    pub(crate) fn new(time_to_live: Duration) -> Self {
        Self {
            named: TtlCache::new(VIEWERS, time_to_live),
            owned: TtlCache::new(VIEWERS, time_to_live),
        }
    }

    /// The numbers of the keys of an owner.
    ///
    /// # Errors
    /// Those of [`StoreClient::bounded`]. A failure is not remembered.
    pub(crate) async fn owned(
        &self,
        owner: KeyOwner,
        client: &StoreClient,
    ) -> Result<Arc<[i64]>, Problem> {
        let asked = owner.clone();
        let read = async {
            let keys = client.store().api_keys_of(&asked);
            let keys = client.bounded("api keys", keys).await?;
            Ok::<_, Problem>(keys.iter().map(|key| key.id).collect())
        };
        self.owned.get_or(owner, read).await
    }

    /// The numbers of these keys, which are those of one viewer. A key that the store has not seen
    /// yet has none.
    ///
    /// # Errors
    /// Those of [`StoreClient::bounded`]. A failure is not remembered.
    pub(crate) async fn of(
        &self,
        keys: &[ApiKey],
        client: &StoreClient,
    ) -> Result<Arc<KeyIds>, Problem> {
        let mut names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Ok(Arc::default());
        }
        let asked = names.clone();
        self.named
            .get_or(names, async {
                let keys = client
                    .bounded("api keys", client.store().api_keys_named(&asked))
                    .await?;
                Ok::<_, Problem>(Arc::new(KeyIds::new(keys)))
            })
            .await
    }
}
