//! What one statement of a read reads: some periods of one granularity, and some series or all.

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, Sqlite, query::Query, sqlite::SqliteArguments};

use super::{
    access::AccessPath,
    row::{SumRow, column},
};
use crate::{
    engine::{
        backend::{Result, Segment},
        damage::Damage,
    },
    query::Detail,
    sqlite::tx::{SqliteTx, json_numbers},
    store::StoreError,
    time::UnixSeconds,
};

/// Periods that are added up by one statement, whose sum is made before it is sent: it bounds the memory.
const PERIODS_A_SUM: i64 = 500;
/// Rows of one series from which on adding them up first is cheaper than to send them.
const WORTH_ADDING: usize = 2;

/// Periods of one granularity that one statement reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Whole periods.
    pub(super) segment: Segment,
    pub(super) path: AccessPath,
    /// Whether all periods lie in one step and there are so many of them that SQLite adds them up.
    pub(super) added: bool,
}

/// What becomes of a row of a part, whose key has one of the periods that were added up.
pub(super) type Each<'a> = dyn FnMut(&SumRow<'_>, &mut Option<Damage>) -> Result<()> + Send + 'a;

/// How reading ended.
enum End {
    /// All rows were handed on.
    Whole,
    /// A sum is larger than SQLite can add. The rows of the series before it were handed on.
    Overflow,
}

impl Part {
    /// Reads its rows, of the series in this list, with the columns of an answer of this detail, and hands them on
    /// one by one.
    ///
    /// # Errors
    /// Whatever `each` returns.
    pub(super) async fn read(
        self,
        tx: &mut SqliteTx,
        detail: Detail,
        series: &str,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let mut last = i64::MIN;
        if self.added {
            // Sums come in the order of their series.
            let mut noted = |row: &SumRow<'_>, damage: &mut Option<Damage>| {
                last = row.key.series_id;
                each(row, damage)
            };
            match self.stream(tx, detail, series, &mut noted).await? {
                End::Whole => return Ok(()),
                // Here such a sum is the largest number.
                End::Overflow => {}
            }
        }
        let part = Self {
            added: false,
            ..self
        };
        let mut rest = |row: &SumRow<'_>, damage: &mut Option<Damage>| {
            if row.key.series_id > last {
                each(row, damage)
            } else {
                Ok(())
            }
        };
        match part.stream(tx, detail, series, &mut rest).await? {
            End::Whole => Ok(()),
            End::Overflow => Err(StoreError::Corrupt("a count overflows".to_owned())),
        }
    }

    /// One statement.
    async fn stream(
        self,
        tx: &mut SqliteTx,
        detail: Detail,
        series: &str,
        each: &mut Each<'_>,
    ) -> Result<End> {
        let text = self.text(detail);
        // The rows borrow the connection, and what they are read into is another member.
        let SqliteTx { sql, damage, .. } = tx;
        let mut found = self.bind(&text, series).fetch(&mut **sql);
        loop {
            match found.try_next().await {
                Ok(Some(row)) => {
                    let row = SumRow::read(row.try_get(0)?, self.segment.granularity, detail)?;
                    each(&row, damage)?;
                }
                Ok(None) => return Ok(End::Whole),
                Err(error) if is_overflow(&error) => return Ok(End::Overflow),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Its statement.
    pub(super) fn text(self, detail: Detail) -> String {
        let series = self.path.series();
        let column = column(series, detail, self.added);
        let rows = self.path.rows(self.segment.granularity);
        let by = if self.added {
            format!(" GROUP BY {series}")
        } else {
            String::new()
        };
        format!("SELECT {column} FROM {rows}{by}")
    }

    /// The statement with its parameters, see [`AccessPath`].
    pub(super) fn bind<'q>(
        self,
        text: &'q str,
        series: &'q str,
    ) -> Query<'q, Sqlite, SqliteArguments> {
        // Only words of this file are in it.
        let query = sqlx::query(AssertSqlSafe(text.to_owned()))
            .bind(self.segment.from)
            .bind(self.segment.to);
        match self.path {
            AccessPath::All => query,
            AccessPath::Index | AccessPath::Filter => query.bind(series),
            AccessPath::Each => query
                .bind(series)
                .bind(json_numbers(self.segment.periods())),
        }
    }
}

/// Whether SQLite could not add numbers up because their sum is too large.
fn is_overflow(error: &sqlx::Error) -> bool {
    let of_database = error.as_database_error();
    of_database.is_some_and(|error| error.message() == "integer overflow")
}

/// Divides a segment into the parts that statements read: by the steps, where several periods of each step can be
/// added up, and by their number. Every period is in exactly one part. Without `add` no rows are added up.
pub(super) fn parts(
    segment: Segment,
    path: AccessPath,
    edges: &[UnixSeconds],
    add: bool,
) -> Vec<Part> {
    let within = |edge: &&UnixSeconds| segment.from < **edge && **edge < segment.to;
    let inner: Vec<UnixSeconds> = edges.iter().filter(within).copied().collect();
    let enough = segment.periods().len() >= WORTH_ADDING * (inner.len() + 1);
    let added = add && enough && path.adds_up();
    let mut ends = if added { inner } else { Vec::new() };
    ends.push(segment.to);
    let most = if added || path == AccessPath::Each {
        segment.granularity.seconds() * PERIODS_A_SUM
    } else {
        i64::MAX
    };
    let mut parts = Vec::new();
    let mut from = segment.from;
    for end in ends {
        while from < end {
            let to = end.min(from.saturating_add(most));
            let segment = Segment {
                from,
                to,
                ..segment
            };
            parts.push(Part {
                segment,
                path,
                added,
            });
            from = to;
        }
    }
    parts
}
