//! Takes an import back, where that is exact.
//!
//! Buckets hold sums, in which an import's requests can't be told from others. So buckets are removed as a whole, those
//! of the import's service and environment over the periods that it fell into, and only if they hold nothing else:
//! counts are exact, so as many requests as the import has brought can be no other ones.
//!
//! # Order
//!
//! 1. Take the leader's lock, so that nobody adds to buckets. Whoever does not get it does nothing.
//! 2. Refuse where the import has flush batches that are not folded, or has flushed since it was looked at.
//! 3. Widen the range of its requests to whole periods of the finest granularities that are kept there.
//! 4. Count the requests in the base buckets there. Other than the import's: refuse.
//! 5. Remove these buckets, coarser ones that overlap them, and their entries in the period counts.
//! 6. Mark coarser periods that reach beyond the range as dirty: the rollup makes them anew from what is left.
//! 7. Remove the import from the ledger, move its fence out of reach, and commit. Whoever still runs it is superseded.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    engine::{
        backend::{Floors, Mode, Result, Tx},
        copied,
        fold::lead,
        period_counts,
        sql::{BeginTx, Dialect, SqlTx, params},
    },
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
};

/// Further than the numbers that a process takes for flushes which fail.
const OUT_OF_REACH: u64 = 1 << 32;

/// What an import has brought, as its ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedRequests {
    /// The import.
    pub id: Uuid,
    /// Its service.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Requests that it has recorded.
    pub requests: u64,
    /// When the earliest of them finished, in Unix seconds.
    pub first: UnixSeconds,
    /// When the latest did.
    pub last: UnixSeconds,
    /// The number of the flush that brought the last of them: its [`fence`](crate::control::ControlStore::fence).
    pub fence: u64,
}

impl ImportedRequests {
    /// The requests of an import up to the flush `fence`, with the times of the earliest and the latest.
    #[must_use]
    pub fn new(
        import: &super::ImportRecord,
        requests: u64,
        (first, last): (UnixSeconds, UnixSeconds),
        fence: u64,
    ) -> Self {
        Self {
            id: import.id,
            service: import.service.clone(),
            environment: import.environment.clone(),
            requests,
            first,
            last,
            fence,
        }
    }
}

/// What became of an attempt to take an import back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportUndo {
    /// It is gone.
    Done {
        /// Unix seconds of the start of the periods that were emptied.
        from: UnixSeconds,
        /// Their end.
        to: UnixSeconds,
    },
    /// The service has other requests in the same periods, or fewer: nothing was changed.
    Mixed {
        /// Unix seconds of the start of these periods.
        from: UnixSeconds,
        /// Their end.
        to: UnixSeconds,
        /// Requests in them.
        requests: u64,
    },
    /// The import has flushed since it was looked at, so a process still runs it: nothing was changed.
    Running,
    /// Another process leads at the moment, or the import is not folded yet: nothing was changed.
    Busy,
}

pub(crate) async fn undo_import(
    store: &dyn BeginTx,
    import: &ImportedRequests,
) -> Result<ImportUndo> {
    let mut tx = store.begin(Mode::Lead).await?;
    let done = undo_in(&mut *tx, import).await?;
    tx.commit().await?;
    Ok(done)
}

