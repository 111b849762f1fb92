//! What can go wrong between a process and its store.

use std::{fmt, ops::Deref};

use thiserror::Error;

use super::misconfiguration::Misconfiguration;
use crate::{
    calendar::NotKept,
    sketch::{SketchError, SketchKind},
    text::Shown,
};

/// A store could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL does not name a database that this build supports.
    #[error("the database URL `{}` can't be used: {}; {}", Shown(url), Shown(reason), Misconfiguration::Url.advice())]
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
    #[error("the database keeps {found} sketches, the service is configured for {configured}")]
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
    /// The configuration can't work until somebody changes it, on this side or on the database's.
    #[error("{what}: {cause}; {}", what.advice())]
    Misconfigured {
        /// What is wrong.
        what: Misconfiguration,
        /// What the database or the operating system said.
        #[source]
        cause: Cause,
    },
    /// The tables are not there yet: nobody has called [`prepare`](crate::store::Store::prepare), or
    /// somebody has dropped them. Worth another try.
    #[error("the tables of api-metrics are not there yet: {0}")]
    Unprepared(#[source] Cause),
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
    #[error("{field} {}", Shown(reason))]
    Invalid {
        /// The member, as the HTTP API names it.
        field: &'static str,
        /// What is wrong with it; reads on from the member's name.
        reason: String,
    },
    /// What was asked for is in the way of something that exists.
    #[error("{}", Shown(.0))]
    Conflict(String),
    /// The database itself says that its files are damaged. Restore them from a backup.
    #[error("the database is damaged: {0}")]
    Damaged(#[source] Cause),
    /// The query's step is finer than what is kept at the start of its range.
    #[error("{0}")]
    NotKept(#[source] NotKept),
    /// Stored bytes are not what this release wrote.
    #[error("stored data can't be read: {}", Shown(.0))]
    Corrupt(String),
}

/// What made a [`StoreError`]: opaque, so that the database driver is no part of the public API. Its
/// text says what the driver said. Made from any error, and from a text:
///
/// ```
/// use api_metrics_store::store::StoreError;
///
/// let error = StoreError::Timeout("no answer within 5 s".into());
/// assert_eq!(error.to_string(), "the database did not answer in time: no answer within 5 s");
/// ```
#[derive(Debug)]
pub struct Cause(Opaque);

/// Keeps whoever follows the sources of an error from downcasting to the driver's.
#[derive(Debug)]
struct Opaque(Box<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// The driver's error, where it is one.
    pub(crate) fn driver(&self) -> Option<&sqlx::Error> {
        self.0.0.downcast_ref()
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Cause {
    fn from(cause: E) -> Self {
        Self(Opaque(cause.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a server says may repeat a label.
        Shown(&self.0).fmt(f)
    }
}

impl Deref for Cause {
    type Target = dyn std::error::Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Opaque {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl StoreError {
    /// What is wrong about the configuration, where that is what failed. `None` for everything else,
    /// above all for a database that does not answer.
    #[must_use]
    pub const fn misconfiguration(&self) -> Option<Misconfiguration> {
        match self {
            Self::Misconfigured { what, .. } => Some(*what),
            Self::Url { .. } => Some(Misconfiguration::Url),
            _ => None,
        }
    }

    /// Whether another try may succeed without anybody's doing.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Timeout(_) | Self::Unprepared(_)
        )
    }

    /// The code that the database gave: an SQLSTATE on Postgres, an extended result code on SQLite.
    /// `None` where the failure was not the database's answer.
    #[cfg(any(feature = "sqlite", feature = "control"))]
    pub(crate) fn code(&self) -> Option<String> {
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
            Self::Unavailable(cause)
            | Self::Timeout(cause)
            | Self::Database(cause)
            | Self::Unprepared(cause)
            | Self::Damaged(cause)
            | Self::Misconfigured { cause, .. } => cause.driver(),
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

impl From<sqlx::Error> for StoreError {
    /// What the driver's error means: also for statements of your own on a store's pool.
    fn from(error: sqlx::Error) -> Self {
        match class_of(&error) {
            Class::Timeout => Self::Timeout(error.into()),
            Class::Transient => Self::Unavailable(error.into()),
            Class::Unprepared => Self::Unprepared(error.into()),
            Class::Misconfigured(what) => Self::Misconfigured {
                what,
                cause: error.into(),
            },
            Class::Damaged => Self::Damaged(error.into()),
            Class::Refused => Self::Database(error.into()),
        }
    }
}

impl From<SketchError> for StoreError {
    fn from(error: SketchError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// What kind of failure the driver's error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A time limit passed.
    Timeout,
    /// It may pass by itself.
    Transient,
    /// The tables are missing.
    Unprepared,
    /// Somebody must change the configuration.
    Misconfigured(Misconfiguration),
    /// The database's files are damaged.
    Damaged,
    /// Another try won't help: a fault of ours.
    Refused,
}

/// By kind and code, never by text.
fn class_of(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::PoolTimedOut => Class::Timeout,
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Class::Timeout,
        // The last two are a connection that is still in somebody's transaction. It is thrown away.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::InvalidSavePointStatement
        | sqlx::Error::BeginFailed => Class::Transient,
        sqlx::Error::Database(told) => match told.code() {
            Some(code) if code.len() == 5 => of_sqlstate(&code),
            // SQLite's extended result codes have at most four digits.
            Some(code) => of_result_code(code.parse().unwrap_or_default()),
            None => Class::Refused,
        },
        _ => Class::Refused,
    }
}

/// By SQLSTATE. 57014 is a cancelled statement, 55P03 a lock that was not free in time. Classes that
/// pass: 08 connection, 25 read-only, 40 rollback, 53 resources, 55 not in the needed state, 57
/// operator intervention, 58 system.
fn of_sqlstate(code: &str) -> Class {
    match code {
        "57014" | "55P03" => Class::Timeout,
        "28P01" => Class::Misconfigured(Misconfiguration::Password),
        "28000" => Class::Misconfigured(Misconfiguration::Role),
        "3D000" => Class::Misconfigured(Misconfiguration::Database),
        "42501" => Class::Misconfigured(Misconfiguration::Permission),
        // A schema and a table that do not exist.
        "3F000" | "42P01" => Class::Unprepared,
        "XX001" | "XX002" => Class::Damaged,
        _ if matches!(
            code.get(..2).unwrap_or_default(),
            "08" | "25" | "40" | "53" | "55" | "57" | "58"
        ) =>
        {
            Class::Transient
        }
        _ => Class::Refused,
    }
}

/// By SQLite's result code, whose low byte is the primary one.
fn of_result_code(code: u32) -> Class {
    /// The file was moved away while it was open (`SQLITE_READONLY_DBMOVED`).
    const MOVED: u32 = 1_032;
    match (code, code & 0xff) {
        // BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL. Why a file can't be opened is found out
        // where its path is known.
        (MOVED, _) | (_, 5 | 6 | 7 | 10 | 13 | 14 | 15) => Class::Transient,
        // INTERRUPT.
        (_, 9) => Class::Timeout,
        // PERM, READONLY, AUTH.
        (_, 3 | 8 | 23) => Class::Misconfigured(Misconfiguration::Permission),
        (_, 11) => Class::Damaged,
        (_, 26) => Class::Misconfigured(Misconfiguration::NotADatabase),
        _ => Class::Refused,
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
