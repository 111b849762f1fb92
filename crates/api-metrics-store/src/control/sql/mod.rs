//! SQL for alerts, notices, API keys, rate limits and price plans: a function a statement, shared by
//! both databases. What they spell differently comes from the transaction's dialect.

pub(super) mod alerts;
pub(super) mod keys;
pub(super) mod limits;
pub(super) mod notices;
pub(super) mod plans;

use crate::{
    engine::{
        backend::{Result, Tx},
        sql::{SqlRow, SqlTx},
    },
    query::Scope,
    store::StoreError,
    time::UnixSeconds,
};

/// The database's clock, or the one given at construction.
pub(super) async fn now<T: Tx>(tx: &mut T) -> Result<UnixSeconds> {
    Ok(tx.meta().await?.now())
}

/// The only row of a statement that always returns one.
fn only<R>(rows: Vec<R>) -> Result<R> {
    rows.into_iter()
        .next()
        .ok_or_else(|| StoreError::Corrupt("a statement returned no row".into()))
}

/// The number in a column of the first row, where there is one.
fn first_int<R: SqlRow>(rows: &[R], column: &str) -> Result<Option<i64>> {
    rows.first().map(|row| row.int(column)).transpose()
}

/// How many rows a condition with one parameter selects.
async fn count<T: SqlTx>(tx: &mut T, table: &str, condition: &str, of: &str) -> Result<u64> {
    let table = tx.dialect().table(table);
    let sql = format!("SELECT count(*) AS found FROM {table} WHERE {condition}");
    let rows = tx.fetch(sql, crate::engine::sql::params![of]).await?;
    Ok(unsigned(only(rows)?.int("found")?))
}

/// A scope as two parameters, of which at most one is set: a tenant, or a JSON list of keys.
fn scope_parameters(scope: &Scope) -> (Option<&str>, Option<String>) {
    match scope {
        Scope::All => (None, None),
        Scope::Tenant(tenant) => (Some(tenant), None),
        Scope::Keys(ids) => {
            let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
            (None, Some(format!("[{}]", ids.join(","))))
        }
    }
}

/// Counts never reach the sign bit.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// A stored word that this release does not know.
fn unknown(what: &str, found: &str) -> StoreError {
    StoreError::Corrupt(format!("`{found}` is no {what}"))
}

/// Postgres' timestamps end somewhere; so do ours.
fn bounded(at: UnixSeconds) -> UnixSeconds {
    at.clamp(crate::engine::flush::EARLIEST, 253_402_300_799)
}
