//! From a week that is over to a notice in the outbox.

use super::{WeeklyDigest, schedule::Week, sections};
use crate::{
    control::{
        ControlStore,
        alerts::Severity,
        billing::BillingSettings,
        notify::{DeliveryQuery, Notice, NoticeDigest, NoticeKind, Published},
        quotas::QuotaSettings,
    },
    store::{StoreError, Writer},
};

/// The lease of it.
const LEASE: &str = "digest";
/// How often it is looked for.
const EVERY_SECONDS: u32 = 60;
/// How late it may be; after that the week is over for good.
const LATE_SECONDS: i64 = 86_400;
/// How long it is kept, in seconds.
const KEPT_SECONDS: i64 = 14 * 86_400;

/// Leaves the digest of the last week in the outbox, where it is due and not there yet; answers how many are new.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement limit.
pub(in crate::control) async fn publish_digest(
    store: &dyn ControlStore,
    digest: &WeeklyDigest,
    quotas: &QuotaSettings,
    billing: &BillingSettings,
    own: Option<&Writer>,
    published: &Published,
) -> Result<u64, StoreError> {
    let Some(now) = store.acquire_lease(LEASE, EVERY_SECONDS).await? else {
        return Ok(0);
    };
    let due = digest
        .latest(now)
        .filter(|week| now - week.due < LATE_SECONDS);
    let mut new = 0;
    if let Some(week) = due {
        let id = Notice::id_of(&format!("digest {}", week.first));
        let mut query = DeliveryQuery::default();
        (query.notice, query.limit) = (Some(id), 1);
        if !published.knows(id) && store.deliveries(&query).await?.is_empty() {
            let traffic = sections::traffic(store, &week, own).await?;
            let mut sections = traffic.sections;
            sections.push(sections::releases(store, &week).await?);
            sections.push(sections::quotas(store, quotas, now, own).await?);
            sections.push(sections::bill(store, billing, now, own).await?);
            sections.retain(|section| !section.lines.is_empty());
            let notice = Notice {
                id,
                at: week.due,
                title: title(&week),
                message: traffic.sentence,
                digest: Some(NoticeDigest::new(week.range, sections)),
                kind: NoticeKind::WeeklyDigest,
                severity: Severity::Low,
                event_id: None,
                rule: None,
                api_key: None,
                tenant_id: None,
                value: None,
                threshold: 0.0,
                causes: None,
                alerts: Vec::new(),
                url: None,
            };
            new = published
                .publish(store, vec![(notice, now + KEPT_SECONDS, true)], now)
                .await?;
        }
    }
    store.release_lease(LEASE, now).await?;
    Ok(new)
}

fn title(week: &Week) -> String {
    format!(
        "The week from {} to {}",
        week.first.format("%-d %B"),
        week.last.format("%-d %B %Y")
    )
}
