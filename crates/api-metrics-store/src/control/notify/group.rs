//! Several alerts in one notice, so that one outage is one message.
//!
//! Where a [`Notifier`](super::Notifier) groups, its deliveries wait for [`WAIT_SECONDS`]. What is waiting when the first of
//! them is due belongs together if it is of one kind (alerts that fire, or alerts that are over) and of one tenant. The group
//! is a notice of its own in the outbox, with retries and an end of its own; the deliveries that it stands for count as
//! delivered. Its id follows from those of its members, so that a repetition finds it there.

use uuid::Uuid;

use super::{Notice, NoticeAlert, NoticeKind};

/// How long a delivery waits for others, in seconds: a round of evaluations takes less, as a rule.
pub(crate) const WAIT_SECONDS: i64 = 2;

/// Names that a headline holds.
const NAMED: usize = 3;

/// The groups among notices that wait, each with the ids of its members. One that stands alone is in none.
pub(in crate::control) fn groups(waiting: Vec<Notice>) -> Vec<(Notice, Vec<Uuid>)> {
    let mut groups: Vec<Vec<Notice>> = Vec::new();
    for notice in waiting {
        let of_alert = matches!(
            notice.kind,
            NoticeKind::AlertFired | NoticeKind::AlertResolved
        );
        // One that was grouped before stays as it is: receivers know it by its id.
        if !of_alert || !notice.alerts.is_empty() {
            continue;
        }
        let same = groups.iter_mut().find(|group| {
            group.first().is_some_and(|first| {
                (first.kind, &first.tenant_id) == (notice.kind, &notice.tenant_id)
            })
        });
        match same {
            Some(group) => group.push(notice),
            None => groups.push(vec![notice]),
        }
    }
    groups
        .into_iter()
        .filter(|group| group.len() > 1)
        .filter_map(merged)
        .collect()
}

/// One notice for several of a kind and a tenant.
fn merged(mut members: Vec<Notice>) -> Option<(Notice, Vec<Uuid>)> {
    // What matters most comes first, then what came first.
    members.sort_by_key(|notice| (std::cmp::Reverse(notice.severity), notice.at, notice.id));
    let mut ids: Vec<Uuid> = members.iter().map(|notice| notice.id).collect();
    ids.sort_unstable();
    let names: Vec<&str> = members
        .iter()
        .take(NAMED)
        .map(|notice| notice.title.as_str())
        .collect();
    let more = members.len().saturating_sub(names.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let title = format!("{} alerts: {}{more}", members.len(), names.join(", "));
    let alerts = members
        .iter()
        .map(|notice| NoticeAlert {
            event_id: notice.event_id,
            rule: notice.rule.clone(),
            severity: notice.severity,
            message: notice.message.clone(),
            value: notice.value,
            threshold: notice.threshold,
        })
        .collect();
    // So that the end of one of them comes later.
    let at = members.iter().map(|notice| notice.at);
    let at = match members.first()?.kind {
        NoticeKind::AlertFired => at.min()?,
        _ => at.max()?,
    };
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let first = members.into_iter().next()?;
    let group = Notice {
        id: Notice::id_of(&format!("group {}", texts.join(" "))),
        at,
        title,
        alerts,
        ..first
    };
    Some((group, ids))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::control::alerts::Severity;

    fn notice(id: u128, kind: NoticeKind, severity: Severity, tenant: Option<&str>) -> Notice {
        let mut notice = Notice::test(100, "a test");
        notice.id = Uuid::from_u128(id);
        notice.kind = kind;
        notice.severity = severity;
        notice.tenant_id = tenant.map(str::to_owned);
        notice.event_id = Some(Uuid::from_u128(1_000 + id));
        notice.title = format!("rule {id}");
        notice.message = format!("{id} is wrong");
        notice
    }

    #[test]
    fn alerts_of_one_kind_and_tenant_are_one_notice_led_by_what_matters_most() {
        use NoticeKind::{AlertFired, AlertResolved, QuotaReached};
        let waiting = vec![
            notice(1, AlertFired, Severity::Low, None),
            notice(2, AlertFired, Severity::Critical, None),
            notice(3, AlertFired, Severity::High, Some("acme")),
            notice(4, AlertResolved, Severity::High, None),
            notice(5, QuotaReached, Severity::High, None),
            notice(6, QuotaReached, Severity::High, None),
            notice(7, AlertFired, Severity::Medium, None),
            notice(8, AlertFired, Severity::Medium, None),
        ];
        let found = groups(waiting.clone());
        assert_eq!(found.len(), 1);
        let (group, members) = found.into_iter().next().unwrap();
        assert_eq!(members, [1, 2, 7, 8].map(Uuid::from_u128));
        assert_eq!(group.severity, Severity::Critical);
        assert_eq!(group.event_id, Some(Uuid::from_u128(1_002)));
        assert_eq!(group.title, "4 alerts: rule 2, rule 7, rule 8 and 1 more");
        assert_eq!(group.message, "2 is wrong");
        let events: Vec<_> = group.alerts.iter().map(|alert| alert.event_id).collect();
        assert_eq!(
            events,
            [1_002, 1_007, 1_008, 1_001].map(|id| Some(Uuid::from_u128(id)))
        );
        // Whoever finds them in another order makes the same group.
        let mut reversed = waiting;
        reversed.reverse();
        assert_eq!(groups(reversed).into_iter().next().unwrap().0, group);
        // And one that is there already is in no other.
        let late = notice(9, AlertFired, Severity::Low, None);
        assert!(groups(vec![group, late]).is_empty());
    }
}
