//! The statements that sum buckets for a read.
//!
//! A row that leaves SQLite costs more than to find it: every column is copied, and the rows of a connection
//! come through a channel. So a statement reads no column that the answer does not need, finds no row that
//! it does not need, and adds up by itself the rows that become one.
//!
//! | series | rows are found by |
//! |---|---|
//! | up to 64, periods of five minutes and more | the index that begins with the series |
//! | whose numbers lie side by side | the primary key, a range of numbers a period |
//! | others | the primary key, one by one |
//! | all, for a rollup | the primary key, the whole range |
//!
//! Many series are read a block of them after another, which bounds the memory. Status counts, units and
//! sketches add by concatenation, as everywhere. A careful transaction reads each row by itself.

use std::collections::{HashMap, hash_map::Entry};

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    rows,
    tx::{SqliteTx, json_numbers},
};
use crate::{
    bucket::Bucket,
    engine::{
        backend::{PartialSum, Result, Segment, Series, SeriesSum, Sink, SumRequest},
        damage::Damage,
        sum::Key,
    },
    query::Detail,
    sketch::SketchKind,
    time::{Granularity, UnixSeconds},
};

/// Series up to which each is looked up by the index that begins with it.
const FEW_SERIES: usize = 64;
/// Series that are read by one statement. Their sums are all made before the first of them is read.
const SERIES_A_BLOCK: usize = 128;
/// Numbers that a range may have for each series that is wanted.
const MOST_WASTE: i64 = 2;
/// Periods that are read by one statement.
const PERIODS_A_STATEMENT: i64 = 500;
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

/// The columns that an answer of this detail needs, as they stand or added up.
fn columns(detail: Detail, added: bool) -> String {
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
    format!("{period}, m.series_id, {}", columns.join(", "))
}

/// How the rows of some series and periods are found. Both are lists in JSON: `?1` the periods, `?2` the
/// series; or `?1` the first period and `?3` the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccessPath {
    /// By the index that begins with the series.
    Index,
    /// By a range of the primary key for each period: from `?3` to `?4`.
    Range,
    /// One by one by the primary key.
    Each,
    /// All series of the whole range.
    All,
}

impl AccessPath {
    /// How the rows of these series, which ascend, are found.
    fn of(granularity: Granularity, all: usize, block: &[i64]) -> Self {
        let (Some(first), Some(last)) = (block.first(), block.last()) else {
            return Self::Each;
        };
        let wanted = i64::try_from(block.len()).unwrap_or(i64::MAX);
        if all <= FEW_SERIES && granularity != Granularity::Minute {
            Self::Index
        } else if (last - first) / MOST_WASTE < wanted && block.len() > 1 {
            Self::Range
        } else {
            Self::Each
        }
    }

    /// The rows, after FROM. CROSS JOIN keeps the order: SQLite would not know which list is the shorter one.
    fn rows(self, granularity: Granularity) -> String {
        let table = rows::table(granularity);
        match self {
            Self::Index => format!(
                "json_each(?2) AS s CROSS JOIN {table} AS m ON m.series_id = s.value \
                 AND m.period_start >= ?1 AND m.period_start < ?3"
            ),
            Self::Range => format!(
                "json_each(?1) AS p CROSS JOIN {table} AS m ON m.period_start = p.value \
                 AND m.series_id BETWEEN ?3 AND ?4 AND m.series_id IN (SELECT value FROM json_each(?2))"
            ),
            Self::Each => format!(
                "json_each(?1) AS p CROSS JOIN json_each(?2) AS s CROSS JOIN {table} AS m \
                 ON m.period_start = p.value AND m.series_id = s.value"
            ),
            Self::All => format!("{table} AS m WHERE m.period_start >= ?1 AND m.period_start < ?3"),
        }
    }
}

