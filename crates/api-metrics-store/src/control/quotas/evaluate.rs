//! Notices about quotas.
//!
//! A threshold `t` of a limit `L` is reached when `used * 100 >= L * t`, in integers, and something was
//! used. Each key, period, limit and threshold has one notice, whose id is made of them: a quota that
//! is raised is another one and may be noticed again.
//!
//! Where several thresholds are found reached at once, after an outage say, all get a notice, and only
//! the highest is delivered: three messages of one minute would say one thing. The others are stored without a
//! delivery.

use super::{QuotaSettings, QuotaUsage, quota_usage};
use crate::{
    control::{
        ControlStore,
        alerts::Severity,
        notify::{Notice, NoticeKey, NoticeKind, Published},
        text::{count, span},
    },
    query::Scope,
    store::{StoreError, Writer},
};

/// The lease of evaluating quotas.
const LEASE: &str = "quotas";
/// How often quotas are looked at.
const EVERY_SECONDS: u32 = 60;

/// Looks at all quotas, at most once a minute by one process, and leaves a notice for each
/// threshold that was reached since the last look. Where several were, only the highest is delivered.
/// Answers how many notices are new; `None` where it was not the time, or another process leads. `published` is kept for the
/// life of the process.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub(in crate::control) async fn evaluate_quotas(
    store: &dyn ControlStore,
    settings: &QuotaSettings,
    own: Option<&Writer>,
    published: &Published,
) -> Result<Option<u64>, StoreError> {
    let Some(now) = store.acquire_lease(LEASE, EVERY_SECONDS).await? else {
        return Ok(None);
    };
    let keys: Vec<_> = store
        .all_keys(&Scope::All)
        .await?
        .into_iter()
        .filter(|key| key.spec.enabled && settings.quota_of(key).is_some())
        .collect();
    let mut notices = Vec::new();
    for usage in quota_usage(store, settings, &keys, now, own).await? {
        notices.extend(reached(settings, &usage));
    }
    let new = published.publish(store, notices, now).await?;
    store.release_lease(LEASE, now).await?;
    Ok(Some(new))
}

/// A notice, until when it is kept, whether it is delivered.
type Publication = (Notice, i64, bool);

/// The notices of all thresholds that were reached, ascending.
fn reached(settings: &QuotaSettings, usage: &QuotaUsage) -> Vec<Publication> {
    let mut reached: Vec<u8> = settings
        .thresholds
        .iter()
        .copied()
        .filter(|threshold| {
            // used / limit >= threshold / 100, exactly; nothing used has reached nothing.
            usage.used > 0
                && u128::from(usage.used) * 100 >= u128::from(usage.limit) * u128::from(*threshold)
        })
        .collect();
    reached.sort_unstable();
    reached.dedup();
    let highest = reached.last().copied();
    reached
        .into_iter()
        .map(|threshold| {
            // The lower ones are kept without deliveries: they must not be delivered later.
            let deliver = Some(threshold) == highest;
            (notice(usage, threshold), usage.period.to, deliver)
        })
        .collect()
}

fn notice(usage: &QuotaUsage, threshold: u8) -> Notice {
    let key = &usage.key;
    let resets = span(usage.period.to - usage.at);
    let forecast = match usage.projected_exhaustion {
        Some(at) => format!(", at this pace used up in {}", span(at - usage.at)),
        None => String::new(),
    };
    // A changed limit or unit is another quota, whose thresholds count anew.
    let of_unit = key.spec.quota_unit.as_ref();
    let of_unit = of_unit.map_or_else(String::new, |unit| format!(" {unit}"));
    Notice {
        id: Notice::id_of(&format!(
            "quota {} {} {}{of_unit} {threshold}",
            key.id, usage.period.from, usage.limit
        )),
        kind: NoticeKind::QuotaReached,
        at: usage.at,
        severity: match threshold {
            100.. => Severity::High,
            80..=99 => Severity::Medium,
            _ => Severity::Low,
        },
        title: format!("Quota of '{}'", key.shown_label()),
        message: format!(
            "Key '{}' has used {:.1}% of its quota, {}/{} {}{forecast}; it resets in {resets}",
            key.shown_label(),
            usage.percentage,
            count(usage.used),
            count(usage.limit),
            key.spec.quota_unit.as_deref().unwrap_or("requests"),
        ),
        event_id: None,
        rule: None,
        api_key: Some(NoticeKey {
            id: key.id,
            external_id: key.external_id.clone(),
            name: key.spec.name.clone(),
        }),
        tenant_id: key.spec.tenant_id.clone(),
        value: Some(usage.percentage),
        threshold: f64::from(threshold),
        causes: None,
        alerts: Vec::new(),
        digest: None,
        url: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        control::keys::{KeyRecord, KeySpec},
        query::TimeRange,
    };

    fn usage(used: u64, limit: u64) -> QuotaUsage {
        let key = KeyRecord {
            id: 7,
            external_id: "k7".into(),
            spec: KeySpec {
                name: Some("render-farm".into()),
                ..KeySpec::default()
            },
            created_at: 0,
            updated_at: 0,
        };
        let period = TimeRange::new(0, 30 * 86_400);
        QuotaUsage::counted(key, period, used, limit, 10 * 86_400)
    }

    #[test]
    fn only_the_highest_of_the_thresholds_reached_is_delivered() {
        let delivered = |used| -> Vec<_> {
            reached(&QuotaSettings::default(), &usage(used, 1_000))
                .into_iter()
                .map(|(notice, _, deliver)| (notice.threshold as u8, deliver))
                .collect()
        };
        assert_eq!(delivered(499), []);
        assert_eq!(delivered(500), [(50, true)]);
        assert_eq!(delivered(999), [(50, false), (80, true)]);
        assert_eq!(delivered(5_000), [(50, false), (80, false), (100, true)]);
    }

    #[test]
    fn a_notice_says_how_much_and_until_when() {
        assert_eq!(
            notice(&usage(500, 1_000), 50).message,
            "Key 'render-farm' has used 50.0% of its quota, 500/1,000 requests, at this pace used up in 10 days; \
             it resets in 20 days"
        );
        let over = usage(1_200, 1_000);
        assert_eq!((over.remaining, over.projected_exhaustion), (0, None));
        assert_eq!(usage(0, 0).percentage, 100.0);
        // Used up after the period's end: not in this period.
        assert_eq!(usage(300, 1_000).projected_exhaustion, None);
        assert_eq!(usage(400, 1_000).projected_exhaustion, Some(25 * 86_400));
    }

    #[test]
    fn a_changed_limit_is_another_quota() {
        assert_eq!(
            notice(&usage(500, 1_000), 50).id,
            notice(&usage(501, 1_000), 50).id
        );
        assert_ne!(
            notice(&usage(500, 1_000), 50).id,
            notice(&usage(500, 900), 50).id
        );
    }
}
