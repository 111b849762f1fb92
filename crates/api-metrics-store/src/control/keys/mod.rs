//! API keys: their names, owners, limits, quotas and plans. Never a secret.
//!
//! ```
//! use api_metrics_store::control::keys::KeyChange;
//!
//! let mut change = KeyChange::default();
//! change.name = Some(Some("Render farm".to_owned()));
//! change.rate_limit_per_minute = Some(Some(600));
//! assert!(change.validate().is_ok());
//! ```

mod directory;
mod record;
mod store;

/// For implementing [`KeyDirectory`].
pub use async_trait::async_trait;
pub use directory::{DirectoryError, KeyDirectory, sync_keys};
pub use record::{KeyChange, KeyRecord, KeySpec};
pub use store::{KeyStore, all_keys};