/// Some periods of one granularity and some series: what one statement reads.
#[derive(Clone, Copy)]
struct Part<'a> {
    granularity: Granularity,
    path: AccessPath,
    /// Whole periods.
    from: UnixSeconds,
    to: UnixSeconds,
    /// Ascending.
    series: &'a [i64],
    /// Whether all periods lie in one step and there are so many of them that SQLite adds them up.
    added: bool,
}

/// What becomes of a row of a part, whose key has one of the periods that were added up.
type Each<'a> = dyn FnMut(&SqliteRow, Key, &mut Option<Damage>) -> Result<()> + Send + 'a;

impl Part<'_> {
    /// Reads its rows, with the columns of an answer of this detail, and hands them on one by one.
    ///
    /// # Errors
    /// Whatever `each` returns.
    async fn read(self, tx: &mut SqliteTx, detail: Detail, each: &mut Each<'_>) -> Result<()> {
        if self.added {
            match self.fetch(tx, detail).await {
                Ok(found) => {
                    return found
                        .iter()
                        .try_for_each(|row| each(row, self.key(row)?, &mut tx.damage));
                }
                // A sum that no integer of SQLite's can hold: here it is the largest.
                Err(error) if is_overflow(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let part = Self {
            added: false,
            ..self
        };
        let text = part.text(detail);
        let series = json_numbers(part.series.iter().copied());
        // The rows borrow the connection, and what they are read into is another member.
        let SqliteTx { sql, damage, .. } = tx;
        let mut found = part.bind(&text, &series).fetch(&mut **sql);
        while let Some(row) = found.try_next().await? {
            each(&row, part.key(&row)?, damage)?;
        }
        Ok(())
    }

    /// All of its rows at once.
    async fn fetch(self, tx: &mut SqliteTx, detail: Detail) -> sqlx::Result<Vec<SqliteRow>> {
        let text = self.text(detail);
        let series = json_numbers(self.series.iter().copied());
        self.bind(&text, &series).fetch_all(&mut *tx.sql).await
    }

    fn text(self, detail: Detail) -> String {
        let columns = columns(detail, self.added);
        let rows = self.path.rows(self.granularity);
        let by = if self.added {
            " GROUP BY m.series_id"
        } else {
            ""
        };
        format!("SELECT {columns} FROM {rows}{by}")
    }

    fn bind<'q>(self, text: &'q str, series: &'q str) -> Query<'q, Sqlite, SqliteArguments> {
        // Only words of this file are in it.
        let query = sqlx::query(AssertSqlSafe(text.to_owned()));
        match self.path {
            AccessPath::Index | AccessPath::All => query.bind(self.from).bind(series).bind(self.to),
            AccessPath::Range | AccessPath::Each => query
                .bind(json_numbers(self.periods()))
                .bind(series)
                .bind(self.series.first().copied())
                .bind(self.series.last().copied()),
        }
    }

    fn key(self, row: &SqliteRow) -> Result<Key> {
        Ok(Key {
            granularity: self.granularity,
            period_start: row.try_get(0)?,
            series_id: row.try_get(1)?,
        })
    }

    fn segment(self) -> Segment {
        Segment {
            granularity: self.granularity,
            from: self.from,
            to: self.to,
        }
    }

    fn periods(self) -> impl ExactSizeIterator<Item = UnixSeconds> {
        self.segment().periods()
    }
}

/// Whether SQLite could not add numbers up because their sum is too large.
fn is_overflow(error: &sqlx::Error) -> bool {
    let of_database = error.as_database_error();
    of_database.is_some_and(|error| error.message() == "integer overflow")
}

/// The parts of these segments for series that ascend, or for all of them. Every period of every series is in
/// exactly one part. Without `add` no rows are added up.
fn parts<'a>(
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Option<&'a [i64]>,
    add: bool,
) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for segment in segments {
        let (pieces, added) = pieces(*segment, edges, add);
        for piece in pieces {
            let mut push = |path, series| {
                parts.push(Part {
                    granularity: segment.granularity,
                    path,
                    from: piece.0,
                    to: piece.1,
                    series,
                    added,
                });
            };
            match series {
                None => push(AccessPath::All, &[]),
                Some(all) => {
                    for block in all.chunks(SERIES_A_BLOCK) {
                        let path = AccessPath::of(segment.granularity, all.len(), block);
                        push(path, block);
                    }
                }
            }
        }
    }
    parts
}

