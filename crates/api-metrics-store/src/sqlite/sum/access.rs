//! How the rows of a read are found.
//!
//! | rows of | path | cost |
//! |---|---|---|
//! | five minutes and more, some series | [`Index`](AccessPath::Index): the index that begins with the series | the rows that are found |
//! | minutes, some series, more than eight times as many rows as lookups | [`Each`](AccessPath::Each): one lookup a series and minute | the lookups |
//! | minutes otherwise; a quarter of all series or more | [`Filter`](AccessPath::Filter): the range, and the series as a filter | the rows of the range |
//! | all series | [`All`](AccessPath::All): the range | the rows of the range |
//!
//! Minutes have no index that begins with the series, which every fold would pay for. How many rows their range
//! has is counted before, as far as it matters: a month of minutes may be full or hold a few rows.

use sqlx::AssertSqlSafe;

use crate::{
    engine::backend::{Result, Segment},
    sqlite::{rows, tx::SqliteTx},
    time::Granularity,
};

/// Lookups that are made without counting rows first.
const FEW_LOOKUPS: usize = 1_000;
/// Rows of a range that are passed in about a third of the time of a lookup, so that counting them costs less.
const ROWS_A_LOOKUP: usize = 8;
/// Series of which there may be many more: their number is not compared with that of all.
const FEW_SERIES: usize = 64;
/// From this part of all series on they are a filter: rows in the order of the table are read faster.
const PART_OF_ALL: usize = 4;

/// How the rows of some series and periods are found.
///
/// Parameters: `?1` the start and `?2` the end of the periods, `?3` the series and `?4` the periods as lists in
/// JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessPath {
    Index,
    Each,
    Filter,
    All,
}

impl AccessPath {
    /// The path to the rows of these series, or of all.
    pub(super) async fn of(
        tx: &mut SqliteTx,
        segment: Segment,
        series: Option<&[i64]>,
    ) -> Result<Self> {
        let Some(series) = series else {
            return Ok(Self::All);
        };
        if segment.granularity != Granularity::Minute {
            let many = series.len() > FEW_SERIES
                && series.len().saturating_mul(PART_OF_ALL) >= series_count(tx).await?;
            return Ok(if many { Self::Filter } else { Self::Index });
        }
        let lookups = series.len().saturating_mul(segment.periods().len());
        if lookups <= FEW_LOOKUPS {
            return Ok(Self::Each);
        }
        let few = lookups.saturating_mul(ROWS_A_LOOKUP);
        let more = rows_in(tx, segment, few.saturating_add(1)).await? > few;
        Ok(if more { Self::Each } else { Self::Filter })
    }

    /// The rows `m`, from FROM on. CROSS JOIN, `INDEXED BY` and the plus leave SQLite no choice: it knows neither
    /// how long the lists are nor, without ANALYZE, how many rows there are. Series come in ascending order by
    /// `Index` and `Each`, so that grouping by them sorts nothing.
    pub(super) fn rows(self, granularity: Granularity) -> String {
        let table = rows::table(granularity);
        let range = "m.period_start >= ?1 AND m.period_start < ?2";
        match self {
            Self::Index => format!(
                "{table} AS m INDEXED BY {table}_series \
                 WHERE m.series_id IN (SELECT value FROM json_each(?3)) AND {range}"
            ),
            Self::Each => format!(
                "api_metrics_series AS s CROSS JOIN {table} AS m \
                 ON m.series_id = s.id AND m.period_start IN (SELECT value FROM json_each(?4)) \
                 WHERE s.id IN (SELECT value FROM json_each(?3))"
            ),
            Self::Filter => format!(
                "{table} AS m WHERE {range} AND +m.series_id IN (SELECT value FROM json_each(?3))"
            ),
            Self::All => format!("{table} AS m WHERE {range}"),
        }
    }

    /// The column of the series, by which they are grouped.
    pub(super) const fn series(self) -> &'static str {
        match self {
            Self::Each => "s.id",
            Self::Index => "m.series_id",
            // With the plus: or SQLite might walk the whole index that begins with the series, to sort nothing.
            Self::Filter | Self::All => "+m.series_id",
        }
    }

    /// Whether its rows can be added up as they are found.
    pub(super) const fn adds_up(self) -> bool {
        !matches!(self, Self::Filter)
    }
}

/// How many series there are, or were. One lookup.
async fn series_count(tx: &mut SqliteTx) -> Result<usize> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM api_metrics_series")
        .fetch_one(&mut *tx.sql)
        .await?;
    Ok(usize::try_from(last.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// The rows of a segment, counted up to `most`.
async fn rows_in(tx: &mut SqliteTx, segment: Segment, most: usize) -> Result<usize> {
    let table = rows::table(segment.granularity);
    // Only words of this file are in it.
    let text = AssertSqlSafe(format!(
        "SELECT count(*) FROM \
         (SELECT 1 FROM {table} WHERE period_start >= ?1 AND period_start < ?2 LIMIT ?3)"
    ));
    let count: i64 = sqlx::query_scalar(text)
        .bind(segment.from)
        .bind(segment.to)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_one(&mut *tx.sql)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
