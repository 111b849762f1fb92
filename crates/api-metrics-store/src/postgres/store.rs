//! The public face.

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
    pub(super) pool: PgPool,
    pub(super) options: StoreOptions,
}

/// A store in a Postgres database. Everything lives in the schema `api_metrics`.
#[derive(Debug)]
pub struct PostgresStore(pub(super) SqlStore<Postgres>);

impl PostgresStore {
    /// A store that connects on first use, by a pool of its own.
    ///
    /// # Errors
    /// [`StoreError::Url`] if `url` is no Postgres URL.
    pub fn connect_lazy(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        Ok(Self::from_pool(lazy_pool(url, &options)?, options))
    }

    /// A store that shares the host's pool. Its connections may come through pgbouncer in
    /// transaction mode.
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

    /// The pool that it uses.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.backend().pool
    }
}

delegate_store!(PostgresStore);
