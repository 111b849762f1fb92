//! Names, owners and limits from the host's own table of keys.

use std::fmt::Debug;

use async_trait::async_trait;
use thiserror::Error;

use super::{KeyChange, KeyStore};
use crate::store::StoreError;

/// The host's own table of API keys. [`sync_keys`] copies it into the store; call it when
/// the host's table changes, or from time to time.
#[async_trait]
pub trait KeyDirectory: Send + Sync + Debug {
    /// The consumers, each by the text of its [`ApiKey`](api_metrics_layer::ApiKey), with what the
    /// host knows of it. Settings that it leaves out stay as they are in the store.
    ///
    /// # Errors
    /// Whatever the host's table fails with.
    async fn keys(
        &self,
    ) -> Result<Vec<(String, KeyChange)>, Box<dyn std::error::Error + Send + Sync>>;
}

/// The host's keys could not be copied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The host's directory failed.
    #[error("the host's directory of keys failed: {0}")]
    Directory(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies what the directory says into the store; answers how many keys it named.
///
/// # Errors
/// See [`DirectoryError`]. Keys are written in batches; those before the failing one stay.
pub async fn sync_keys(
    store: &(impl KeyStore + ?Sized),
    directory: &dyn KeyDirectory,
) -> Result<u64, DirectoryError> {
    let keys = directory.keys().await.map_err(DirectoryError::Directory)?;
    for batch in keys.chunks(500) {
        store.put_keys(batch).await?;
    }
    Ok(keys.len() as u64)
}
