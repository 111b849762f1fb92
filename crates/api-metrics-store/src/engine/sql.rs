//! The seam through which other modules run statements of their own on a store's database: one dialect,
//! neutral parameters, typed columns. Statements written for it name no driver.
//!
//! A statement is written once. `Dialect` spells the few things that Postgres and SQLite spell
//! differently, `Param` carries values with their types, and `SqlRow` reads columns by name. What comes
//! from a caller is always a parameter; only table and column names of this crate become text.
//!
//! Lists travel as one parameter, a JSON text such as `[1,2,3]`, so that a statement's text does not
//! depend on their length. Times travel as Unix seconds.
//!
//! # Errors
//!
//! As in `backend`: `StoreError::Unavailable`, `StoreError::Timeout` and `StoreError::Database`.
//! Reading a column that is missing or of another type is `StoreError::Database`.

use std::{borrow::Cow, fmt::Debug};

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    backend::{BoxTx, Mode, Result},
    copied::request_seam::RequestDatabase,
};
use crate::query::Scope;

/// Opens transactions on a store's database. The same transactions as the protocol's, with the same
/// limits.
#[async_trait]
pub(crate) trait BeginTx: Send + Sync + Debug + 'static {
    /// Opens a transaction of this mode, see `Mode`.
    async fn begin(&self, mode: Mode) -> Result<BoxTx>;
    /// A snapshot in which the database itself hides what `scope` may not see, where it can. Postgres
    /// does, by row-level security.
    async fn begin_read(&self, scope: &Scope) -> Result<BoxTx>;
    /// See [`Backend::generation`](super::backend::Backend::generation).
    async fn generation(&self) -> Result<i64> {
        Ok(0)
    }
    /// Where single requests are kept, if not in this database.
    fn requests_in(&self) -> Option<&dyn RequestDatabase> {
        None
    }
}

