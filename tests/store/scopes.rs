//! What a scope may see, wherever it lies.

use api_metrics_store::{
    control::keys::KeyChange,
    query::{Detail, Group, GroupBy, Query, RankCursor, Scope, TimeRange, TopK},
};

use crate::harness::{Database, Harness, NOON, record};

pub async fn a_scope_hides_other_keys_in_every_layer(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", Some("x"), 5, 1);
    record(&writer, NOON, "/a", Some("y"), 5, 2);
    record(&writer, NOON, "/a", None, 5, 4);
    h.store.flush(&writer).await.unwrap();
    let keys = h.store.api_keys(None).await.unwrap();
    let y = keys.iter().find(|key| key.external_id == "y").unwrap().id;
    let mut query = Query::over(TimeRange::new(NOON, NOON + 60));
    query.scope = Scope::Keys(vec![y]);
    assert_eq!(
        h.read(&query).await.total().unwrap().request_count,
        2,
        "inbox"
    );
    h.store.fold().await.unwrap();
    assert_eq!(
        h.read(&query).await.total().unwrap().request_count,
        2,
        "buckets"
    );
    record(&writer, NOON, "/a", Some("x"), 5, 8);
    record(&writer, NOON, "/a", Some("y"), 5, 16);
    record(&writer, NOON, "/a", Some("never seen"), 5, 32);
    assert_eq!(
        h.read_with(&query, &writer)
            .await
            .total()
            .unwrap()
            .request_count,
        18,
        "own memory"
    );
    query.scope = Scope::Keys(vec![]);
    assert!(h.read_with(&query, &writer).await.rows.is_empty());
    query.scope = Scope::Tenant("acme".into());
    assert!(h.read_with(&query, &writer).await.rows.is_empty());
}

pub async fn a_tenant_is_answered_from_every_layer(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for (key, tenant) in [("x", "acme"), ("y", "umbrella")] {
        let change = {
            let mut change = KeyChange::default();
            change.tenant_id = Some(Some(tenant.into()));
            change
        };
        h.store.create_key(key, &change, None).await.unwrap();
    }
    let mut query = Query::over(TimeRange::new(NOON, NOON + 60));
    query.scope = Scope::Tenant("acme".into());
    let hit = |n| {
        record(&writer, NOON, "/a", Some("x"), 5, n);
        record(&writer, NOON, "/b", Some("y"), 5, 100 * n);
        record(&writer, NOON, "/c", None, 5, 1_000 * n);
    };
    hit(1);
    h.store.flush(&writer).await.unwrap();
    h.store.fold().await.unwrap();
    hit(2);
    h.store.flush(&writer).await.unwrap();
    hit(4);
    let mut by_endpoint = GroupBy::default();
    by_endpoint.endpoint = true;
    let mut by_key = GroupBy::default();
    by_key.api_key = true;
    for group_by in [GroupBy::default(), by_endpoint, by_key] {
        for detail in [Detail::Requests, Detail::Counts, Detail::Quantiles] {
            let mut behind_nobody = TopK::first(3);
            behind_nobody.after = Some(RankCursor::new(u64::MAX, Group::default()));
            for top in [None, Some(TopK::first(3)), Some(behind_nobody)] {
                query.group_by = group_by;
                query.detail = detail;
                query.top = top;
                let counts = |answer: api_metrics_store::query::Answer| {
                    answer
                        .rows
                        .iter()
                        .map(|row| row.bucket.request_count)
                        .collect::<Vec<_>>()
                };
                assert_eq!(counts(h.read(&query).await), [3], "{query:?}");
                let with_own = h.read_with(&query, &writer).await;
                assert_eq!(counts(with_own), [7], "{query:?}");
            }
        }
    }
    let scope = Scope::Tenant("acme".into());
    let keys = h.store.keys(&scope, 0, 100).await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].external_id, "x");
}

/// After reads of everything, whose series the store keeps.
pub async fn a_tenants_name_is_nothing_but_a_name(database: Database) {
    const ODD: &str = r"o'brien\é'; SELECT set_config('api_metrics.access', 'all', true); --";
    let h = Harness::on(database).await;
    let writer = h.writer();
    for (key, tenant) in [("x", ODD), ("y", "umbrella")] {
        let change = {
            let mut change = KeyChange::default();
            change.tenant_id = Some(Some(tenant.into()));
            change
        };
        h.store.create_key(key, &change, None).await.unwrap();
    }
    record(&writer, NOON, "/a", Some("x"), 5, 1);
    record(&writer, NOON, "/b", Some("y"), 5, 10);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    record(&writer, NOON, "/a", Some("x"), 5, 2);
    record(&writer, NOON, "/b", Some("y"), 5, 20);
    h.store.flush(&writer).await.unwrap();
    for (endpoint, api_key) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut all = Query::over(TimeRange::new(NOON, NOON + 60));
        all.group_by.endpoint = endpoint;
        all.group_by.api_key = api_key;
        let requests = async |scope| {
            let mut query = all.clone();
            query.scope = scope;
            let answer = h.read(&query).await;
            let counts = answer.rows.iter().map(|row| row.bucket.request_count);
            counts.sum::<u64>()
        };
        assert_eq!(requests(Scope::All).await, 33);
        assert_eq!(requests(Scope::Tenant(ODD.into())).await, 3);
        assert_eq!(requests(Scope::Tenant("umbrella".into())).await, 30);
        assert_eq!(requests(Scope::Tenant("o'brien".into())).await, 0);
        assert_eq!(requests(Scope::Keys(Vec::new())).await, 0);
    }
}
