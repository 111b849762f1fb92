//! The public type of the store on Postgres.

use sqlx::PgPool;

use super::connect::lazy_pool;
use crate::{
    engine::store::SqlStore,
    options::StoreOptions,
    store::{StoreError, delegate_store},
};

/// What the transactions need to be opened.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// The store's own pool, or the host's.
    pub(super) pool: PgPool,
    /// What was set when the store was made.
    pub(super) options: StoreOptions,
}

/// A store in a Postgres database. Everything lives in the schema `api_metrics`.
///
/// Any number of processes may use one database at a time. Each flushes what it records; one of them at
/// a time folds, rolls up and removes.
#[derive(Debug)]
pub struct PostgresStore(pub(super) SqlStore<Postgres>);

impl PostgresStore {
    /// A store that connects on first use, by a pool of its own.
    ///
    /// `url` is `postgres://` or `postgresql://`, such as `postgres://user:password@host:5432/db`.
    /// Nothing is sent yet, so that the host starts while the database is down.
    ///
    /// # Errors
    /// [`StoreError::Url`] if `url` is no Postgres URL.
    pub fn connect_lazy(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        Ok(Self::from_pool(lazy_pool(url, &options)?, options))
    }

    /// A store that shares the host's pool. Its connections may come through pgbouncer in transaction
    /// mode: the store keeps no session state. `max_connections` and `acquire_timeout` of `options`
    /// have no effect, because the pool has its own.
    #[must_use]
    pub fn from_pool(pool: PgPool, options: StoreOptions) -> Self {
        Self(SqlStore::new(
            Postgres {
                pool,
                options: options.clone(),
            },
            options,
        ))
    }

    /// The pool that it uses. Transactions of the host may run on it at any time.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.backend().pool
    }
}

delegate_store!(PostgresStore);
