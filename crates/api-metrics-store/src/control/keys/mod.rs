//! API keys: their names, owners, limits, quotas and plans. Never a secret.
//!
//! ```
//! use api_metrics_store::control::keys::KeyChange;
//!
//! let mut change = KeyChange::default();
//! change.name = Some(Some("Render farm".to_owned()));
//! change.rate_limit_per_minute = Some(Some(600));
//! assert_eq!(change.tenant_id, None, "what is not set stays as it is");
//! ```
//!
//! A key has two names. The host's text, [`external_id`](KeyRecord::external_id), is what its requests
//! carry; the number, [`id`](KeyRecord::id), is what tables and series refer to. A key is recorded when
//! its first request is flushed, or made before that by an operator or a sync.
//!
//! Don't use the secret itself as the text: it stands in the database, in URLs of the API and in
//! notices. Use the number or the name that the host's own table has for it.

mod directory;
mod notes;
mod record;
pub(super) mod store;

/// For implementing [`KeyDirectory`].
pub use async_trait::async_trait;
pub use directory::{DirectoryError, KeyDirectory};
pub use record::{KeyChange, KeyRecord, KeySpec};
