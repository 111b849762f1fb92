//! The statements of what acts on the numbers: keys, rules, notices, limits, plans.
//!
//! Both databases take the same text but for names of tables, times, lists and dates, which the
//! macros below spell out while compiling. Each statement therefore stands in one place.

/// How Postgres spells it.
#[cfg(feature = "postgres")]
macro_rules! pg {
    (table $name:literal) => {
        concat!("api_metrics.", $name)
    };
    // A parameter in Unix seconds as a time.
    (at $parameter:literal) => {
        concat!("to_timestamp(", $parameter, ")")
    };
    // A time as Unix seconds.
    (epoch $column:literal) => {
        concat!("extract(epoch FROM ", $column, ")::bigint")
    };
    (date $parameter:literal) => {
        concat!($parameter, "::date")
    };
    (date_text $column:literal) => {
        concat!($column, "::text")
    };
    (number $parameter:literal) => {
        concat!($parameter, "::numeric")
    };
    (number_text $column:literal) => {
        concat!($column, "::text")
    };
    // The numbers of a JSON list, as rows.
    (numbers $parameter:literal) => {
        concat!(
            "(SELECT value::bigint FROM json_array_elements_text(",
            $parameter,
            "::json))"
        )
    };
    (texts $parameter:literal) => {
        concat!(
            "(SELECT value FROM json_array_elements_text(",
            $parameter,
            "::json))"
        )
    };
    // Keeps the rows for this transaction. A writer on SQLite has the whole file.
    (for_update) => {
        " FOR UPDATE"
    };
    // The same, leaving out rows that another transaction keeps.
    (skip_locked) => {
        " FOR UPDATE SKIP LOCKED"
    };
    (yes) => {
        "true"
    };
    (is_false $column:literal) => {
        concat!("NOT ", $column)
    };
    (real $value:literal) => {
        concat!("(", $value, ")::double precision")
    };
    // The items of a JSON list of lists, as rows, and what is in one of them.
    (items $parameter:literal) => {
        concat!("json_array_elements(", $parameter, "::json)")
    };
    (item_number $at:literal) => {
        concat!("(value->>", $at, ")::bigint")
    };
    (item_text $at:literal) => {
        concat!("value->>", $at)
    };
    (item_time $at:literal) => {
        concat!("to_timestamp((value->>", $at, ")::bigint)")
    };
    (item_real $at:literal) => {
        concat!("(value->>", $at, ")::real")
    };
}

/// How SQLite spells it.
#[cfg(feature = "sqlite")]
macro_rules! lite {
    (table $name:literal) => {
        concat!("api_metrics_", $name)
    };
    (at $parameter:literal) => {
        $parameter
    };
    (epoch $column:literal) => {
        $column
    };
    (date $parameter:literal) => {
        $parameter
    };
    (date_text $column:literal) => {
        $column
    };
    (number $parameter:literal) => {
        $parameter
    };
    (number_text $column:literal) => {
        $column
    };
    (numbers $parameter:literal) => {
        concat!("(SELECT value FROM json_each(", $parameter, "))")
    };
    (texts $parameter:literal) => {
        concat!("(SELECT value FROM json_each(", $parameter, "))")
    };
    (for_update) => {
        ""
    };
    (skip_locked) => {
        ""
    };
    (yes) => {
        "1"
    };
    (is_false $column:literal) => {
        concat!("NOT ", $column)
    };
    (real $value:literal) => {
        $value
    };
    (items $parameter:literal) => {
        concat!("json_each(", $parameter, ")")
    };
    (item_number $at:literal) => {
        concat!("json_extract(value, '$[", $at, "]')")
    };
    (item_text $at:literal) => {
        concat!("json_extract(value, '$[", $at, "]')")
    };
    (item_time $at:literal) => {
        concat!("json_extract(value, '$[", $at, "]')")
    };
    (item_real $at:literal) => {
        concat!("json_extract(value, '$[", $at, "]')")
    };
}

mod alerts;
mod keys;
mod limits;
mod notices;
mod plans;

use crate::{query::Scope, store::StoreError, time::UnixSeconds};

pub(crate) use alerts::AlertTx;
pub(crate) use keys::{KeyTx, PlanFrom};
pub(crate) use limits::{LimitTx, REMOVED_AT_ONCE};
pub(crate) use notices::NoticeTx;
pub(crate) use plans::PlanTx;

/// All of them.
pub(crate) trait ActTx: KeyTx + AlertTx + NoticeTx + LimitTx + PlanTx {}
impl<T: KeyTx + AlertTx + NoticeTx + LimitTx + PlanTx> ActTx for T {}

/// A scope as two parameters, of which at most one is set: a tenant, or a JSON list of keys.
fn scope_parameters(scope: &Scope) -> (Option<&str>, Option<String>) {
    match scope {
        Scope::All => (None, None),
        Scope::Tenant(tenant) => (Some(tenant), None),
        Scope::Keys(ids) => (None, Some(numbers(ids))),
    }
}

fn numbers(ids: &[i64]) -> String {
    let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", ids.join(","))
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