/// Statements of any text, in a transaction. Postgres prepares them without a name, so that they pass
/// through a pooler in transaction mode.
#[async_trait]
pub(crate) trait SqlTx: Send {
    /// How this database spells things.
    fn dialect(&self) -> Dialect;
    /// Runs a statement and returns all of its rows. `$1` stands for the first parameter. Meant for
    /// results that fit into memory.
    async fn fetch(&mut self, sql: String, params: &[Param<'_>]) -> Result<Vec<FetchedRow>>;
    /// Runs a statement and returns the number of rows that it changed. An update that finds its row in
    /// another state changes 0.
    async fn execute(&mut self, sql: String, params: &[Param<'_>]) -> Result<u64>;
}

/// A row of a result, of whichever database.
pub(crate) type FetchedRow = Box<dyn SqlRow>;

/// A row, read by the names of its columns. The plain methods fail on NULL; the optional ones return
/// `None`.
pub(crate) trait SqlRow: Send + Sync {
    /// A 64-bit integer.
    fn int(&self, column: &str) -> Result<i64>;
    /// A 64-bit integer, or NULL.
    fn optional_int(&self, column: &str) -> Result<Option<i64>>;
    /// A double.
    fn real(&self, column: &str) -> Result<f64>;
    /// A double, or NULL.
    fn optional_real(&self, column: &str) -> Result<Option<f64>>;
    /// A text.
    fn text(&self, column: &str) -> Result<String>;
    /// A text, or NULL.
    fn optional_text(&self, column: &str) -> Result<Option<String>>;
    /// A boolean; in SQLite 0 or 1.
    fn flag(&self, column: &str) -> Result<bool>;
    /// A UUID; in SQLite its 16 bytes.
    fn uuid(&self, column: &str) -> Result<Uuid>;
    /// A UUID, or NULL.
    fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>>;
    /// Bytes.
    fn bytes(&self, column: &str) -> Result<Vec<u8>>;
}

/// A parameter. Its type is sent along, also where it is null, because Postgres infers nothing from the
/// statement here. SQLite ignores the type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param<'a> {
    /// A bigint.
    Int(Option<i64>),
    /// A double.
    Real(Option<f64>),
    /// A text.
    Text(Option<Cow<'a, str>>),
    /// A boolean, never NULL.
    Bool(bool),
    /// A UUID.
    Uuid(Option<Uuid>),
    /// Bytes, never NULL.
    Bytes(&'a [u8]),
}

/// A list of [`Param`]s from values of their own types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::engine::sql::Param::from($value)),*]
    };
}
pub(crate) use params;

macro_rules! param_from {
    ($($from:ty => |$value:ident| $to:expr,)*) => {
        $(impl<'a> From<$from> for Param<'a> {
            fn from($value: $from) -> Self {
                $to
            }
        })*
    };
}

param_from! {
    i64 => |value| Self::Int(Some(value)),
    Option<i64> => |value| Self::Int(value),
    f64 => |value| Self::Real(Some(value)),
    Option<f64> => |value| Self::Real(value),
    &'a str => |value| Self::Text(Some(value.into())),
    &'a String => |value| Self::Text(Some(value.into())),
    String => |value| Self::Text(Some(value.into())),
    Option<&'a str> => |value| Self::Text(value.map(Cow::from)),
    Option<String> => |value| Self::Text(value.map(Cow::from)),
    &'a Option<String> => |value| Self::Text(value.as_deref().map(Cow::from)),
    bool => |value| Self::Bool(value),
    Uuid => |value| Self::Uuid(Some(value)),
    Option<Uuid> => |value| Self::Uuid(value),
    &'a [u8] => |value| Self::Bytes(value),
}

/// How a database spells what Postgres and SQLite spell differently. Each method gives a piece of SQL;
/// its argument is a parameter such as `$1` or a column of this crate, never a caller's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Tables in the schema `api_metrics`; typed parameters.
    Postgres,
    /// Tables with the prefix `api_metrics_`; times are integers.
    Sqlite,
}

/// Picks the text of the dialect at hand.
macro_rules! spell {
    ($dialect:expr, $postgres:expr, $sqlite:expr $(,)?) => {
        match $dialect {
            Dialect::Postgres => $postgres,
            Dialect::Sqlite => $sqlite,
        }
    };
}

impl Dialect {
    /// A table of the store's schema: `leases` is `api_metrics.leases` on Postgres and
    /// `api_metrics_leases` on SQLite.
    pub(crate) fn table(self, name: &str) -> String {
        spell!(
            self,
            format!("api_metrics.{name}"),
            format!("api_metrics_{name}")
        )
    }

    /// A parameter in Unix seconds, as a time: `to_timestamp($1)` on Postgres, `$1` on SQLite.
    pub(crate) fn at(self, parameter: &str) -> String {
        spell!(
            self,
            format!("to_timestamp({parameter})"),
            parameter.to_owned()
        )
    }

    /// A time column as Unix seconds: `extract(epoch FROM at)::bigint` on Postgres, the column itself
    /// on SQLite.
    pub(crate) fn epoch(self, column: &str) -> String {
        spell!(
            self,
            format!("extract(epoch FROM {column})::bigint"),
            column.to_owned()
        )
    }

    /// A parameter such as `2026-03-01`, as a date. SQLite keeps dates as text, in which they sort
    /// correctly.
    pub(crate) fn date(self, parameter: &str) -> String {
        spell!(self, format!("{parameter}::date"), parameter.to_owned())
    }

    /// A date or a decimal, as text. SQLite stores both as text already.
    pub(crate) fn as_text(self, column: &str) -> String {
        spell!(self, format!("{column}::text"), column.to_owned())
    }

    /// A parameter such as `0.02`, as an exact decimal. SQLite keeps its text.
    pub(crate) fn decimal(self, parameter: &str) -> String {
        spell!(self, format!("{parameter}::numeric"), parameter.to_owned())
    }

    /// A number, as a double.
    pub(crate) fn real(self, value: &str) -> String {
        spell!(
            self,
            format!("({value})::double precision"),
            value.to_owned()
        )
    }

    /// The numbers of a JSON list, as rows of one column: `id IN (SELECT ...)`.
    pub(crate) fn numbers(self, parameter: &str) -> String {
        spell!(
            self,
            format!("(SELECT value::bigint FROM json_array_elements_text({parameter}::json))"),
            format!("(SELECT value FROM json_each({parameter}))"),
        )
    }

    /// The texts of a JSON list, as rows of one column.
    pub(crate) fn texts(self, parameter: &str) -> String {
        spell!(
            self,
            format!("(SELECT value FROM json_array_elements_text({parameter}::json))"),
            format!("(SELECT value FROM json_each({parameter}))"),
        )
    }

    /// The items of a JSON list of lists, as rows whose column is `value`. `[[1,"a"],[2,"b"]]` gives
    /// two rows, whose members `item_number` and `item_text` take by their places from 0.
    pub(crate) fn items(self, parameter: &str) -> String {
        spell!(
            self,
            format!("json_array_elements({parameter}::json)"),
            format!("json_each({parameter})"),
        )
    }

    /// A whole number in an item of [`items`](Self::items).
    pub(crate) fn item_number(self, at: u8) -> String {
        spell!(
            self,
            format!("(value->>{at})::bigint"),
            format!("json_extract(value, '$[{at}]')"),
        )
    }

    /// A text in an item of [`items`](Self::items).
    pub(crate) fn item_text(self, at: u8) -> String {
        spell!(
            self,
            format!("value->>{at}"),
            format!("json_extract(value, '$[{at}]')"),
        )
    }

    /// An id in an item of [`items`](Self::items), given as 32 hexadecimal digits.
    pub(crate) fn item_uuid(self, at: u8) -> String {
        spell!(
            self,
            format!("(value->>{at})::uuid"),
            format!("unhex(json_extract(value, '$[{at}]'))"),
        )
    }

    /// A time in an item of [`items`](Self::items), given in Unix seconds.
    pub(crate) fn item_time(self, at: u8) -> String {
        spell!(
            self,
            format!("to_timestamp((value->>{at})::bigint)"),
            format!("json_extract(value, '$[{at}]')"),
        )
    }

    /// A float in an item of [`items`](Self::items).
    pub(crate) fn item_real(self, at: u8) -> String {
        spell!(
            self,
            format!("(value->>{at})::real"),
            format!("json_extract(value, '$[{at}]')"),
        )
    }

    /// Locks the selected rows for this transaction; others wait for it. Nothing on SQLite, where a
    /// writer has the whole file.
    pub(crate) const fn for_update(self) -> &'static str {
        spell!(self, " FOR UPDATE", "")
    }

    /// As [`for_update`](Self::for_update), of one table's rows where a statement joins several.
    pub(crate) fn for_update_of(self, table: &str) -> String {
        spell!(self, format!(" FOR UPDATE OF {table}"), String::new())
    }

    /// As [`for_update`](Self::for_update), leaving out rows that another transaction has locked. Two
    /// processes that take work from one table then never wait for each other.
    pub(crate) const fn skip_locked(self) -> &'static str {
        spell!(self, " FOR UPDATE SKIP LOCKED", "")
    }

    /// The literal for true: `true` on Postgres, `1` on SQLite.
    pub(crate) const fn yes(self) -> &'static str {
        spell!(self, "true", "1")
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn a_null_keeps_its_type() {
        assert_eq!(Param::from(None::<i64>), Param::Int(None));
        assert_eq!(Param::from(None::<&str>), Param::Text(None));
        assert_eq!(Param::from(None::<Uuid>), Param::Uuid(None));
        assert_eq!(Param::from(&Some("a".to_owned())), Param::from("a"));
    }

    #[test]
    fn each_database_is_spoken_to_in_its_own_words() {
        let both = |of: fn(Dialect) -> String| (of(Dialect::Postgres), of(Dialect::Sqlite));
        let said = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            both(|d| d.table("leases")),
            said("api_metrics.leases", "api_metrics_leases")
        );
        assert_eq!(both(|d| d.at("$1")), said("to_timestamp($1)", "$1"));
        assert_eq!(
            both(|d| d.item_time(2)),
            said(
                "to_timestamp((value->>2)::bigint)",
                "json_extract(value, '$[2]')"
            )
        );
    }
}
