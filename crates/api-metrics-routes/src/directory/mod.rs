//! What the store knows about API keys, kept for a flush interval.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api_metrics_store::store::ApiKeyInfo;
use moka::future::Cache;

use crate::{problem::Problem, reader::Reader};

/// All keys, by number and by the host's name for them.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    by_id: HashMap<i64, ApiKeyInfo>,
    by_external_id: HashMap<String, i64>,
}

impl Directory {
    fn new(keys: Vec<ApiKeyInfo>) -> Self {
        Self {
            by_external_id: keys
                .iter()
                .map(|key| (key.external_id.clone(), key.id))
                .collect(),
            by_id: keys.into_iter().map(|key| (key.id, key)).collect(),
        }
    }

    pub(crate) fn id_of(&self, external_id: &str) -> Option<i64> {
        self.by_external_id.get(external_id).copied()
    }

    pub(crate) fn key(&self, id: i64) -> Option<&ApiKeyInfo> {
        self.by_id.get(&id)
    }
}

/// The directory as of at most one flush interval ago, read by one caller at a time.
#[derive(Debug)]
pub(crate) struct DirectoryCache(Cache<(), Arc<Directory>>);

impl DirectoryCache {
    pub(crate) fn new(time_to_live: Duration) -> Self {
        Self(
            Cache::builder()
                .max_capacity(1)
                .time_to_live(time_to_live)
                .build(),
        )
    }

    pub(crate) async fn get(&self, reader: &Reader) -> Result<Arc<Directory>, Problem> {
        self.0
            .try_get_with((), async {
                let keys = reader
                    .bounded("api keys", reader.store().api_keys(None))
                    .await?;
                Ok::<_, Problem>(Arc::new(Directory::new(keys)))
            })
            .await
            .map_err(|problem| (*problem).clone())
    }
}
