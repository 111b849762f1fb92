//! How much room keys have left: limits and quotas side by side, and who hits theirs first.
//!
//! | file | says |
//! |---|---|
//! | `mod` | the list: a key's limit and quota now, its busiest minute of 24 hours, its 429s, its forecasts |
//! | `forecast` | what the same hours of the last four weeks say of the hours to come |
//! | `history` | reads those hours |
//! | `what_if` | what another limit or quota would have done to the last 24 hours |
//!
//! # Order
//!
//! Whoever hits first comes first: those that have hit a bound now, then by the time that a forecast names. Keys that hit
//! none follow by how much of a bound they have used: of the quota, or of the limit in their busiest minute.
//!
//! # The last 24 hours
//!
//! The busiest minute is that of the history of utilization, and of the two minutes that are not recorded yet. So it is
//! known from when on the key had a limit. The answers with a status of 429 are those of the service: it enforces the
//! limit, and it says so.

mod forecast;
mod history;
mod what_if;

use std::{cmp::Reverse, collections::HashMap};

pub use forecast::Forecast;
pub(super) use history::{HourHit, MinutePeak};
pub use what_if::{Exceeded, WhatIf, what_if};

use super::{
    ControlStore,
    keys::KeyRecord,
    limits::{LimitNow, LimitSettings, limits_of},
    quotas::{QuotaSettings, QuotaUsage, quota_usage},
};
use crate::{
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange},
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// The day that is looked back on, in seconds.
const DAY: i64 = 86_400;

/// How a key stands towards its rate limit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LimitRoom {
    /// The running minute and the one before.
    pub now: LimitNow,
    /// The start of the busiest minute of the last 24 hours, and its requests; `None` where none is recorded.
    pub busiest: Option<(UnixSeconds, u64)>,
    /// What was over the limit of today in those minutes.
    pub exceeded: Exceeded,
    /// Whether it will reach the limit within the next 24 hours.
    pub forecast: Forecast,
}

/// How a key stands towards its quota.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct QuotaRoom {
    /// What was used of it.
    pub usage: QuotaUsage,
    /// Whether it will be used up within its period.
    pub forecast: Forecast,
}

/// How a key stands towards all of its bounds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Headroom {
    /// The key.
    pub key: KeyRecord,
    /// Its rate limit; `None` where it has none.
    pub limit: Option<LimitRoom>,
    /// Its quota; `None` where it has none.
    pub quota: Option<QuotaRoom>,
    /// Its requests in the last 24 hours.
    pub requests: u64,
    /// Those of them that were answered with 429.
    pub refused: u64,
    /// When it hits the first of its bounds; the moment of the count where it has hit one. `None`: no forecast says so.
    pub hits_at: Option<UnixSeconds>,
    /// What is used of the bound that is nearest, in millionths: of the quota, or of the limit in the busiest minute.
    pub used_millionths: u64,
}

impl Headroom {
    /// Its place in the list: who hits first, then who has used most, then by number.
    #[must_use]
    pub fn rank(&self) -> (UnixSeconds, Reverse<u64>, i64) {
        (
            self.hits_at.unwrap_or(UnixSeconds::MAX),
            Reverse(self.used_millionths),
            self.key.id,
        )
    }
}

/// The enabled keys in `scope` that have a limit or a quota, whoever hits first at the front; unfolded data included,
/// and what `own` has not flushed yet.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn headroom(
    store: &dyn ControlStore,
    limits: &LimitSettings,
    quotas: &QuotaSettings,
    scope: &Scope,
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<Vec<Headroom>, StoreError> {
    let mut keys = store.all_keys(scope).await?;
    keys.retain(|key| {
        key.spec.enabled && (limits.limit_of(key).is_some() || quotas.quota_of(key).is_some())
    });
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut rooms = limit_rooms(store, limits, scope, &keys, now, own).await?;
    let usage = quota_usage(store, quotas, &keys, now, own).await?;
    let mut exhaustions = history::exhaustions(store, quotas, &usage, now, own).await?;
    let mut usage: HashMap<i64, QuotaUsage> = usage.into_iter().map(|u| (u.key.id, u)).collect();
    let answered = answered(store, &keys, now, own).await?;
    let mut all: Vec<Headroom> = keys
        .into_iter()
        .map(|key| {
            let quota = usage.remove(&key.id).map(|usage| QuotaRoom {
                usage,
                forecast: exhaustions.remove(&key.id).unwrap_or_default(),
            });
            let (requests, refused) = answered.get(&key.id).copied().unwrap_or_default();
            let limit = rooms.remove(&key.id);
            Headroom {
                hits_at: hits_at(limit.as_ref(), quota.as_ref(), now),
                used_millionths: used(limit.as_ref(), quota.as_ref()),
                key,
                limit,
                quota,
                requests,
                refused,
            }
        })
        .collect();
    all.sort_by_key(Headroom::rank);
    Ok(all)
}

