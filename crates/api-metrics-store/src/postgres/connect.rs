//! From a URL to a pool that connects on first use.
//!
//! Nothing is sent here, so that a service starts while its database is down. The first call then
//! returns `StoreError::Unavailable` or `StoreError::Timeout`.

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{options::StoreOptions, store::StoreError, text::without_password, url::malformed};

/// A pool for a URL such as `postgres://user:password@host:5432/db?sslmode=require`. Passwords never
/// show in an error.
///
/// # Errors
/// `StoreError::Url` when the scheme is another one or the URL can't be parsed.
pub(super) fn lazy_pool(url: &str, options: &StoreOptions) -> Result<PgPool, StoreError> {
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(StoreError::Url {
            url: without_password(url),
            reason: "a Postgres URL starts with postgres:// or postgresql://".into(),
        });
    }
    let connect: PgConnectOptions = url.parse().map_err(|error| malformed(url, error))?;
    Ok(PgPoolOptions::new()
        .max_connections(options.pool_size())
        .acquire_timeout(options.acquire_timeout)
        // pgbouncer refuses startup parameters that it does not track; values travel in binary.
        .connect_lazy_with(
            connect
                .application_name("api-metrics")
                .extra_float_digits(None),
        ))
}
