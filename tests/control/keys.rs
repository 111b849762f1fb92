//! Consumers.

use std::sync::Arc;

use api_metrics_store::{
    control::{
        keys::{KeyChange, KeyDirectory},
        quotas::QuotaPeriod,
    },
    query::Scope,
    store::StoreError,
};
use async_trait::async_trait;

use crate::{
    harness::{Database, Harness, NOON},
    help::{Memory, Tell, Traffic},
};

on_both! {
    a_key_is_made_changed_and_found_in_its_scope_only
    a_key_that_was_seen_first_is_changed_by_the_hosts_directory
    an_odd_name_in_the_hosts_directory_is_escaped_and_keeps_no_other_from_being_copied
    what_traffic_calls_itself_forges_no_line_of_a_notice
    what_can_not_be_is_refused_by_name
}

fn change(name: &str, tenant: &str) -> KeyChange {
    {
        let mut change = KeyChange::default();
        change.name = Some(Some(name.into()));
        change.tenant_id = Some(Some(tenant.into()));
        change.rate_limit_per_minute = Some(Some(100));
        change.quota_limit = Some(Some(5_000));
        change.quota_period = Some(Some(QuotaPeriod::Days(30)));
        change.quota_anchor = Some(Some(NOON - 7));
        change
    }
}

pub(crate) async fn a_key_is_made_changed_and_found_in_its_scope_only(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let key = control
        .create_key("k1", &change("render-farm", "acme"), None)
        .await
        .unwrap();
    assert_eq!(
        (key.label(), key.created_at, key.updated_at),
        ("render-farm", NOON, NOON)
    );
    assert_eq!(key.spec.quota_period, Some(QuotaPeriod::Days(30)));
    assert_eq!(key.spec.quota_anchor, Some(NOON - 7));
    let again = control.create_key("k1", &KeyChange::default(), None).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");

    let only_name = {
        let mut change = KeyChange::default();
        change.name = Some(None);
        change
    };
    let elsewhere = Scope::Tenant("other".into());
    assert_eq!(
        control
            .update_key(key.id, &elsewhere, &only_name, None)
            .await
            .unwrap(),
        None
    );
    let acme = Scope::Tenant("acme".into());
    let changed = control
        .update_key(key.id, &acme, &only_name, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changed.label(), "k1");
    assert_eq!(changed.spec.rate_limit_per_minute, Some(100));

    control
        .create_key("k2", &change("b", "other"), None)
        .await
        .unwrap();
    control
        .create_key("k3", &KeyChange::default(), None)
        .await
        .unwrap();
    let names = async |scope: &Scope, after, limit| -> Vec<String> {
        let keys = control.keys(scope, after, limit).await.unwrap();
        keys.into_iter().map(|key| key.external_id).collect()
    };
    assert_eq!(names(&Scope::All, 0, 2).await, ["k1", "k2"]);
    assert_eq!(names(&Scope::All, key.id, 10).await, ["k2", "k3"]);
    assert_eq!(names(&acme, 0, 10).await, ["k1"]);
    assert_eq!(names(&Scope::Keys(vec![key.id]), 0, 10).await, ["k1"]);
    assert_eq!(
        names(&Scope::Keys(vec![]), 0, 10).await,
        Vec::<String>::new()
    );
}

#[derive(Debug)]
struct Host;

#[async_trait]
impl KeyDirectory for Host {
    async fn keys(
        &self,
    ) -> Result<Vec<(String, KeyChange)>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(vec![
            ("seen".into(), change("seen one", "acme")),
            ("unseen".into(), change("unseen one", "acme")),
        ])
    }
}

async fn a_key_that_was_seen_first_is_changed_by_the_hosts_directory(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    Traffic {
        key: Some("seen"),
        ..Traffic::default()
    }
    .send(&writer, NOON, 3);
    h.store.flush(&writer).await.unwrap();
    for _ in 0..2 {
        assert_eq!(h.store.sync_keys(&Host).await.unwrap(), 2);
    }
    let keys = h
        .store
        .all_keys(&Scope::Tenant("acme".into()))
        .await
        .unwrap();
    let labels: Vec<_> = keys.iter().map(|key| key.label()).collect();
    assert_eq!(labels, ["seen one", "unseen one"]);
    // The plain view of keys agrees.
    let infos = h.store.api_keys(Some(&[keys[0].id])).await.unwrap();
    assert_eq!(infos[0].name.as_deref(), Some("seen one"));
}

