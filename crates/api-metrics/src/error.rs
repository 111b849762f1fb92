//! What a host has to deal with: once when it starts, once when it ends.

use api_metrics_store::{store::StoreError, text::shown};
use thiserror::Error;

/// The configuration can't work, now or later. A database that is out of reach or that refuses us is
/// no error, unless [`require_database`](crate::Builder::require_database) says so.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Nothing says where to keep the buckets, and this build has no embedded default.
    #[error(
        "no database was given: call `.postgres(url)` or `.embedded(path)`, or set API_METRICS_DATABASE_URL"
    )]
    NoDatabase,
    /// The URL is for a database that this build was compiled without.
    #[error(
        "the database URL `{}` needs the feature `{feature}` of api-metrics",
        shown(url)
    )]
    Feature {
        /// The URL, without its password.
        url: String,
        /// The missing feature.
        feature: &'static str,
    },
    /// An environment variable holds something that it must not.
    #[error(
        "the environment variable {name} is `{}`, which is not {expected}",
        shown(value)
    )]
    Setting {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The admin token is so short that it can be found by trying.
    #[error(
        "the admin token has {characters} characters and needs {} or more, as from `openssl rand \
         -hex 32`; `.allow_short_admin_token()` or API_METRICS_ALLOW_SHORT_ADMIN_TOKEN=true takes it \
         all the same",
        api_metrics_routes::MIN_TOKEN_CHARS
    )]
    ShortToken {
        /// How many it has, without spaces around it.
        characters: usize,
    },
    /// A name holds control characters or marks of direction, which forge what people read.
    #[error("the {setting}'s name holds control characters or marks of direction")]
    Name {
        /// `service`, `environment`, `version` or `notifier`.
        setting: &'static str,
    },
    /// A webhook that the environment names can't be used.
    #[cfg(feature = "webhook")]
    #[error("the environment variable {name} can't be used: {source}")]
    Webhook {
        /// The variable.
        name: &'static str,
        /// Why.
        #[source]
        source: api_metrics_store::control::notify::WebhookError,
    },
    /// Mails can't be sent as the environment says.
    #[cfg(feature = "smtp")]
    #[error(
        "API_METRICS_SMTP_URL, API_METRICS_SMTP_FROM and API_METRICS_SMTP_TO can't be used: {source}"
    )]
    Smtp {
        /// Why.
        #[source]
        source: api_metrics_store::control::notify::SmtpError,
    },
    /// Background tasks need Tokio, and this is no Tokio runtime.
    #[error("api-metrics must be started from within a Tokio runtime")]
    NoRuntime,
    /// The store can't work with this database: a newer release has migrated it, it keeps another
    /// kind of sketch, or it is no database. Where
    /// [`require_database`](crate::Builder::require_database) was called, also any other reason that
    /// keeps it from being used.
    #[error("{}: {source}", shown(database))]
    Store {
        /// The database, without its password.
        database: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// The store did not take everything before the deadline of
/// [`shutdown`](crate::ApiMetrics::shutdown). The log says why.
///
/// A flush whose acknowledgement got lost counts here, though it may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("{records} recorded requests could not be delivered to the store before the deadline")]
pub struct Unflushed {
    /// How many records were not acknowledged.
    pub records: u64,
}
