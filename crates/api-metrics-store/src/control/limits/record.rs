//! The rows of `rate_limit_utilization`, from the ledger.
//!
//! A row says how much of its limit a key used in a period of 1 minute, 5 minutes or an hour:
//! `requests * 100 / (limit * minutes)`. The limit is the one at the time of recording. Only periods with
//! requests of keys with a limit have rows.
//!
//! Recording goes on from the mark that the lease holds. It repeats the ten minutes before the mark,
//! for requests that were flushed late, and replaces their rows; it reaches back at most a day. Periods
//! that a coarsened span cuts are left out: their counts are not known by minute. Rows and mark are
//! written in one transaction.

use std::{collections::HashMap, time::Duration};

use super::{LimitSettings, UtilizationRow};
use crate::{
    control::ControlStore,
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// The lease of recording; its mark is the end of the last recorded minute.
const LEASE: &str = "utilization";
/// How long after their end periods are recorded again, in seconds, for requests that were flushed late.
const LATE_SECONDS: i64 = 600;
/// How far back to catch up after an outage, in seconds: minutes are kept for a day.
const CATCH_UP_SECONDS: i64 = 86_400;
/// The granularities that have rows.
const RECORDED: [Granularity; 3] = [
    Granularity::Minute,
    Granularity::FiveMinutes,
    Granularity::Hour,
];

/// Records the utilization of the periods that have ended since the last time, once a minute by one
/// process. A period counts as ended `delay` after its end. Answers how many rows were written;
/// `None` where it was not the time, or another process leads.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit; the next call goes on from the same point.
pub(in crate::control) async fn record_utilization(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    delay: Duration,
    own: Option<&Writer>,
) -> Result<Option<u64>, StoreError> {
    let delay = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX / 2);
    let Some(now) = store.acquire_lease(LEASE, 0).await? else {
        return Ok(None);
    };
    let end = Granularity::Minute.floor(now.saturating_sub(delay));
    // A clock that was ahead has left a mark ahead.
    let done = store
        .lease_done_to(LEASE)
        .await?
        .filter(|done| *done < end + 3_600);
    if done.is_some_and(|done| done >= end) {
        return Ok(None);
    }
    let since = done.unwrap_or(end - 60).max(end - CATCH_UP_SECONDS) - LATE_SECONDS;
    let limits: HashMap<i64, u64> = store
        .all_keys(&Scope::All)
        .await?
        .iter()
        .filter(|key| key.spec.enabled)
        .filter_map(|key| Some((key.id, settings.limit_of(key).filter(|l| *l > 0)?)))
        .collect();
    let mut rows = Vec::new();
    if !limits.is_empty() {
        let coarse = store
            .coarse_spans(TimeRange::new(Granularity::Hour.floor(since), end))
            .await?;
        for granularity in RECORDED {
            // Only periods that are over: the part of one would look like little use.
            let range = TimeRange::new(granularity.floor(since), granularity.floor(end));
            if range.is_empty() {
                continue;
            }
            for (key, start, made) in by_key(store, granularity, range, own).await? {
                let cut = coarse.iter().any(|(from, to)| {
                    let period_end = start + granularity.seconds();
                    *from < period_end && start < *to && !(start <= *from && *to <= period_end)
                });
                if let (Some(limit), false) = (limits.get(&key), cut) {
                    rows.push(row(key, granularity, start, made, *limit));
                }
            }
        }
    }
    rows.sort_by_key(|row| (row.api_key_id, row.granularity, row.period_start));
    store.put_utilization(&rows, LEASE, end).await?;
    let keep = i64::try_from(settings.retention.as_secs()).unwrap_or(i64::MAX / 2);
    store.forget_utilization(end.saturating_sub(keep)).await?;
    Ok(Some(rows.len() as u64))
}

/// Requests by key and period.
///
/// Keys are those with a number; requests without a key are left out. `own` adds what this process has
/// not flushed.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub(super) async fn by_key(
    store: &dyn Store,
    granularity: Granularity,
    range: TimeRange,
    own: Option<&Writer>,
) -> Result<Vec<(i64, UnixSeconds, u64)>, StoreError> {
    let query = Query {
        range,
        filter: Filter::default(),
        scope: Scope::All,
        group_by: GroupBy {
            api_key: true,
            time: Some(TimeStep::Fixed(granularity)),
            ..GroupBy::default()
        },
        detail: Detail::Counts,
        top: None,
        window: None,
        axis: None,
    };
    let held = own.map(|writer| {
        let held = writer.recorder.capture(&|_, minute| range.contains(minute));
        (writer, held)
    });
    let answer = store.read(&query, held).await?;
    Ok(answer
        .rows
        .iter()
        .filter_map(|row| {
            let key = row.group.api_key_id.filter(|key| *key > 0)?;
            Some((key, row.group.period_start?, row.bucket.request_count))
        })
        .collect())
}

/// The row of one key and period.
fn row(
    api_key_id: i64,
    granularity: Granularity,
    period_start: UnixSeconds,
    requests_made: u64,
    limit: u64,
) -> UtilizationRow {
    let minutes = (granularity.seconds() / 60).cast_unsigned();
    let rate_limit = limit.saturating_mul(minutes);
    UtilizationRow {
        api_key_id,
        granularity,
        period_start,
        requests_made,
        rate_limit,
        utilization_pct: requests_made as f64 * 100.0 / rate_limit as f64,
    }
}
