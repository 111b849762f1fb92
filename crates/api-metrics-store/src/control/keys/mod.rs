//! Consumers: names, owners, limits. Never a secret.

mod directory;
mod record;
mod store;

pub use directory::{DirectoryError, KeyDirectory, sync_keys};
pub use record::{KeyChange, KeyRecord, KeySpec};
pub use store::{KeyStore, all_keys};
