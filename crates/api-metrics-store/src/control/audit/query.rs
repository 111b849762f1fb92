//! What the audit trail is asked, and what it answers.

/// A note: who has done what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its number; later notes have greater ones.
    pub id: i64,
    /// When it was done, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who has done it, as the host names them; at most 500 characters.
    pub actor: String,
    /// What was done, such as `change rate limit`.
    pub action: String,
    /// To what, in words; at most 500 characters.
    pub subject: String,
}

/// Which notes are asked for, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditQuery {
    /// Only those of this action, exactly.
    pub action: Option<String>,
    /// Only those whose subject contains this text, capitals or not.
    pub subject: Option<String>,
    /// Only those before the note of this number.
    pub before: Option<i64>,
    /// How many at most; 100 by default.
    pub limit: u32,
}

impl Default for AuditQuery {
    /// The last 100 notes.
    fn default() -> Self {
        Self {
            action: None,
            subject: None,
            before: None,
            limit: 100,
        }
    }
}
