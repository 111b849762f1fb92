//! What can go wrong between a process and its store.

use std::fmt;

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
    /// The database can't be reached, or refuses for now: worth another try.
    #[error("the database did not answer: {0}")]
    Unavailable(#[source] Cause),
    /// A time limit passed: of a statement, a lock, or the wait for a connection. Worth another try.
    #[error("the database did not answer in time: {0}")]
    Timeout(#[source] Cause),
    /// A statement failed for a reason that another try won't mend.
    #[error("the database refused a statement: {0}")]
    Database(#[source] Cause),
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

/// What made a [`StoreError`]: opaque, so that the database driver is no part of the public API. Its
/// text says what the driver said.
#[derive(Debug)]
pub struct Cause(Box<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// The driver's error, where it is one.
    pub(crate) fn driver(&self) -> Option<&sqlx::Error> {
        self.0.downcast_ref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl StoreError {
    /// The database can't be reached, because of `cause`.
    #[must_use]
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause(cause.into()))
    }

    /// A time limit passed, as `cause` says.
    ///
    /// ```
    /// use api_metrics_store::store::StoreError;
    ///
    /// let error = StoreError::timeout("no answer within 5 s");
    /// assert_eq!(error.to_string(), "the database did not answer in time: no answer within 5 s");
    /// ```
    #[must_use]
    pub fn timeout(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Timeout(Cause(cause.into()))
    }

    /// A statement failed because of `cause`, and would fail again.
    #[must_use]
    pub fn database(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Database(Cause(cause.into()))
    }

    /// The code that the database gave: an SQLSTATE on Postgres, an extended result code on SQLite.
    /// `None` where the failure was not the database's answer.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let error = self.driver()?.as_database_error()?;
        Some(error.code()?.into_owned())
    }

    /// Whether the connection failed over TLS: the server asks for it and this build has none, or the
    /// handshake failed.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.driver(), Some(sqlx::Error::Tls(_)))
    }

    /// Whether one statement was stopped, mostly because its time was up: the database is there, and
    /// other statements may well pass.
    #[cfg(feature = "control")]
    pub(crate) fn is_query_canceled(&self) -> bool {
        matches!(self, Self::Timeout(_)) && self.code().as_deref() == Some("57014")
    }

    fn driver(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Unavailable(cause) | Self::Timeout(cause) | Self::Database(cause) => {
                cause.driver()
            }
            _ => None,
        }
    }
}

/// Refuses a member of what was asked for.
pub(crate) fn invalid<T>(field: &'static str, reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Invalid {
        field,
        reason: reason.into(),
    })
}

// Hidden: only this crate's databases speak to the driver.
#[doc(hidden)]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_timeout(&error) {
            Self::timeout(error)
        } else if is_transient(&error) {
            Self::unavailable(error)
        } else {
            Self::database(error)
        }
    }
}

/// The wait for a connection, a cancelled statement (57014) or a lock that was not free in time (55P03).
fn is_timeout(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::TimedOut,
        sqlx::Error::Database(told) => {
            matches!(told.code().as_deref(), Some("57014" | "55P03"))
        }
        _ => false,
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
