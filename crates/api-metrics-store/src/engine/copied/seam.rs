//! What the copy protocol needs of a database of buckets.
//!
//! As with `backend`, an implementation only carries out statements: it never decides which rows count, when a step is
//! due or in which order things happen.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

pub use super::columns::BucketColumns;
pub use crate::query::Detail;
use crate::{
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// A row as it is written: a bucket of one chunk of a flush batch. Two rows are one if table, period, series, instance,
/// number, chunk and epoch are equal.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CopiedRow {
    /// The start of its period in Unix seconds.
    pub period_start: UnixSeconds,
    /// The number of its series.
    pub series_id: i64,
    /// Whose flush batch it is of; nil in rows of a rollup.
    pub instance: Uuid,
    /// The number of the flush batch; 0 in rows of a rollup.
    pub number: u64,
    /// Which chunk of it.
    pub chunk: i32,
    /// The fold that copies it.
    pub epoch: i64,
    /// What it counts.
    pub columns: BucketColumns,
}

impl CopiedRow {
    /// A row of a period and a series, of a chunk of an instance's batch, copied by the fold `epoch`.
    #[must_use]
    pub const fn new(
        (period_start, series_id): (UnixSeconds, i64),
        (instance, number, chunk): (Uuid, u64, i32),
        epoch: i64,
        columns: BucketColumns,
    ) -> Self {
        Self {
            period_start,
            series_id,
            instance,
            number,
            chunk,
            epoch,
            columns,
        }
    }
}

/// The greatest numbers that may be in any row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announced {
    /// Of folds.
    pub epoch: i64,
    /// Of rollups.
    pub version: i64,
}

/// Rows that don't count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excluded {
    /// Of these folds, both included.
    pub epochs: (i64, i64),
    /// Of these series alone.
    pub series: Option<Vec<i64>>,
    /// Of this table alone, and of its periods from one to before another.
    pub periods: Option<(Granularity, UnixSeconds, UnixSeconds)>,
}

impl Excluded {
    /// All rows of these folds, both included.
    #[must_use]
    pub const fn epochs(from: i64, upto: i64) -> Self {
        Self {
            epochs: (from, upto),
            series: None,
            periods: None,
        }
    }
}

/// Which rows count: those of rollups, and those of flush batches whose fold was copied whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The last fold that was copied whole. Rows of flush batches above it don't count.
    pub epoch: i64,
    /// What counts neither way.
    pub excluded: Vec<Excluded>,
}

impl View {
    /// All rows up to this fold.
    #[must_use]
    pub const fn upto(epoch: i64) -> Self {
        Self {
            epoch,
            excluded: Vec::new(),
        }
    }
}

/// Which periods are made anew, all of one granularity.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rollup<'a> {
    /// The table that is written.
    pub granularity: Granularity,
    /// The next finer one, which is read.
    pub children: Granularity,
    /// The starts of the periods, ascending.
    pub periods: &'a [UnixSeconds],
    /// Which rows of the children count. What is written gets its epoch.
    pub view: &'a View,
    /// Replaces what has a smaller one.
    pub version: i64,
}

impl<'a> Rollup<'a> {
    /// Periods of `granularity`, made of the next finer table.
    #[must_use]
    pub const fn new(
        (granularity, children): (Granularity, Granularity),
        periods: &'a [UnixSeconds],
        view: &'a View,
        version: i64,
    ) -> Self {
        Self {
            granularity,
            children,
            periods,
            view,
            version,
        }
    }
}

/// What is summed of one table.
#[derive(Debug)]
#[non_exhaustive]
pub struct SumOf<'a> {
    /// The table.
    pub granularity: Granularity,
    /// Periods from one to before another, ascending.
    pub ranges: &'a [(UnixSeconds, UnixSeconds)],
    /// The edges of the steps, ascending. Step `i` is `[edges[i], edges[i + 1])`.
    pub edges: &'a [UnixSeconds],
    /// The numbers of the series, ascending.
    pub series: &'a [i64],
    /// Whether each series is summed by itself.
    pub by_series: bool,
    /// Which columns are needed.
    pub detail: Detail,
    /// Which rows count.
    pub view: &'a View,
}

impl<'a> SumOf<'a> {
    /// A sum of all these series together, without quantiles.
    #[must_use]
    pub const fn new(
        granularity: Granularity,
        (ranges, edges): (&'a [(UnixSeconds, UnixSeconds)], &'a [UnixSeconds]),
        series: &'a [i64],
        view: &'a View,
    ) -> Self {
        Self {
            granularity,
            ranges,
            edges,
            series,
            by_series: false,
            detail: Detail::Counts,
            view,
        }
    }
}

/// A part of a sum. Several may come for one series and step.
#[derive(Debug)]
#[non_exhaustive]
pub struct PartOfSum {
    /// The series, where each is summed by itself.
    pub series_id: i64,
    /// The index of the step.
    pub step: usize,
    /// The greatest epoch among rows of rollups that were added; 0 without any.
    pub rolled_up_at: i64,
    /// The sum.
    pub columns: BucketColumns,
}

impl PartOfSum {
    /// A part of the sum of a series and a step.
    #[must_use]
    pub const fn new(
        series_id: i64,
        step: usize,
        rolled_up_at: i64,
        columns: BucketColumns,
    ) -> Self {
        Self {
            series_id,
            step,
            rolled_up_at,
            columns,
        }
    }
}

/// Takes parts of sums as they come. An error ends the statement and is returned.
pub type IntoSum<'a> = dyn FnMut(PartOfSum) -> Result<(), StoreError> + Send + 'a;

/// A database that keeps buckets, while everything else stays in Postgres.
///
/// # Errors
/// `StoreError::Unavailable` and `StoreError::Timeout` where it can't be reached or does not answer in time,
/// `StoreError::Database` where another try won't help. After an error of a write nobody knows what of it has been
/// written; the caller writes the same again.
#[async_trait]
pub trait BucketDatabase: Send + Sync + Debug + 'static {
    /// Makes what is missing of its tables.
    async fn prepare(&self) -> Result<(), StoreError>;
    /// What was announced so far, by anybody.
    async fn announced(&self) -> Result<Announced, StoreError>;
    /// Notes that rows of these numbers may come.
    async fn announce(&self, what: Announced) -> Result<(), StoreError>;
    /// Writes rows of one table. Writing them twice is as good as once.
    async fn put(&self, granularity: Granularity, rows: Vec<CopiedRow>) -> Result<(), StoreError>;
    /// Makes periods anew from their children.
    async fn roll_up(&self, rollup: &Rollup<'_>) -> Result<(), StoreError>;
    /// The periods of which rollups of these folds have written rows, both included.
    async fn rolled_up(
        &self,
        granularity: Granularity,
        epochs: (i64, i64),
    ) -> Result<Vec<UnixSeconds>, StoreError>;
    /// Sums rows.
    async fn sum(&self, of: &SumOf<'_>, into: &mut IntoSum<'_>) -> Result<(), StoreError>;
    /// Removes rows of periods so far before `floor` that no failover brings back a time when they were read, whole
    /// partitions of them; answers how many.
    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<u64, StoreError>;
    /// What it is called and which version it has, such as `ClickHouse 26.9.2.1`.
    async fn version(&self) -> Result<String, StoreError>;
}
