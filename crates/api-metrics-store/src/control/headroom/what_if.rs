//! What another limit or quota would have done to the last 24 hours.
//!
//! Counted from the buckets by minute, which are kept for a day, so it is known of keys without a limit too. A limit is
//! exceeded by what a minute has above it. A quota is exceeded by what came once it was used up: the period's requests
//! are numbered from its start on, and those of a minute count that lie above the quota. The minute in which it is used
//! up counts with the part that is above.
//!
//! | minute | requests | over a limit of 100 | used before | over a quota of 1,000 |
//! |---|---|---|---|---|
//! | 12:00 | 90 | 0 | 850 | 0 |
//! | 12:01 | 130 | 30 | 940 | 70 |
//! | 12:02 | 100 | 0 | 1,070 | 100 |

use std::collections::BTreeMap;

use super::{DAY, history};
use crate::{
    control::{keys::KeyRecord, quotas::QuotaSettings},
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// What was over a bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exceeded {
    /// Requests above it, or how much of a quota's unit.
    pub requests: u64,
    /// Minutes in which there were any.
    pub minutes: u64,
}

impl Exceeded {
    /// What was over it, in so many minutes.
    pub(in crate::control) const fn new(requests: u64, minutes: u64) -> Self {
        Self { requests, minutes }
    }

    /// Adds a minute of these requests under this limit.
    pub(super) const fn add(&mut self, requests: u64, limit: u64) {
        if requests > limit {
            self.requests = self.requests.saturating_add(requests - limit);
            self.minutes += 1;
        }
    }
}

/// What a limit and a quota would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WhatIf {
    /// The 24 hours, up to the running minute.
    pub range: TimeRange,
    /// Requests in them that limits count.
    pub requests: u64,
    /// The start of the busiest minute, and its requests; `None` where there was none.
    pub busiest: Option<(UnixSeconds, u64)>,
    /// What would have been over the limit; `None` where none was asked about.
    pub limit: Option<Exceeded>,
    /// What would have been over the quota; `None` where none was asked about.
    pub quota: Option<Exceeded>,
    /// Whether a part of the range is not known by minute: it was coarsened during an outage.
    pub approximate: bool,
}

/// What these bounds would have done to the last 24 hours of `key`, whatever it has. The quota has the key's unit and
/// period.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn what_if(
    store: &dyn Store,
    quotas: &QuotaSettings,
    key: &KeyRecord,
    (limit, quota): (Option<u64>, Option<u64>),
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<WhatIf, StoreError> {
    let minute = Granularity::Minute.floor(now);
    let range = TimeRange::new(minute - DAY + 60, minute + 60);
    let mut query = Query::over(range);
    query.filter = Filter::default();
    query.scope = Scope::Keys(vec![key.id]);
    query.group_by = GroupBy {
        time: Some(TimeStep::Fixed(Granularity::Minute)),
        ..GroupBy::default()
    };
    query.detail = Detail::Requests;
    let (minutes, coarse) = read(store, &query, own).await?;
    let mut found = WhatIf {
        range,
        requests: minutes.values().sum(),
        busiest: minutes
            .iter()
            .map(|(at, requests)| (*at, *requests))
            .rev()
            .max_by_key(|(_, requests)| *requests),
        limit: limit.map(|limit| {
            let mut over = Exceeded::default();
            for requests in minutes.values() {
                over.add(*requests, limit);
            }
            over
        }),
        quota: None,
        approximate: coarse,
    };
    if let Some(quota) = quota {
        found.quota = Some(over_quota(store, quotas, key, quota, range, own).await?);
    }
    Ok(found)
}

/// Requests by the starts of periods, and whether anything is coarser than a minute.
async fn read(
    store: &dyn Store,
    query: &Query,
    own: Option<&Writer>,
) -> Result<(BTreeMap<UnixSeconds, u64>, bool), StoreError> {
    let range = query.range;
    let held = own.map(|writer| {
        let held = writer.recorder.capture(&|_, minute| range.contains(minute));
        (writer, held)
    });
    let answer = store.read(query, held).await?;
    let coarse = answer.approximate || answer.incomplete || answer.range != range;
    let mut minutes = BTreeMap::new();
    for row in &answer.rows {
        if let Some(start) = row.group.period_start {
            *minutes.entry(start).or_default() += row.bucket.request_count;
        }
    }
    Ok((minutes, coarse))
}

/// What would have been over the quota: of each period that the range touches, from its start on.
async fn over_quota(
    store: &dyn Store,
    quotas: &QuotaSettings,
    key: &KeyRecord,
    quota: u64,
    range: TimeRange,
    own: Option<&Writer>,
) -> Result<Exceeded, StoreError> {
    let counted = async |range: TimeRange, granularity| {
        let query = history::by_time(range, vec![key.id], granularity);
        let held = own.map(|writer| {
            let held = writer.recorder.capture(&|_, minute| range.contains(minute));
            (writer, held)
        });
        let answer = store.read(&query, held).await?;
        let mut by_time: BTreeMap<UnixSeconds, u64> = BTreeMap::new();
        for row in &answer.rows {
            if let Some(start) = row.group.period_start {
                *by_time.entry(start).or_default() += quotas.counted(key, &row.bucket);
            }
        }
        Ok::<_, StoreError>(by_time)
    };
    let minutes = counted(range, Granularity::Minute).await?;
    let mut over = Exceeded::default();
    let mut at = range.from;
    while at < range.to {
        let period = quotas.period_of(key, at);
        let mut used: u64 = if period.from < at {
            let before = TimeRange::new(period.from, at);
            counted(before, Granularity::Day).await?.values().sum()
        } else {
            0
        };
        let end = period.to.min(range.to);
        for (_, requests) in minutes.range(at..end) {
            let end = used.saturating_add(*requests);
            let above = end.saturating_sub(quota.max(used));
            if above > 0 {
                over.requests = over.requests.saturating_add(above);
                over.minutes += 1;
            }
            used = end;
        }
        at = end;
    }
    Ok(over)
}
