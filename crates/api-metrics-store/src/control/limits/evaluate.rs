//! Notices about rate limits.
//!
//! A key is near its limit from `threshold_pct` on, 80% by default, and has hit it at 100%. Each of the
//! two is noticed once an hour, key and limit: the notice's id is made of `limit {key} {limit} {hour}
//! near` or `hit`, and the outbox takes an id once. A changed limit is another one.
//!
//! The previous minute counts instead of the current one where it was fuller: its last requests may
//! have been flushed after it ended. Then the notice makes
//! no forecast beyond saying that the limit is hit.

use super::{LimitNow, LimitSettings, limits_now};
use crate::{
    control::{
        ControlStore,
        alerts::Severity,
        notify::{Notice, NoticeKey, NoticeKind, Published},
    },
    query::Scope,
    store::{StoreError, Writer},
    time::Granularity,
};

/// The lease of evaluating limits.
const LEASE: &str = "limits";
/// How often limits are looked at: a limit is hit within a minute or not at all.
const EVERY_SECONDS: u32 = 5;

/// Looks at all limits, every few seconds by one process, and leaves a notice for each key that is
/// near its limit, and one for each that has hit it; once an hour and key each. Answers how many
/// are new; `None` where it was not the time, or another process leads. `published` is kept for the
/// life of the process.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub(in crate::control) async fn evaluate_limits(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    own: Option<&Writer>,
    published: &Published,
) -> Result<Option<u64>, StoreError> {
    let Some(now) = store.acquire_lease(LEASE, EVERY_SECONDS).await? else {
        return Ok(None);
    };
    let mut notices = Vec::new();
    for limit in limits_now(store, settings, &Scope::All, now, own).await? {
        notices.extend(near(settings, &limit));
    }
    let new = published.publish(store, notices, now).await?;
    store.release_lease(LEASE, now).await?;
    Ok(Some(new))
}

/// The notice that a key is near its limit or has hit it, until when it is kept (30 days), and that it
/// is delivered. `None` below the threshold and for a limit of 0.
fn near(settings: &LimitSettings, limit: &LimitNow) -> Option<(Notice, i64, bool)> {
    // Requests that were flushed after the minute's end show only in the previous minute.
    let seen = if super::current::pct(limit.before, limit.limit) > limit.utilization_pct {
        let last_second = Granularity::Minute.floor(limit.at) - 1;
        LimitNow::counted(limit.key.clone(), limit.limit, limit.before, 0, last_second)
    } else {
        limit.clone()
    };
    if seen.limit == 0 || seen.utilization_pct < settings.threshold_pct {
        return None;
    }
    let hit = seen.used >= seen.limit;
    let forecast = seen
        .forecast
        .as_ref()
        .filter(|_| hit || seen.at == limit.at);
    let message = match forecast {
        Some(forecast) => format!("{seen}: {forecast}"),
        None => seen.to_string(),
    };
    let hour = Granularity::Hour.floor(seen.at);
    let key = &seen.key;
    let notice = Notice {
        id: Notice::id_of(&format!(
            "limit {} {} {hour} {}",
            key.id,
            seen.limit,
            if hit { "hit" } else { "near" }
        )),
        kind: NoticeKind::RateLimitNear,
        at: limit.at,
        severity: if hit {
            Severity::High
        } else {
            Severity::Medium
        },
        title: format!("Rate limit of '{}'", key.shown_label()),
        message,
        event_id: None,
        rule: None,
        api_key: Some(NoticeKey {
            id: key.id,
            external_id: key.external_id.clone(),
            name: key.spec.name.clone(),
        }),
        tenant_id: key.spec.tenant_id.clone(),
        value: Some(seen.utilization_pct),
        threshold: settings.threshold_pct,
        causes: None,
        alerts: Vec::new(),
        digest: None,
        url: None,
    };
    Some((notice, hour + 30 * 86_400, true))
}
