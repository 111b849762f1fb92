//! What the store knows about API keys, kept for a flush interval.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api_metrics_store::store::ApiKeyInfo;
use moka::future::Cache;

use crate::{problem::Problem, reader::Reader};

/// The numbers of all keys, by the host's name for them.
#[derive(Debug, Default)]
pub(crate) struct Directory(HashMap<String, i64>);

impl Directory {
    fn new(keys: Vec<ApiKeyInfo>) -> Self {
        Self(
            keys.into_iter()
                .map(|key| (key.external_id, key.id))
                .collect(),
        )
    }

    pub(crate) fn id_of(&self, external_id: &str) -> Option<i64> {
        self.0.get(external_id).copied()
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