#[derive(Debug)]
struct Odd;

#[async_trait]
impl KeyDirectory for Odd {
    async fn keys(
        &self,
    ) -> Result<Vec<(String, KeyChange)>, Box<dyn std::error::Error + Send + Sync>> {
        let long = format!("\n{}", "é".repeat(99));
        Ok(vec![
            ("a\u{1b}[2J".into(), change("ops\nERROR leaked", "acme")),
            ("b".into(), change(&long, "acme")),
            ("c".into(), change("Müller", "acme")),
        ])
    }
}

async fn an_odd_name_in_the_hosts_directory_is_escaped_and_keeps_no_other_from_being_copied(
    database: Database,
) {
    let h = Harness::on(database).await;
    assert_eq!(h.store.sync_keys(&Odd).await.unwrap(), 3);
    let keys = h.store.all_keys(&Scope::All).await.unwrap();
    let names: Vec<_> = keys.iter().map(|key| key.label()).collect();
    assert_eq!(names[0], r"ops\nERROR leaked");
    assert_eq!(names[1], format!(r"\n{}", "é".repeat(99)));
    assert_eq!(names[2], "Müller");
    // The text that requests carry is what it is: another would not be theirs.
    assert_eq!(keys[0].external_id, "a\u{1b}[2J");
}

async fn what_traffic_calls_itself_forges_no_line_of_a_notice(database: Database) {
    let h = Harness::on(database).await;
    let odd = "k\n2026-03-10 ERROR everything leaked\u{202e}";
    let writer = h.writer();
    Traffic {
        key: Some(odd),
        endpoint: "/x\u{1b}[31m\n",
        status: 500,
        ..Traffic::default()
    }
    .send(&writer, NOON - 1, 60);
    h.store.flush(&writer).await.unwrap();
    let key = h.store.all_keys(&Scope::All).await.unwrap().remove(0);
    assert_eq!(key.external_id, odd);
    let limited = {
        let mut change = KeyChange::default();
        change.quota_limit = Some(Some(10));
        change.rate_limit_per_minute = Some(Some(10));
        change
    };
    let changed = h
        .store
        .update_key(key.id, &Scope::All, &limited, None)
        .await;
    changed.unwrap().unwrap();
    let memory = Arc::new(Memory::default());
    let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
    watch.tick(&*h.store, Some(&writer)).await.unwrap();
    let told = memory.take();
    assert!(!told.is_empty());
    for notice in told {
        for text in [&notice.title, &notice.message] {
            assert!(text.contains("everything leaked"), "{text:?}");
            assert!(api_metrics_store::text::is_plain(text), "{text:?}");
        }
    }
}

async fn what_can_not_be_is_refused_by_name(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let field = |result: Result<_, StoreError>| match result {
        Err(StoreError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let empty = {
        let mut change = KeyChange::default();
        change.name = Some(Some(" ".into()));
        change
    };
    assert_eq!(field(control.create_key("k", &empty, None).await), "name");
    assert_eq!(
        field(control.create_key("", &KeyChange::default(), None).await),
        "externalId"
    );
    for odd in ["a\nb", "\u{202e}", "\u{9b}31m"] {
        assert_eq!(
            field(control.create_key("k", &change(odd, "acme"), None).await),
            "name"
        );
        assert_eq!(
            field(control.create_key("k", &change("k", odd), None).await),
            "tenantId"
        );
        assert_eq!(
            field(control.create_key(odd, &KeyChange::default(), None).await),
            "externalId"
        );
    }
    let plan = {
        let mut change = KeyChange::default();
        change.price_plan_id = Some(Some(99));
        change
    };
    assert_eq!(
        field(control.create_key("k", &plan, None).await),
        "pricePlanId"
    );
    // Nothing of a refused key stays.
    assert_eq!(control.keys(&Scope::All, 0, 10).await.unwrap(), []);
}
