//! Requests that hold words, chosen without joining more of the log than is needed.
//!
//! Words are kept with the details, everything else that is filtered by with the list. A join of both by time and id is
//! what databases estimate badly: they take the two for independent, expect one row, and join a whole day before they
//! sort and cut it. So it is decided here where to begin:
//!
//! | the words | other filters | begins with |
//! |---|---|---|
//! | rare | any | all details that hold them, by the index of words |
//! | frequent | none | the first details that hold them: as many as are wanted |
//! | frequent | some | the list, a bounded distance, as for filters without an index |
//!
//! Which words are rare is looked up and not left to estimates either: of a word that is in no statistics a database
//! expects thousands, and looks through a day in its order for what is not there.

use super::{
    Conditions,
    read::{self, SeriesChoice},
};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, SqlTx},
    },
    query::Scope,
    request_log::query::RequestFilter,
};

/// Words that more requests of a range hold are frequent.
const RARE: i64 = 20_000;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With all details.
    Details,
    /// With the first details.
    First,
    /// With the list.
    List,
}

/// What is asked of details, as `d`; its parameters are the first of the statement's.
#[derive(Debug, Clone)]
pub(super) struct WordFilter(String);

impl WordFilter {
    /// The conditions on details: the words of `text`, a range of times, and what the caller may see. `None` where the
    /// text has no words: nothing holds them then. `more` adds conditions.
    pub(super) fn new<'a>(
        c: &mut Conditions<'a>,
        d: Dialect,
        text: &str,
        scope: &'a Scope,
        (from_ms, to_ms): (i64, i64),
        more: impl FnOnce(&mut Conditions<'a>),
    ) -> Option<Self> {
        read::holds(c, d, text, scope)?;
        let (from, to) = (c.param(from_ms), c.param(to_ms));
        c.and(format!("d.at_ms >= {from} AND d.at_ms < {to}"));
        c.scope("d", d, scope);
        more(c);
        Some(Self(c.cut()))
    }

    /// Where to begin. To be asked while the statement has no other parameters.
    pub(super) async fn begin(
        &self,
        tx: &mut dyn SqlTx,
        c: &Conditions<'_>,
        filter: &RequestFilter,
        series: &SeriesChoice,
    ) -> Result<Begin> {
        // In no order, so that it ends as soon as it has found enough.
        let sql = format!(
            "SELECT 1 AS found FROM {} AS d WHERE {} LIMIT 1 OFFSET {RARE}",
            tx.dialect().table("request_log_detail"),
            self.0
        );
        if tx.fetch(sql, &c.params).await?.is_empty() {
            return Ok(Begin::Details);
        }
        let without_text = RequestFilter {
            text: None,
            ..filter.clone()
        };
        Ok(
            if without_text == RequestFilter::default() && *series == SeriesChoice::All {
                Begin::First
            } else {
                Begin::List
            },
        )
    }

    /// A statement of the first rows of the list for which `conditions` hold, too.
    pub(super) fn rows(
        &self,
        d: Dialect,
        begin: Begin,
        conditions: &str,
        order: &str,
        limit: &str,
    ) -> String {
        let (list, detail) = (d.table("request_log"), d.table("request_log_detail"));
        let held = &self.0;
        let from = match begin {
            Begin::List => {
                format!("{detail} AS d ON d.at_ms = r.at_ms AND d.id = r.id AND {held}")
            }
            Begin::First | Begin::Details => {
                let most = if begin == Begin::First {
                    format!("LIMIT {limit}")
                } else {
                    String::new()
                };
                // The order keeps Postgres from joining both as one.
                format!(
                    "(SELECT d.at_ms, d.id FROM {detail} AS d WHERE {held} \
                      ORDER BY d.at_ms {order}, d.id {order} {most}) AS w ON w.at_ms = r.at_ms AND w.id = r.id"
                )
            }
        };
        format!(
            "SELECT r.* FROM {list} AS r JOIN {from} WHERE {conditions} \
             ORDER BY r.at_ms {order}, r.id {order} LIMIT {limit}"
        )
    }
}
