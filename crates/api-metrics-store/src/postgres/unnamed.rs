//! A transaction whose statements have no names on the server.
//!
//! A pooler in transaction mode hands a server's connection from client to client between two
//! transactions, and older ones know nothing of prepared statements: a statement that one client has
//! prepared under a name would be missing, or be somebody else's, in the next transaction. The cache of
//! statements can't be switched off instead, because the pool may be the host's, and because sqlx names
//! its statements without a cache too.

use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{
    Describe, Either, Execute, Executor, PgTransaction, Postgres, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// One transaction, whose statements leave nothing on the server. Dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Unnamed(PgTransaction<'static>);

impl Unnamed {
    /// Wraps a transaction that has begun.
    pub(super) fn new(transaction: PgTransaction<'static>) -> Self {
        Self(transaction)
    }

    /// Commits. An error leaves the outcome unknown.
    pub(super) async fn commit(self) -> Result<()> {
        self.0.commit().await
    }

    /// Rolls back at once, rather than when the connection is next used.
    pub(super) async fn rollback(self) -> Result<()> {
        self.0.rollback().await
    }
}

impl<'c> Executor<'c> for &'c mut Unnamed {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.0).fetch_many(WithoutName(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.0).fetch_optional(WithoutName(query))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement>>
    where
        'c: 'e,
    {
        (&mut *self.0).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        (&mut *self.0).describe(sql)
    }
}

/// The same query, parsed without a name on the server: `persistent` is false.
pub(super) struct WithoutName<E>(pub(super) E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for WithoutName<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> std::result::Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}
