//! What one statement of a read reads: some periods of one granularity, and some series or all.

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::access::AccessPath;
use crate::{
    engine::{
        backend::{Result, Segment},
        damage::Damage,
        sum::Key,
    },
    query::Detail,
    sqlite::tx::{SqliteTx, json_numbers},
    store::StoreError,
    time::UnixSeconds,
};

/// Periods that are added up by one statement, whose sum is made before it is sent: it bounds the memory.
const PERIODS_A_SUM: i64 = 500;
/// Rows of one series from which on adding them up first is cheaper than to send them.
const WORTH_ADDING: usize = 4;

/// The columns of the counts after the requests, in the order in which `rows::counts` reads them.
const COUNTS: [&str; 13] = [
    "error_count_4xx",
    "error_count_5xx",
    "aborted_count",
    "latency_sum_us",
    "latency_min_us",
    "latency_max_us",
    "latency_count",
    "ttfb_sum_us",
    "ttfb_count",
    "total_request_bytes",
    "total_response_bytes",
    "status_counts",
    "units",
];

/// The columns that an answer of this detail needs, as they stand or added up, after the period and the series.
fn columns(series: &str, detail: Detail, added: bool) -> String {
    let counts: &[&str] = match detail {
        Detail::Requests => &[],
        Detail::Counts | Detail::Quantiles => &COUNTS,
    };
    let sketch = (detail == Detail::Quantiles).then_some("latency_sketch");
    let all = ["request_count"]
        .iter()
        .chain(counts)
        .copied()
        .chain(sketch);
    let sum = |column: &str| match column {
        "latency_min_us" => format!("min(m.{column})"),
        "latency_max_us" => format!("max(m.{column})"),
        // Text of any bytes, and bytes again.
        "status_counts" | "units" | "latency_sketch" => {
            format!("CAST(group_concat(m.{column}, '') AS BLOB)")
        }
        _ => format!("sum(m.{column})"),
    };
    let plain = |column: &str| format!("m.{column}");
    let columns: Vec<String> = all
        .map(|column| if added { sum(column) } else { plain(column) })
        .collect();
    let period = if added {
        "min(m.period_start)"
    } else {
        "m.period_start"
    };
    format!("{period}, {series}, {}", columns.join(", "))
}

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
pub(super) type Each<'a> =
    dyn FnMut(&SqliteRow, Key, &mut Option<Damage>) -> Result<()> + Send + 'a;

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
            let mut noted = |row: &SqliteRow, key: Key, damage: &mut Option<Damage>| {
                last = key.series_id;
                each(row, key, damage)
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
        let mut rest = |row: &SqliteRow, key: Key, damage: &mut Option<Damage>| {
            if key.series_id > last {
                each(row, key, damage)
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
                Ok(Some(row)) => each(&row, self.key(&row)?, damage)?,
                Ok(None) => return Ok(End::Whole),
                Err(error) if is_overflow(&error) => return Ok(End::Overflow),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Its statement.
    pub(super) fn text(self, detail: Detail) -> String {
        let series = self.path.series();
        let columns = columns(series, detail, self.added);
        let rows = self.path.rows(self.segment.granularity);
        let by = if self.added {
            format!(" GROUP BY {series}")
        } else {
            String::new()
        };
        format!("SELECT {columns} FROM {rows}{by}")
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

    fn key(self, row: &SqliteRow) -> Result<Key> {
        Ok(Key {
            granularity: self.segment.granularity,
            period_start: row.try_get(0)?,
            series_id: row.try_get(1)?,
        })
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
