//! The audit trail: who has changed or deleted what, and when.
//!
//! | action | what it notes |
//! |---|---|
//! | `create API key`, `change API key` | the key's number and which settings changed, not their values |
//! | `change rate limit`, `change quota`, `assign price plan` | the key's number, the setting before and after |
//! | `create price plan` | the version's number, name and first day |
//! | `create alert rule`, `change alert rule`, `remove alert rule` | the rule's number, name and which settings changed |
//! | `acknowledge alert`, `silence alert`, `end silence of alert` | the event's id and name |
//! | `create silence`, `end silence` | the silence's number and its reason |
//! | `test channel`, `mute channel`, `unmute channel` | the channel |
//! | `create ingest token`, `revoke ingest token` | the token's number |
//! | `run job` | the job's number, name and service |
//! | `erase requests` | how many, not whose |
//!
//! A note is written in the transaction of the change: there is no change without its note and no note of a change that
//! failed. What changes nothing is not noted. Nothing removes notes, and none holds a secret.
//!
//! What the host's code does itself, without naming anybody, is noted under `<code>`, and what its key directory brings
//! under `<directory>`.

mod query;
pub(super) mod store;

pub use query::{AuditEntry, AuditQuery};

/// Who has done what the host's code did without naming anybody.
pub(in crate::control) const BY_CODE: &str = "<code>";
/// Who has done what came from the host's key directory.
pub(in crate::control) const BY_DIRECTORY: &str = "<directory>";

/// Who did it: whoever is named, or the host's code.
pub(in crate::control) fn by(actor: Option<&str>) -> &str {
    actor.unwrap_or(BY_CODE)
}
