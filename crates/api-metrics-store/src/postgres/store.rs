//! The public type of the store on Postgres.

use std::sync::Arc;

use sqlx::PgPool;

use super::{connect::lazy_pool, standby::Standby};
use crate::{
    engine::{
        copied::{Copied, request_seam::RequestDatabase, seam::BucketDatabase},
        store::SqlStore,
    },
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
    /// Takes reads while it is not too far behind.
    pub(super) standby: Option<Standby>,
    /// Where the buckets are, if not here.
    pub(super) copied: Option<Copied>,
    /// Rows of a service from which on it is worth a transaction of its own, see `engine::shares`.
    pub(super) share_rows: u64,
    /// Where single requests are, if not here.
    pub(super) requests: Option<Arc<dyn RequestDatabase>>,
}

/// What folding these takes is some tens of milliseconds; a transaction and its commit take some.
const ROWS_A_SHARE: u64 = 1_000;

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
                standby: None,
                copied: None,
                share_rows: ROWS_A_SHARE,
                requests: None,
            },
            options,
        ))
    }

    /// Reads buckets on a standby of this database while it is at most
    /// [`max_replica_lag`](StoreOptions::max_replica_lag) behind, by a pool of its own that connects on first use.
    ///
    /// That is what dashboards, exports and dry runs of alert rules ask. Everything else stays with the primary: writes, the
    /// control plane, the request log, evaluations of rules. What this process has recorded is in every answer, once; what
    /// others have flushed is as late as the standby. Where it is further behind, gone or promoted, the primary is read;
    /// [`StoreStatus::standby`](crate::store::StoreStatus::standby) says so.
    ///
    /// The standby needs `hot_standby` on, and the same role. With `hot_standby_feedback` off, a read that meets the removal
    /// of old buckets is cut off there and done on the primary.
    ///
    /// # Errors
    /// [`StoreError::Url`] if `url` is no Postgres URL.
    pub fn read_replica(&mut self, url: &str) -> Result<(), StoreError> {
        let backend = self.0.backend_mut();
        let pool = lazy_pool(url, &backend.options)?;
        backend.standby = Some(Standby::new(pool, backend.options.max_replica_lag));
        Ok(())
    }

    /// Keeps buckets in another database; everything else stays in this one. No standby is read then.
    #[doc(hidden)]
    pub fn keep_buckets_in(&mut self, database: Arc<dyn BucketDatabase>) {
        self.0.backend_mut().copied = Some(Copied::new(database));
    }

    /// Folds services side by side that have this many rows, instead of those that have enough to be worth it. For
    /// tests.
    #[doc(hidden)]
    pub fn fold_side_by_side_from(&mut self, rows: u64) {
        self.0.backend_mut().share_rows = rows;
    }

    /// Keeps single requests of the request log in another database, which has the buckets, too.
    #[doc(hidden)]
    pub fn keep_requests_in(&mut self, database: Arc<dyn RequestDatabase>) {
        self.0.backend_mut().requests = Some(database);
    }

    /// The pool that it uses. Transactions of the host may run on it at any time.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.backend().pool
    }
}

delegate_store!(PostgresStore);