/// Divides a segment into what statements read: by the steps, where several periods of each step can be added
/// up; and by their number. Says whether they are added up.
fn pieces(
    segment: Segment,
    edges: &[UnixSeconds],
    add: bool,
) -> (Vec<(UnixSeconds, UnixSeconds)>, bool) {
    let within = |edge: &&UnixSeconds| segment.from < **edge && **edge < segment.to;
    let inner: Vec<UnixSeconds> = edges.iter().filter(within).copied().collect();
    let added = add && segment.periods().len() >= WORTH_ADDING * (inner.len() + 1);
    let mut ends = if added { inner } else { Vec::new() };
    ends.push(segment.to);
    let most = segment.granularity.seconds() * PERIODS_A_STATEMENT;
    let mut pieces = Vec::new();
    let mut from = segment.from;
    for end in ends {
        while from < end {
            let to = end.min(from + most);
            pieces.push((from, to));
            from = to;
        }
    }
    (pieces, added)
}

/// The step that a period belongs to, where it belongs to any.
fn step_of(edges: &[UnixSeconds], period_start: UnixSeconds) -> Option<usize> {
    edges
        .partition_point(|edge| *edge <= period_start)
        .checked_sub(1)
}

/// Whether rows may be added up before they are read: a careful transaction looks at each, and in a file of
/// UTF-16 bytes would be changed on their way through a text.
async fn adds_up(tx: &mut SqliteTx) -> Result<bool> {
    if tx.damage.is_some() {
        return Ok(false);
    }
    let encoding: String = sqlx::query_scalar("PRAGMA encoding")
        .fetch_one(&mut *tx.sql)
        .await?;
    Ok(encoding == "UTF-8")
}

/// The counts and sketches of a row of an answer of this detail.
fn read<'r>(
    row: &'r SqliteRow,
    key: Key,
    detail: Detail,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<(Bucket, &'r [u8])> {
    Ok(match detail {
        Detail::Requests => {
            let mut counts = Bucket::new(kind);
            counts.request_count = row.try_get::<i64, _>(2)?.cast_unsigned();
            (counts, &[])
        }
        Detail::Counts => (rows::counts(row, key, kind, damage)?, &[]),
        Detail::Quantiles => (
            rows::counts(row, key, kind, damage)?,
            rows::sketch(row, key, kind, damage)?,
        ),
    })
}

/// See `ReadTx::sum`.
pub(super) async fn sum(
    tx: &mut SqliteTx,
    request: &SumRequest<'_>,
    into: &mut Sink<'_>,
) -> Result<()> {
    let kind = tx.sketch_kind().await?;
    let add = adds_up(tx).await?;
    let (ids, groups): (Vec<i64>, Vec<i32>) = request.series.iter().copied().unzip();
    for part in parts(request.segments, request.edges, Some(&ids), add) {
        let mut each = |row: &SqliteRow, key: Key, damage: &mut Option<Damage>| {
            let place = ids.binary_search(&key.series_id).ok();
            let group = place.and_then(|place| groups.get(place));
            let (Some(step), Some(group)) = (step_of(request.edges, key.period_start), group)
            else {
                return Ok(());
            };
            let (counts, sketches) = read(row, key, request.detail, kind, damage)?;
            into(PartialSum {
                group: usize::try_from(*group).unwrap_or(usize::MAX),
                step,
                counts,
                sketches,
            })
        };
        part.read(tx, request.detail, &mut each).await?;
    }
    Ok(())
}

