//! What is answered.

use std::sync::Arc;

use crate::{
    bucket::Bucket,
    calendar::{Axis, Kept, Period},
    query::TimeRange,
    time::UnixSeconds,
};

/// The values of the dimensions that a query grouped by; `None` for all others.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Group {
    /// The start of the step, in Unix seconds.
    pub period_start: Option<UnixSeconds>,
    /// The recording service.
    pub service: Option<Arc<str>>,
    /// Its environment.
    pub environment: Option<Arc<str>>,
    /// `http` or `grpc`.
    pub protocol: Option<Arc<str>>,
    /// The method.
    pub method: Option<Arc<str>>,
    /// The route template.
    pub endpoint: Option<Arc<str>>,
    /// The number of the API key, 0 for none.
    pub api_key_id: Option<i64>,
    /// The user that the API key belongs to; empty where it belongs to none.
    pub user_id: Option<Arc<str>>,
    /// The team that the API key belongs to; empty where it belongs to none.
    pub team_id: Option<Arc<str>>,
}

/// One group and the sum of its records.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Which group.
    pub group: Group,
    /// The sum of its records, as far as the query's [`Detail`](crate::query::Detail) goes.
    pub bucket: Bucket,
    /// Whether its period is not cut where the zone's calendar says, or some of its records may belong to a
    /// neighbour.
    pub approximate: bool,
}

impl Row {
    /// A group and the sum of its records.
    #[must_use]
    pub const fn new(group: Group, bucket: Bucket) -> Self {
        Self {
            group,
            bucket,
            approximate: false,
        }
    }
}

/// The answer to a [`Query`](crate::query::Query).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The range that the rows cover: the one asked for, its edges snapped outward to the finest
    /// periods that the store still keeps there.
    pub range: TimeRange,
    /// The database's clock when the snapshot was taken, in microseconds since the Unix epoch.
    pub as_of_us: i64,
    /// Whether any row is approximate, or some records at the range's ends may belong outside: because of a
    /// period that was coarsened during an outage, or an [`Alignment`] other than the zone's own.
    ///
    /// [`Alignment`]: crate::calendar::Alignment
    pub approximate: bool,
    /// Whether stored bytes of the range can't be read, so that the answer leaves out latencies or
    /// statuses of some rows, or flush batches. The store's status names them.
    pub incomplete: bool,
    /// The periods that the rows' [`period_start`](Group::period_start)s begin, for a query by a step of the
    /// calendar.
    pub axis: Option<Arc<Axis>>,
    /// Since when the store keeps periods of each granularity, as of the snapshot.
    pub kept: Kept,
    /// Whether any series meets the filter, in the range or elsewhere: `false` for an endpoint or a key of
    /// which nothing has ever been recorded.
    pub matched: bool,
    /// The groups that have records, in the order of [`Group`].
    pub rows: Vec<Row>,
}

impl Answer {
    /// The period of a row, where the query divides its range by a step of the calendar.
    #[must_use]
    pub fn period(&self, row: &Row) -> Option<Period> {
        let axis = self.axis.as_ref()?;
        axis.period(axis.place(row.group.period_start?)?)
    }

    /// An exact answer over `range`, as of `as_of_us` microseconds since the Unix epoch. `rows` must be in
    /// the order of their groups.
    #[must_use]
    pub fn new(range: TimeRange, as_of_us: i64, rows: Vec<Row>) -> Self {
        Self {
            range,
            as_of_us,
            approximate: false,
            incomplete: false,
            rows,
            axis: None,
            kept: Kept::default(),
            matched: true,
        }
    }

    /// The only row of a query that grouped by nothing; `None` where nothing was recorded.
    #[must_use]
    pub fn total(&self) -> Option<&Bucket> {
        self.rows.first().map(|row| &row.bucket)
    }
}
