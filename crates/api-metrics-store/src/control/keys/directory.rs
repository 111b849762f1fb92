//! Names, owners and limits from the host's own table of keys.
//!
//! A host that has a table of customers implements [`KeyDirectory`] over it. A sync writes 500 keys a
//! transaction, makes those that the store does not have, and leaves settings alone that the directory
//! leaves out. It never removes a key: its requests stay, and so does what they cost.
//!
//! Syncing is safe in several processes at once: keys are written in one order, so that one transaction
//! waits for the other and they never deadlock.

use std::fmt::Debug;

use api_metrics_layer::bounded;
use async_trait::async_trait;
use thiserror::Error;

use super::KeyChange;
use crate::{
    control::text::MAX_NAME_BYTES,
    store::StoreError,
    text::{Shown, escaped, is_plain},
};

/// The host's own table of API keys. [`ControlStore::sync_keys`] copies it into the store; call it when
/// the host's table changes, or from time to time.
///
/// [`ControlStore::sync_keys`]: crate::control::ControlStore::sync_keys
#[async_trait]
pub trait KeyDirectory: Send + Sync + Debug {
    /// The consumers, each by the text of its [`ApiKey`](api_metrics_layer::ApiKey), with what the
    /// host knows of it. Settings that it leaves out stay as they are in the store. Control characters and
    /// marks of direction in names and users are escaped; a tenant that has some is refused.
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
    #[error("the host's directory of keys failed: {}", Shown(.0))]
    Directory(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key's change as it is stored: one customer's odd name must not keep all others from being copied.
pub(super) fn plain((key, mut change): (String, KeyChange)) -> (String, KeyChange) {
    change.name = change.name.map(|name| name.map(plain_name));
    change.user_id = change.user_id.map(|user| user.map(plain_name));
    change.team_id = change.team_id.map(|team| team.map(plain_name));
    (key, change)
}

/// A name as it is stored: without control characters, and as long as names may be.
fn plain_name(name: String) -> String {
    if is_plain(&name) {
        return name;
    }
    bounded(&escaped(&name), MAX_NAME_BYTES).into_owned()
}
