//! What can go wrong between a process and its store.

use thiserror::Error;

use crate::{
    bucket::BucketError,
    calendar::NotKept,
    sketch::{SketchError, SketchKind},
};

/// A store could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL does not name a database that this build supports.
    #[error("the database URL `{url}` can't be used: {reason}")]
    Url {
        /// The URL, without its password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database was migrated by a newer release than this one.
    #[error(
        "the database holds schema version {found}, this release of api-metrics knows versions up to \
         {known}: upgrade the service, or point it at another database"
    )]
    TooNew {
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The database was created with another kind of sketch than the one configured.
    #[error(
        "the database keeps {} sketches, the service is configured for {}",
        found.as_str(), configured.as_str()
    )]
    SketchKind {
        /// The database's kind.
        found: SketchKind,
        /// The configured kind.
        configured: SketchKind,
    },
    /// A newer release has said that this one may no longer do this.
    #[error(
        "a newer release has taken over: {what} needs schema knowledge {needed}, this release has {known}"
    )]
    Outdated {
        /// `writing` or `leading`.
        what: &'static str,
        /// The least knowledge that the database asks for.
        needed: i64,
        /// What this release has.
        known: i64,
    },
    /// The database can't be reached or refused: worth another try.
    #[error("the database did not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A statement failed for a reason that another try won't mend.
    #[error("the database refused a statement: {0}")]
    Database(#[source] sqlx::Error),
    /// A migration failed.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// What was asked for can't be: one of its members is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// The member, as the HTTP API names it.
        field: &'static str,
        /// What is wrong with it; reads on from the member's name.
        reason: String,
    },
    /// What was asked for is in the way of something that exists.
    #[error("{0}")]
    Conflict(String),
    /// The query's step is finer than what is kept at the start of its range.
    #[error("{0}")]
    NotKept(#[source] NotKept),
    /// Stored bytes are not what this release wrote.
    #[error("stored data can't be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether one statement was stopped, mostly because its time was up: the database is there, and
    /// other statements may well pass.
    pub(crate) fn is_query_canceled(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error.code().as_deref() == Some("57014")
    }
}

/// Refuses a member of what was asked for.
pub(crate) fn invalid<T>(field: &'static str, reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Invalid {
        field,
        reason: reason.into(),
    })
}

/// Refuses text that is blank, longer than `most` bytes, or holds what Postgres can't.
pub(crate) fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), StoreError> {
    if text.trim().is_empty() || text.len() > most || text.contains('\0') {
        return invalid(field, format!("takes 1 to {most} bytes of text"));
    }
    Ok(())
}

/// The longest name of a tenant, in bytes: it stands in indexes, whose rows have a limit.
pub(crate) const MAX_TENANT_BYTES: usize = 200;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_transient(&error) {
            Self::Unavailable(error)
        } else {
            Self::Database(error)
        }
    }
}

impl From<SketchError> for StoreError {
    fn from(error: SketchError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<BucketError> for StoreError {
    fn from(error: BucketError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// By SQLSTATE class, never by text: 08 connection, 40 rollback, 53 resources, 55 not in the needed
/// state (lock timeouts), 57 operator intervention, 58 system, 25 read-only; SQLite's busy, locked,
/// I/O and full.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            let class = code.get(..2).unwrap_or_default();
            if code.len() == 5 {
                matches!(class, "08" | "25" | "40" | "53" | "55" | "57" | "58")
            } else {
                // SQLite answers with extended result codes; the low byte is the primary one.
                let primary = code.parse::<u32>().unwrap_or_default() & 0xff;
                matches!(primary, 5 | 6 | 8 | 10 | 13 | 14)
            }
        }),
        _ => false,
    }
}

/// A flush that was not acknowledged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlushError {
    /// Nothing of it reached the database; everything is kept and goes with the next flush.
    #[error("nothing was flushed: {0}")]
    NotSent(#[source] StoreError),
    /// The connection broke after COMMIT was sent. The next flush finds out what happened.
    #[error("the outcome of a flush is unknown: {0}")]
    Unknown(#[source] StoreError),
    /// Another process writes under the same instance id, or the clock of flushes was copied.
    #[error(
        "flush {number} found that number {stored} is already stored under instance {instance}"
    )]
    Superseded {
        /// The instance.
        instance: uuid::Uuid,
        /// This flush.
        number: u64,
        /// The number found.
        stored: u64,
    },
}
