//! How much was used.
//!
//! A quota is counted when it is asked for: the requests of the key, or the sum of the quota's unit, in `[period start, now]` from the
//! same buckets as every view. There is no counter that could drift from the ledger, and a change of
//! the counted statuses or of the zone takes effect at once, backwards too.
//!
//! Keys that share a period, as all calendar months do, share one query. A key that is made within a
//! month has the whole month's quota, and what it sent earlier in the month counts.
//!
//! ```text
//! projected exhaustion = start + (now - start) * limit / used        where that lies before the end
//! ```
//!
//! Example: 400 of 1,000 requests on day 10 of 30 are used up on day 25.

use std::collections::{BTreeMap, HashMap};

use super::{CountedStatuses, QuotaPeriod, period_at};
use crate::{
    bucket::Bucket,
    calendar::Tz,
    control::keys::KeyRecord,
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange},
    store::{Store, StoreError, Writer},
    time::UnixSeconds,
};

/// How quotas are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaSettings {
    /// The zone of calendar months. UTC by default.
    pub tz: Tz,
    /// Which answers count against quotas of requests. All by default. Units count whatever was answered.
    pub status_counts: CountedStatuses,
    /// Requests in a calendar month of keys that have neither a quota nor a unit of their own; they have no quota by
    /// default.
    pub default_quota: Option<u64>,
    /// At which percentages of the limit a notice is sent, once a period each. 50, 80, 100 by
    /// default.
    pub thresholds: Vec<u8>,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self {
            tz: Tz::UTC,
            status_counts: CountedStatuses::default(),
            default_quota: None,
            thresholds: vec![50, 80, 100],
        }
    }
}

impl QuotaSettings {
    /// What `key` may use in its quota period: its own quota, or the default one.
    #[must_use]
    pub fn quota_of(&self, key: &KeyRecord) -> Option<u64> {
        let default = self.default_quota;
        let default = default.filter(|_| key.spec.quota_unit.is_none() && !key.is_other());
        key.spec.quota_limit.or(default)
    }

    /// The period of a key's quota that holds `at`.
    pub(in crate::control) fn period_of(&self, key: &KeyRecord, at: UnixSeconds) -> TimeRange {
        let spec = &key.spec;
        let period = spec.quota_period.unwrap_or(QuotaPeriod::Month);
        // Months without an anchor are the calendar's; days have to begin somewhere.
        let anchor = match period {
            QuotaPeriod::Month => spec.quota_anchor,
            QuotaPeriod::Days(_) => Some(spec.quota_anchor.unwrap_or(key.created_at)),
        };
        period_at(period, anchor, self.tz, at)
    }

    /// What of a bucket counts towards a key's quota.
    pub(in crate::control) fn counted(&self, key: &KeyRecord, bucket: &Bucket) -> u64 {
        match &key.spec.quota_unit {
            Some(unit) => bucket.units.sum(unit),
            None => self.status_counts.of(bucket),
        }
    }
}

/// What a key has used of its quota.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct QuotaUsage {
    /// The key.
    pub key: KeyRecord,
    /// The current period. The next one, with the whole quota, starts at its `to`.
    pub period: TimeRange,
    /// Requests that counted in it, or how much of the quota's unit.
    pub used: u64,
    /// How many it may send, or how much it may use, in it.
    pub limit: u64,
    /// Whether that is [`QuotaSettings::default_quota`], because the key has no quota of its own.
    pub is_default: bool,
    /// What is left; 0 where more than the limit was used.
    pub remaining: u64,
    /// What was used in percent of the limit; 100 where the limit is 0.
    pub percentage: f64,
    /// When nothing will be left at the pace of this period so far. `None`: not in this period, or
    /// already.
    pub projected_exhaustion: Option<UnixSeconds>,
    /// Whether a part of `used` may belong to the period before: the ledger no longer keeps hours
    /// of its start. Also where flush batches of the period can't be read and are left out.
    pub approximate: bool,
    /// The moment of the count.
    pub at: UnixSeconds,
}

impl QuotaUsage {
    /// What `key` has used of `limit` up to `at`, by exact counts.
    pub(super) fn counted(
        key: KeyRecord,
        period: TimeRange,
        used: u64,
        limit: u64,
        at: UnixSeconds,
    ) -> Self {
        Self {
            is_default: key.spec.quota_limit.is_none(),
            key,
            period,
            used,
            limit,
            remaining: limit.saturating_sub(used),
            percentage: match limit {
                0 => 100.0,
                limit => used as f64 * 100.0 / limit as f64,
            },
            projected_exhaustion: projected_exhaustion(period, used, limit, at),
            approximate: false,
            at,
        }
    }
}

fn projected_exhaustion(
    period: TimeRange,
    used: u64,
    limit: u64,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    let elapsed = now - period.from;
    if used == 0 || elapsed <= 0 || used >= limit {
        return None;
    }
    // start + elapsed * limit / used, in integers.
    let until = i128::from(elapsed) * i128::from(limit) / i128::from(used);
    let at = i64::try_from(until).ok()?.checked_add(period.from)?;
    (at < period.to).then_some(at.max(now))
}

/// What these keys have used, those without a quota left out; in the order of their numbers.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn quota_usage(
    store: &dyn Store,
    settings: &QuotaSettings,
    keys: &[KeyRecord],
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<Vec<QuotaUsage>, StoreError> {
    let mut by_period: BTreeMap<(UnixSeconds, UnixSeconds), Vec<&KeyRecord>> = BTreeMap::new();
    for key in keys.iter().filter(|key| settings.quota_of(key).is_some()) {
        let period = settings.period_of(key, now);
        by_period
            .entry((period.from, period.to))
            .or_default()
            .push(key);
    }
    let mut usage = Vec::with_capacity(keys.len());
    // Keys with the same period, such as all calendar months, share one query.
    for ((from, to), keys) in by_period {
        let period = TimeRange::new(from, to);
        let query = Query {
            range: period,
            filter: Filter::billed(),
            scope: Scope::Keys(keys.iter().map(|key| key.id).collect()),
            group_by: GroupBy {
                api_key: true,
                ..GroupBy::default()
            },
            detail: Detail::Counts,
            top: None,
            window: None,
            axis: None,
        };
        let held = own.map(|writer| {
            let held = writer
                .recorder
                .capture(&|_, minute| from <= minute && minute < to);
            (writer, held)
        });
        let answer = store.read(&query, held).await?;
        let buckets: HashMap<i64, &Bucket> = answer
            .rows
            .iter()
            .filter_map(|row| Some((row.group.api_key_id?, &row.bucket)))
            .collect();
        let used = |key: &KeyRecord| {
            let bucket = buckets.get(&key.id)?;
            Some(settings.counted(key, bucket))
        };
        let approximate = answer.approximate || answer.incomplete || answer.range != period;
        usage.extend(keys.into_iter().map(|key| {
            let used = used(key).unwrap_or_default();
            let limit = settings.quota_of(key).unwrap_or_default();
            QuotaUsage {
                approximate,
                ..QuotaUsage::counted(key.clone(), period, used, limit, now)
            }
        }));
    }
    usage.sort_by_key(|usage| usage.key.id);
    Ok(usage)
}
