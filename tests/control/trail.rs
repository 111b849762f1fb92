//! The audit trail: every change has its note, and what changes nothing has none.

use api_metrics_store::{
    control::{
        audit::{AuditEntry, AuditQuery},
        billing::{NewPlan, PriceTier},
        keys::KeyChange,
    },
    query::Scope,
};

use crate::{
    alerts::errors,
    harness::{Database, Harness},
};

on_both! {
    every_change_is_noted_with_who_and_what_and_no_secret
    a_change_that_fails_or_changes_nothing_is_not_noted
    the_trail_is_filtered_and_goes_on_by_number
}

fn plain(entries: &[AuditEntry]) -> Vec<(&str, &str, &str)> {
    let rows = entries.iter().rev();
    rows.map(|e| (e.actor.as_str(), e.action.as_str(), e.subject.as_str()))
        .collect()
}

async fn trail(h: &Harness) -> Vec<AuditEntry> {
    let query = AuditQuery::default();
    h.store.audit_trail(&query).await.unwrap()
}

fn limited(limit: u64) -> KeyChange {
    let mut change = KeyChange::default();
    change.rate_limit_per_minute = Some(Some(limit));
    change
}

fn plan(h: &Harness) -> NewPlan {
    let tiers = vec![PriceTier::new(0, "1".parse().unwrap())];
    let today = chrono::DateTime::from_timestamp(
        api_metrics_store::time::Clock::unix_seconds(&*h.clock),
        0,
    );
    NewPlan::new("pro", "USD", today.unwrap().date_naive(), tiers)
}

pub(crate) async fn every_change_is_noted_with_who_and_what_and_no_secret(database: Database) {
    let h = Harness::on(database).await;
    let (store, by) = (&*h.store, Some("ops@example.org"));
    let mut change = limited(600);
    change.name = Some(Some("planted name".into()));
    let key = store
        .create_key("planted-secret", &change, by)
        .await
        .unwrap();
    let mut change = limited(1_200);
    change.quota_limit = Some(Some(9));
    change.enabled = Some(false);
    store
        .update_key(key.id, &Scope::All, &change, by)
        .await
        .unwrap();
    let version = store.create_plan(&plan(&h), by).await.unwrap();
    let mut change = KeyChange::default();
    change.price_plan_id = Some(Some(version.id));
    store
        .update_key(key.id, &Scope::All, &change, None)
        .await
        .unwrap();
    let rule = store.create_alert(&errors(), by).await.unwrap();
    let mut spec = errors();
    spec.threshold = 20.0;
    spec.enabled = false;
    store
        .update_alert(rule.id, &Scope::All, None, &spec, by)
        .await
        .unwrap();
    assert!(store.delete_alert(rule.id, &Scope::All, by).await.unwrap());
    store
        .put_keys(&[("synced".to_owned(), limited(1))])
        .await
        .unwrap();
    let entries = trail(&h).await;
    let day = plan(&h).effective_from;
    let (ops, code) = ("ops@example.org", "<code>");
    assert_eq!(
        plain(&entries),
        [
            (ops, "create API key", "API key 1"),
            (ops, "change API key", "API key 1: name"),
            (ops, "change rate limit", "API key 1: none to 600 a minute"),
            (ops, "change API key", "API key 1: enabled"),
            (ops, "change rate limit", "API key 1: 600 to 1200 a minute"),
            (ops, "change quota", "API key 1: none to 9 a month"),
            (
                ops,
                "create price plan",
                format!("price plan 1 (pro) from {day}").as_str()
            ),
            (
                code,
                "assign price plan",
                format!("API key 1: price plan none to 1 from {day}").as_str()
            ),
            (ops, "create alert rule", "alert rule 1 (errors)"),
            (
                ops,
                "change alert rule",
                "alert rule 1 (errors): thresholdValue, enabled"
            ),
            (ops, "remove alert rule", "alert rule 1 (errors)"),
            (code, "create API key", "API key 2"),
            (code, "change rate limit", "API key 2: none to 1 a minute"),
        ]
    );
    let now = api_metrics_store::time::Clock::unix_seconds(&*h.clock);
    assert!(
        entries.iter().all(|e| (e.at_ms / 1_000 - now).abs() < 60),
        "{entries:?}"
    );
    assert!(!format!("{entries:?}").contains("planted"));
}

pub(crate) async fn a_change_that_fails_or_changes_nothing_is_not_noted(database: Database) {
    let h = Harness::on(database).await;
    let store = &*h.store;
    let key = store.create_key("a", &limited(600), None).await.unwrap();
    let rule = store.create_alert(&errors(), None).await.unwrap();
    store.create_plan(&plan(&h), None).await.unwrap();
    let before = trail(&h).await;
    let all = Scope::All;
    let other = Scope::Tenant("other".into());
    assert!(store.create_key("a", &limited(7), None).await.is_err());
    assert!(store.create_plan(&plan(&h), None).await.is_err());
    store
        .update_key(key.id, &all, &limited(600), None)
        .await
        .unwrap();
    store
        .put_keys(&[("a".to_owned(), limited(600))])
        .await
        .unwrap();
    let unknown = store.update_key(key.id, &other, &limited(7), None).await;
    assert_eq!(unknown.unwrap(), None);
    let mut no_plan = KeyChange::default();
    no_plan.rate_limit_per_minute = Some(Some(5));
    no_plan.price_plan_id = Some(Some(99));
    assert!(
        store
            .update_key(key.id, &all, &no_plan, None)
            .await
            .is_err()
    );
    store
        .update_alert(rule.id, &all, None, &errors(), None)
        .await
        .unwrap();
    let stale = store
        .update_alert(rule.id, &all, Some(99), &errors(), None)
        .await;
    assert!(stale.is_err());
    assert!(!store.delete_alert(rule.id, &other, None).await.unwrap());
    assert_eq!(trail(&h).await, before);
}

pub(crate) async fn the_trail_is_filtered_and_goes_on_by_number(database: Database) {
    let h = Harness::on(database).await;
    let store = &*h.store;
    let key = store
        .create_key("a", &KeyChange::default(), None)
        .await
        .unwrap();
    for limit in 1..=5 {
        store
            .update_key(key.id, &Scope::All, &limited(limit), Some("x\n\u{202e}"))
            .await
            .unwrap();
    }
    store
        .create_key("b", &KeyChange::default(), None)
        .await
        .unwrap();
    let all = trail(&h).await;
    assert_eq!(all.len(), 7);
    assert_eq!(all[1].actor, r"x\n\u{202e}");
    let mut query = AuditQuery::default();
    query.action = Some("change rate limit".into());
    query.limit = 2;
    let mut found = Vec::new();
    loop {
        let page = store.audit_trail(&query).await.unwrap();
        query.before = page.last().map(|entry| entry.id);
        let last = page.len() < 2;
        found.extend(page);
        if last {
            break;
        }
    }
    assert_eq!(found, all[1..6]);
    let of = async |subject: &str| {
        let mut query = AuditQuery::default();
        query.subject = Some(subject.into());
        store.audit_trail(&query).await.unwrap().len()
    };
    assert_eq!(of("api KEY 2").await, 1);
    assert_eq!(of("3 to 4 a minute").await, 1);
    // Signs of patterns stand for themselves.
    for none in ["%", "_", "!", "API_key"] {
        assert_eq!(of(none).await, 0, "{none}");
    }
}
