//! Statements of other modules, on SQLite.
//!
//! `$1` is understood as a parameter here as on Postgres. Parameters carry no types: SQLite stores what
//! it gets, and the columns' affinities convert it.

use async_trait::async_trait;
use sqlx::{
    Arguments as _, AssertSqlSafe, Row as _,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

use super::{SqliteStore, tx::SqliteTx};
use crate::{
    engine::{
        backend::{Backend, BoxTx, Mode, Result},
        sql::{BeginTx, Dialect, FetchedRow, Param, SqlRow, SqlTx},
    },
    query::Scope,
};

#[async_trait]
impl BeginTx for SqliteStore {
    async fn begin(&self, mode: Mode) -> Result<BoxTx> {
        self.0.backend().begin(mode).await
    }

    async fn begin_read(&self, scope: &Scope) -> Result<BoxTx> {
        self.0.backend().begin_read(scope).await
    }
}

#[async_trait]
impl SqlTx for SqliteTx {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn fetch(&mut self, sql: String, params: &[Param<'_>]) -> Result<Vec<FetchedRow>> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(params)?)
            .fetch_all(&mut *self.sql)
            .await?;
        let boxed = |row| Box::new(row) as FetchedRow;
        Ok(rows.into_iter().map(boxed).collect())
    }

    async fn execute(&mut self, sql: String, params: &[Param<'_>]) -> Result<u64> {
        Ok(sqlx::query_with(AssertSqlSafe(sql), arguments(params)?)
            .execute(&mut *self.sql)
            .await?
            .rows_affected())
    }
}

/// The parameters of a statement, in their order.
///
/// # Errors
/// `StoreError::Database` where one can't be encoded.
fn arguments(params: &[Param<'_>]) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for param in params {
        match param {
            Param::Int(value) => arguments.add(value),
            Param::Real(value) => arguments.add(value),
            Param::Text(value) => arguments.add(value.as_deref()),
            Param::Bool(value) => arguments.add(value),
            Param::Uuid(value) => arguments.add(value),
            Param::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl SqlRow for SqliteRow {
    fn int(&self, column: &str) -> Result<i64> {
        Ok(self.try_get(column)?)
    }

    fn optional_int(&self, column: &str) -> Result<Option<i64>> {
        Ok(self.try_get(column)?)
    }

    fn real(&self, column: &str) -> Result<f64> {
        Ok(self.try_get(column)?)
    }

    fn optional_real(&self, column: &str) -> Result<Option<f64>> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: &str) -> Result<String> {
        Ok(self.try_get(column)?)
    }

    fn optional_text(&self, column: &str) -> Result<Option<String>> {
        Ok(self.try_get(column)?)
    }

    fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.try_get(column)?)
    }

    fn uuid(&self, column: &str) -> Result<Uuid> {
        Ok(self.try_get(column)?)
    }

    fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        Ok(self.try_get(column)?)
    }
}
