//! Names, owners and limits from the host's own table of keys.
//!
//! A host that has a table of customers implements [`KeyDirectory`] over it. A sync writes 500 keys a
//! transaction, makes those that the store does not have, and leaves settings alone that the directory
//! leaves out. It never removes a key: its requests stay, and so does what they cost.
//!
//! Syncing is safe in several processes at once: keys are written in one order, so that one transaction
//! waits for the other and they never deadlock.

use std::fmt::Debug;

use async_trait::async_trait;
use thiserror::Error;

use super::KeyChange;
#[cfg(doc)]
use super::KeyStore;
use crate::store::StoreError;

/// The host's own table of API keys. [`KeyStore::sync_keys`] copies it into the store; call it when
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
