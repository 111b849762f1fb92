//! SQL for alerts, notices, API keys, rate limits, price plans and imports: a function a statement,
//! shared by both databases. What they spell differently comes from the transaction's dialect.
//!
//! Every function takes the caller's transaction and commits nothing. Values are always parameters;
//! only names of tables, spellings of the dialect and constants are formatted into a text.
//!
//! | helper of the dialect | Postgres | SQLite |
//! |---|---|---|
//! | a time | `timestamptz` | an integer of Unix seconds |
//! | a list of numbers or texts | unpacked from a JSON parameter | likewise |
//! | a row lock | `FOR UPDATE`, `SKIP LOCKED` | nothing: there is one writer |
//!
//! # Errors
//!
//! All of them: `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout`
//! past the statement limit, `StoreError::Corrupt` where a row holds a word or a number that this
//! release can't read.

pub(super) mod alerts;
pub(super) mod audit;
pub(super) mod channels;
pub(super) mod headroom;
pub(super) mod health;
pub(super) mod imports;
pub(super) mod jobs;
pub(super) mod keys;
pub(super) mod limits;
pub(super) mod notices;
pub(super) mod objectives;
pub(super) mod plans;
pub(super) mod releases;
pub(super) mod silences;

use crate::{
    engine::{
        backend::{Result, Tx},
        sql::{FetchedRow, SqlTx},
    },
    query::Scope,
    store::StoreError,
    time::UnixSeconds,
};

/// The database's clock, or the one given at construction.
pub(super) async fn now(tx: &mut dyn Tx) -> Result<UnixSeconds> {
    Ok(tx.meta().await?.now())
}

/// The only row of a statement that always returns one.
fn only<R>(rows: Vec<R>) -> Result<R> {
    rows.into_iter()
        .next()
        .ok_or_else(|| StoreError::Corrupt("a statement returned no row".into()))
}

/// The number in a column of the first row, where there is one.
fn first_int(rows: &[FetchedRow], column: &str) -> Result<Option<i64>> {
    rows.first().map(|row| row.int(column)).transpose()
}

/// How many rows a condition with one parameter selects.
async fn count(tx: &mut dyn SqlTx, table: &str, condition: &str, of: &str) -> Result<u64> {
    let table = tx.dialect().table(table);
    let sql = format!("SELECT count(*) AS found FROM {table} WHERE {condition}");
    let rows = tx.fetch(sql, crate::engine::sql::params![of]).await?;
    Ok(unsigned(only(rows)?.int("found")?))
}

/// A scope as two parameters, of which at most one is set: a tenant, or a JSON list of keys.
///
/// A condition has the form `($1 IS NULL OR tenant_id = $1) AND ($2 IS NULL OR id IN ..)`. It stands
/// beside what the database itself hides under row-level security.
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

/// A stored count; a negative one, which nothing writes, is 0.
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