async fn undo_in(tx: &mut dyn Tx, import: &ImportedRequests) -> Result<ImportUndo> {
    let Some(meta) = lead(tx).await? else {
        return Ok(ImportUndo::Busy);
    };
    if tx.pending().await?.iter().any(|one| one.id == import.id) {
        return Ok(ImportUndo::Busy);
    }
    // Its lock is kept until the end: nothing of this import is committed meanwhile.
    if tx.fence(import.id).await?.unwrap_or_default() != import.fence {
        return Ok(ImportUndo::Running);
    }
    let elsewhere = if tx.copies_buckets() {
        let Some(copy) = copied::exclude::begin(tx).await? else {
            return Ok(ImportUndo::Busy);
        };
        Some(copy)
    } else {
        None
    };
    let (floors, d) = (meta.floors, tx.dialect());
    let (from, to) = whole_periods(&floors, import.first, import.last);
    let series = series(tx, import, None).await?;
    let base = match &elsewhere {
        Some(_) => self::series(tx, import, Some(SeriesKind::Base)).await?,
        None => HashSet::new(),
    };
    let base: Vec<i64> = base.into_iter().collect();
    let mut requests = 0;
    for (granularity, from, to) in segments(&floors, from, to) {
        if elsewhere.is_some() {
            requests += copied::exclude::requests(tx, granularity, (from, to), &base).await?;
            continue;
        }
        let sql = format!(
            "SELECT CAST(coalesce(sum(m.request_count), 0) AS bigint) AS requests FROM {table} AS m \
             JOIN {series} AS s ON s.id = m.series_id \
             WHERE s.service = $1 AND s.environment = $2 AND s.kind = $3 \
               AND m.period_start >= {from} AND m.period_start < {to}",
            table = buckets(d, granularity),
            series = d.table("series"),
            from = d.at("$4"),
            to = d.at("$5"),
        );
        let kind = i64::from(SeriesKind::Base.code());
        let values = params![&import.service, &import.environment, kind, from, to];
        for row in tx.fetch(sql, values).await? {
            requests += row.int("requests")?.unsigned_abs();
        }
    }
    if requests != import.requests {
        return Ok(ImportUndo::Mixed { from, to, requests });
    }
    let mut dirty = Vec::new();
    for granularity in Granularity::ALL {
        // Of what lies below its floor nothing is left to be read.
        let start = granularity.floor(from).max(floors.of(granularity));
        let end = granularity.floor(to - 1) + granularity.seconds();
        if start >= end {
            continue;
        }
        if let Some(copy) = &elsewhere {
            let ids = series.iter().copied().collect();
            copied::exclude::remove(tx, copy, granularity, (start, end), ids).await?;
        } else {
            let sql = format!(
                "DELETE FROM {table} WHERE period_start >= {from} AND period_start < {to} AND series_id IN \
               (SELECT id FROM {series} WHERE service = $1 AND environment = $2)",
                table = buckets(d, granularity),
                series = d.table("series"),
                from = d.at("$3"),
                to = d.at("$4"),
            );
            let values = params![&import.service, &import.environment, start, end];
            tx.execute(sql, values).await?;
            period_counts::remove(tx, granularity, (start, end), &series).await?;
        }
        let edges = [
            (start < from, start),
            (end > to, end - granularity.seconds()),
        ];
        let reaching = edges.into_iter().filter(|(reaches, _)| *reaches);
        dirty.extend(reaching.map(|(_, period)| (granularity, period)));
    }
    if let Some(copy) = &elsewhere {
        copied::exclude::end(tx, copy).await?;
    }
    dirty.dedup();
    if !dirty.is_empty() {
        tx.mark_dirty(&dirty, meta.now()).await?;
    }
    let sql = format!("DELETE FROM {} WHERE id = $1", d.table("imports"));
    tx.execute(sql, params![import.id]).await?;
    let now = meta.now();
    tx.advance(import.id, import.fence.saturating_add(OUT_OF_REACH), now)
        .await?;
    tx.end(import.id, now).await?;
    Ok(ImportUndo::Done { from, to })
}

/// The numbers of the series of the import's service, of this kind or of all, aggregate ones among them: they sum over nothing else.
async fn series(
    tx: &mut dyn SqlTx,
    import: &ImportedRequests,
    kind: Option<SeriesKind>,
) -> Result<HashSet<i64>> {
    let table = tx.dialect().table("series");
    let sql = format!(
        "SELECT id FROM {table} WHERE service = $1 AND environment = $2 AND ($3 IS NULL OR kind = $3)"
    );
    let kind = kind.map(|kind| i64::from(kind.code()));
    let values = params![&import.service, &import.environment, kind];
    let rows = tx.fetch(sql, values).await?;
    rows.iter().map(|row| row.int("id")).collect()
}

/// The range of the finest periods that are kept and contain all from `first` to `last`.
fn whole_periods(
    floors: &Floors,
    first: UnixSeconds,
    last: UnixSeconds,
) -> (UnixSeconds, UnixSeconds) {
    let (begins, ends) = (floors.finest_at(first), floors.finest_at(last));
    (begins.floor(first), ends.floor(last) + ends.seconds())
}

/// A range by the finest granularity that is kept of each part of it.
fn segments(
    floors: &Floors,
    from: UnixSeconds,
    to: UnixSeconds,
) -> impl Iterator<Item = (Granularity, UnixSeconds, UnixSeconds)> {
    let mut end = to;
    Granularity::ALL.into_iter().filter_map(move |granularity| {
        let start = from.max(floors.of(granularity)).min(end);
        let segment = (granularity, start, end);
        end = start;
        (segment.1 < segment.2).then_some(segment)
    })
}

/// The table of a granularity's buckets.
fn buckets(d: Dialect, granularity: Granularity) -> String {
    match d {
        Dialect::Postgres => d.table(&format!("metrics_{granularity}")),
        Dialect::Sqlite => d.table(granularity.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_by_the_finest_granularity_that_is_kept_of_each_part() {
        const DAY: i64 = 86_400;
        let floors = Floors([20 * DAY + 3_600, 20 * DAY, 14 * DAY, 0]);
        let (from, to) = whole_periods(&floors, 10 * DAY + 5, 20 * DAY + 3_661);
        assert_eq!((from, to), (10 * DAY, 20 * DAY + 3_720));
        let all: Vec<_> = segments(&floors, from, to).collect();
        assert_eq!(
            all,
            [
                (Granularity::Minute, 20 * DAY + 3_600, 20 * DAY + 3_720),
                (Granularity::FiveMinutes, 20 * DAY, 20 * DAY + 3_600),
                (Granularity::Hour, 14 * DAY, 20 * DAY),
                (Granularity::Day, 10 * DAY, 14 * DAY),
            ]
        );
        let (from, to) = whole_periods(&floors, 15 * DAY + 5, 15 * DAY + 6);
        assert_eq!((from, to), (15 * DAY, 15 * DAY + 3_600));
        let all: Vec<_> = segments(&floors, from, to).collect();
        assert_eq!(all, [(Granularity::Hour, from, to)]);
    }
}
