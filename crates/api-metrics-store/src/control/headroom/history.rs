//! Reads the hours of the past that forecasts are made of.
//!
//! Of limits these are the hours in which a key reached its limit of today, from the history of utilization: only the
//! four times 25 hours that the next 24 hours look like are read. Of quotas these are the hourly counts of four weeks;
//! they are read of those keys alone that can use up their quota at all: whoever would not if every week to come were as
//! full as the last four together is left out by one cheap read of days.

use std::collections::{BTreeMap, HashMap};

use super::{
    Exceeded, Forecast,
    forecast::{WEEK, WEEKS, exhaustion, limit_hit, weeks_since},
};
use crate::{
    control::{
        ControlStore,
        limits::LimitSettings,
        quotas::{QuotaSettings, QuotaUsage},
    },
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// What a key sent in its busiest minute, and what was over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MinutePeak {
    /// The key.
    pub api_key_id: i64,
    /// The start of its busiest minute, the earliest of several, and the requests in it.
    pub busiest: (UnixSeconds, u64),
    /// What was over its limit of today.
    pub exceeded: Exceeded,
    /// The last minute that is recorded.
    pub last_minute: UnixSeconds,
}

/// An hour in which a key has reached its limit of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HourHit {
    /// The key.
    pub api_key_id: i64,
    /// The hour.
    pub hour: UnixSeconds,
    /// The first minute of it that did.
    pub first_minute: UnixSeconds,
}

/// By key with a recorded history: whether it will reach its limit.
pub(super) async fn limit_forecasts(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    scope: &Scope,
    now: UnixSeconds,
) -> Result<HashMap<i64, Forecast>, StoreError> {
    let running = Granularity::Hour.floor(now);
    let windows: Vec<TimeRange> = (1..=WEEKS)
        .map(|week| running - week * WEEK)
        .map(|from| TimeRange::new(from, from + 25 * 3_600))
        .collect();
    let default = settings.default_rate_limit;
    let mut hits: HashMap<i64, BTreeMap<UnixSeconds, UnixSeconds>> = HashMap::new();
    for hit in store.hour_hits(scope, default, &windows).await? {
        let of_key = hits.entry(hit.api_key_id).or_default();
        of_key.insert(hit.hour, hit.first_minute);
    }
    let nothing = BTreeMap::new();
    let firsts = store.first_recorded(scope).await?;
    Ok(firsts
        .into_iter()
        .map(|(key, first)| {
            let weeks = weeks_since(Some(first), now);
            let at = limit_hit(hits.get(&key).unwrap_or(&nothing), weeks, now);
            let forecast = Forecast {
                weeks,
                at,
                is_used_up: false,
            };
            (key, forecast)
        })
        .collect())
}

/// By key: whether its quota will be used up.
pub(super) async fn exhaustions(
    store: &dyn Store,
    settings: &QuotaSettings,
    usage: &[QuotaUsage],
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<HashMap<i64, Forecast>, StoreError> {
    if usage.is_empty() {
        return Ok(HashMap::new());
    }
    let running = Granularity::Hour.floor(now);
    let past = TimeRange::new(running - WEEKS * WEEK, running);
    let days = used_by(store, settings, usage, past, Granularity::Day, own).await?;
    let nothing = BTreeMap::new();
    let of_days = |key| days.get(&key).unwrap_or(&nothing);
    let weeks = |key| weeks_since(of_days(key).keys().next().copied(), now);
    let near: Vec<QuotaUsage> = usage
        .iter()
        .filter(|usage| {
            // At the most, every week that begins before the reset is as full as all of the past ones together.
            let ahead = (usage.period.to - now).max(0) / WEEK + 1;
            let all: u64 = of_days(usage.key.id).values().sum();
            let most = all.saturating_mul(ahead.unsigned_abs());
            weeks(usage.key.id) > 0 && usage.used.saturating_add(most) >= usage.limit
        })
        .cloned()
        .collect();
    let hours = if near.is_empty() {
        HashMap::new()
    } else {
        used_by(store, settings, &near, past, Granularity::Hour, own).await?
    };
    Ok(usage
        .iter()
        .map(|usage| {
            let weeks = weeks(usage.key.id);
            let at = exhaustion(
                hours.get(&usage.key.id).unwrap_or(&nothing),
                weeks,
                (usage.used, usage.limit),
                now,
                usage.period.to,
            );
            let forecast = Forecast {
                weeks,
                at,
                is_used_up: usage.used >= usage.limit,
            };
            (usage.key.id, forecast)
        })
        .collect())
}

/// By key: what counted towards its quota, by the starts of periods.
pub(super) async fn used_by(
    store: &dyn Store,
    settings: &QuotaSettings,
    usage: &[QuotaUsage],
    range: TimeRange,
    granularity: Granularity,
    own: Option<&Writer>,
) -> Result<HashMap<i64, BTreeMap<UnixSeconds, u64>>, StoreError> {
    let keys: HashMap<i64, &QuotaUsage> = usage.iter().map(|u| (u.key.id, u)).collect();
    let query = by_time(range, keys.keys().copied().collect(), granularity);
    let held = own.map(|writer| {
        let held = writer.recorder.capture(&|_, minute| range.contains(minute));
        (writer, held)
    });
    let answer = store.read(&query, held).await?;
    let mut used: HashMap<i64, BTreeMap<UnixSeconds, u64>> = HashMap::new();
    for row in &answer.rows {
        let (Some(key), Some(start)) = (row.group.api_key_id, row.group.period_start) else {
            continue;
        };
        if let Some(usage) = keys.get(&key) {
            let counted = settings.counted(&usage.key, &row.bucket);
            *used.entry(key).or_default().entry(start).or_default() += counted;
        }
    }
    Ok(used)
}

/// What keys are billed for, by time.
pub(super) fn by_time(range: TimeRange, keys: Vec<i64>, granularity: Granularity) -> Query {
    let mut query = Query::over(range);
    query.filter = Filter::billed();
    query.scope = Scope::Keys(keys);
    query.group_by = GroupBy {
        api_key: true,
        time: Some(TimeStep::Fixed(granularity)),
        ..GroupBy::default()
    };
    query.detail = Detail::Counts;
    query
}