/// See `ReadTx::sum_by_series`. Sums in memory, one entry a series and step.
pub(super) async fn sum_by_series(
    tx: &mut SqliteTx,
    granularity: Granularity,
    segments: &[Segment],
    edges: &[UnixSeconds],
    series: Series<'_>,
    quantiles: bool,
) -> Result<Vec<SeriesSum>> {
    let kind = tx.sketch_kind().await?;
    let add = adds_up(tx).await?;
    let detail = if quantiles {
        Detail::Quantiles
    } else {
        Detail::Counts
    };
    let ids = match series {
        Series::All => None,
        Series::Ids(ids) => {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            Some(ids)
        }
    };
    let segments: Vec<Segment> = segments
        .iter()
        .map(|segment| Segment {
            granularity,
            ..*segment
        })
        .collect();
    let mut sums: HashMap<(i64, usize), SeriesSum> = HashMap::new();
    for part in parts(&segments, edges, ids.as_deref(), add) {
        let mut each = |row: &SqliteRow, key: Key, damage: &mut Option<Damage>| {
            let Some(step) = step_of(edges, key.period_start) else {
                return Ok(());
            };
            let (counts, sketches) = read(row, key, detail, kind, damage)?;
            match sums.entry((key.series_id, step)) {
                Entry::Occupied(sum) => {
                    let sum = sum.into_mut();
                    sum.counts.merge(&counts)?;
                    sum.sketches.extend_from_slice(sketches);
                }
                Entry::Vacant(none) => {
                    none.insert(SeriesSum {
                        series_id: key.series_id,
                        step,
                        counts,
                        sketches: sketches.to_vec(),
                    });
                }
            }
            Ok(())
        };
        part.read(tx, detail, &mut each).await?;
    }
    Ok(sums.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn segment(granularity: Granularity, from: UnixSeconds, periods: i64) -> Segment {
        Segment {
            granularity,
            from,
            to: from + periods * granularity.seconds(),
        }
    }

    #[test]
    fn series_side_by_side_are_a_range_and_others_are_looked_up() {
        let path = |ids: &[i64]| AccessPath::of(Granularity::Hour, 1_000, ids);
        assert_eq!(path(&[7, 8, 9, 11]), AccessPath::Range);
        assert_eq!(path(&[7, 800, 9_000]), AccessPath::Each);
        assert_eq!(path(&[7]), AccessPath::Each);
        let few = |granularity| AccessPath::of(granularity, 2, &[7, 800]);
        assert_eq!(few(Granularity::Hour), AccessPath::Index);
        assert_eq!(
            few(Granularity::Minute),
            AccessPath::Each,
            "minutes have no such index"
        );
    }

    #[test]
    fn periods_of_one_step_are_added_up_where_there_are_several() {
        let day = segment(Granularity::Hour, 0, 24);
        assert_eq!(pieces(day, &[0, 86_400], true), (vec![(0, 86_400)], true));
        assert_eq!(
            pieces(day, &[0, 43_200, 86_400], true),
            (vec![(0, 43_200), (43_200, 86_400)], true)
        );
        let hours: Vec<UnixSeconds> = (0..=24).map(|hour| hour * 3_600).collect();
        assert_eq!(pieces(day, &hours, true), (vec![(0, 86_400)], false));
        assert_eq!(pieces(day, &[0, 86_400], false), (vec![(0, 86_400)], false));
    }

    #[test]
    fn every_period_is_in_one_piece_however_many_there_are() {
        let minutes = segment(Granularity::Minute, 600, 1_201);
        for edges in [vec![0, 1_000_000], vec![0, 6_000, 36_060, 1_000_000]] {
            for add in [false, true] {
                let (pieces, _) = pieces(minutes, &edges, add);
                assert_eq!(pieces.first().map(|piece| piece.0), Some(minutes.from));
                assert_eq!(pieces.last().map(|piece| piece.1), Some(minutes.to));
                assert!(pieces.windows(2).all(|two| two[0].1 == two[1].0));
                assert!(pieces.iter().all(|(from, to)| to - from <= 500 * 60));
            }
        }
    }
}