/// The first bound that is hit. A limit of 0 is hit only by a request.
fn hits_at(
    limit: Option<&LimitRoom>,
    quota: Option<&QuotaRoom>,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    let running = limit.and_then(|room| {
        let seconds = room.now.hits_in_seconds?;
        let at_all = room.now.used > 0 || room.now.before > 0;
        at_all.then_some(now + seconds)
    });
    let hour = limit.and_then(|room| room.forecast.at);
    let quota = quota.and_then(|room| room.forecast.at);
    [running, hour, quota].into_iter().flatten().min()
}

/// What is used of the bound that is nearest, in millionths.
fn used(limit: Option<&LimitRoom>, quota: Option<&QuotaRoom>) -> u64 {
    let part = |used: u64, of: u64| {
        let part = u128::from(used) * 1_000_000 / u128::from(of.max(1));
        u64::try_from(part).unwrap_or(u64::MAX)
    };
    let limit = limit.map_or(0, |room| {
        let most = room.busiest.map_or(0, |(_, requests)| requests);
        part(most.max(room.now.used), room.now.limit)
    });
    let quota = quota.map_or(0, |room| part(room.usage.used, room.usage.limit));
    limit.max(quota)
}

/// By key: how it stands towards its rate limit.
async fn limit_rooms(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    scope: &Scope,
    keys: &[KeyRecord],
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<HashMap<i64, LimitRoom>, StoreError> {
    let current = limits_of(store, settings, keys, now, own).await?;
    if current.is_empty() {
        return Ok(HashMap::new());
    }
    let minute = Granularity::Minute.floor(now);
    let default = settings.default_rate_limit;
    let day = TimeRange::new(minute - DAY + 60, minute + 60);
    let peaks = store.minute_peaks(scope, default, day).await?;
    let peaks: HashMap<i64, MinutePeak> = peaks.into_iter().map(|p| (p.api_key_id, p)).collect();
    let mut forecasts = history::limit_forecasts(store, settings, scope, now).await?;
    Ok(current
        .into_iter()
        .map(|now_of| {
            let recorded = peaks.get(&now_of.key.id);
            let (busiest, exceeded) = with_unrecorded(recorded, &now_of, minute);
            let forecast = forecasts.remove(&now_of.key.id).unwrap_or_default();
            let room = LimitRoom {
                busiest,
                exceeded,
                forecast,
                now: now_of,
            };
            (room.now.key.id, room)
        })
        .collect())
}

/// What is recorded of a day, and the two minutes that may not be yet.
fn with_unrecorded(
    recorded: Option<&MinutePeak>,
    now: &LimitNow,
    minute: UnixSeconds,
) -> (Option<(UnixSeconds, u64)>, Exceeded) {
    let mut busiest = recorded.map(|peak| peak.busiest);
    let mut exceeded = recorded.map_or_else(Exceeded::default, |peak| peak.exceeded);
    let recorded_to = recorded.map_or(UnixSeconds::MIN, |peak| peak.last_minute);
    for (at, requests) in [(minute - 60, now.before), (minute, now.used)] {
        if requests == 0 || at <= recorded_to {
            continue;
        }
        exceeded.add(requests, now.limit);
        if busiest.is_none_or(|(_, most)| requests > most) {
            busiest = Some((at, requests));
        }
    }
    (busiest, exceeded)
}

/// By key: its requests in the last 24 hours, and those that were answered with 429.
async fn answered(
    store: &dyn Store,
    keys: &[KeyRecord],
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<HashMap<i64, (u64, u64)>, StoreError> {
    let minute = Granularity::Minute.floor(now);
    let range = TimeRange::new(minute - DAY + 60, minute + 60);
    let mut query = Query::over(range);
    query.filter = Filter::default();
    query.scope = Scope::Keys(keys.iter().map(|key| key.id).collect());
    query.group_by = GroupBy {
        api_key: true,
        ..GroupBy::default()
    };
    query.detail = Detail::Counts;
    let held = own.map(|writer| {
        let held = writer.recorder.capture(&|_, minute| range.contains(minute));
        (writer, held)
    });
    let answer = store.read(&query, held).await?;
    Ok(answer
        .rows
        .iter()
        .filter_map(|row| {
            let bucket = &row.bucket;
            let refused = bucket.status_counts.iter();
            let refused = refused.filter(|(code, _)| *code == 429).map(|(_, n)| n);
            Some((row.group.api_key_id?, (bucket.request_count, refused.sum())))
        })
        .collect())
}
