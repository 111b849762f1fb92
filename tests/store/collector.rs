//! Users, teams and what the collector keeps, on all databases.

use std::sync::Arc;

use api_metrics_layer::{ApiKey, EventKind, Protocol};
use api_metrics_store::{
    control::keys::KeyChange,
    ingest::{CollectorSession, IngestBatch, IngestItem, IngestQueue, IngestStore},
    query::{Filter, Query, Scope, TimeRange},
    store::KeyOwner,
    time::Clock as _,
};
use uuid::Uuid;

use crate::harness::{Database, Harness, NOON};

macro_rules! on_all_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod postgres_as_service {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_service().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_all_databases! {
    a_users_events_count_for_its_first_key_and_a_new_user_gets_one
    an_organisation_has_one_token_whoever_asks_for_it_first
    a_session_is_kept_and_ends_once
    a_question_about_a_user_or_a_team_is_of_their_keys_within_the_scope
}

async fn store_of(database: Database) -> (Harness, Arc<dyn IngestStore>) {
    let h = Harness::on(database).await;
    let store = h.database.ingest(&h.clock);
    (h, store)
}

/// A key of an owner.
async fn key(h: &Harness, text: &str, [tenant, user, team]: [Option<&str>; 3]) -> i64 {
    let mut change = KeyChange::default();
    change.tenant_id = Some(tenant.map(str::to_owned));
    change.user_id = Some(user.map(str::to_owned));
    change.team_id = Some(team.map(str::to_owned));
    h.store.create_key(text, &change, None).await.unwrap().id
}

async fn a_users_events_count_for_its_first_key_and_a_new_user_gets_one(database: Database) {
    let (h, store) = store_of(database).await;
    key(&h, "laptop", [Some("acme"), Some("ann"), None]).await;
    key(&h, "phone", [Some("acme"), Some("ann"), None]).await;
    key(&h, "acme/taken", [Some("umbrella"), None, None]).await;
    let users = ["ann", "ben", "taken"].map(str::to_owned);
    let both = async |tenant| {
        let (one, two) = tokio::join!(
            store.keys_of_users(tenant, &users),
            store.keys_of_users(tenant, &users)
        );
        let (mut one, mut two) = (one.unwrap(), two.unwrap());
        one.sort();
        two.sort();
        assert_eq!(one, two, "two at once make one key");
        one
    };
    let pair = |user: &str, key: &str| (user.to_owned(), key.to_owned());
    let acme = both(Some("acme")).await;
    assert_eq!(acme, [pair("ann", "laptop"), pair("ben", "acme/ben")]);
    let umbrella = both(Some("umbrella")).await;
    let expected = ["ann", "ben", "taken"].map(|user| pair(user, &format!("umbrella/{user}")));
    assert_eq!(umbrella, expected);
    // Without a tenant the first of all.
    let anywhere = both(None).await;
    assert_eq!(anywhere.first(), Some(&pair("ann", "laptop")));
    let keys = h
        .store
        .keys(&Scope::Tenant("acme".into()), 0, 10)
        .await
        .unwrap();
    assert_eq!(keys.len(), 3);
}

async fn an_organisation_has_one_token_whoever_asks_for_it_first(database: Database) {
    let (h, store) = store_of(database).await;
    let other = h.database.ingest(&h.clock);
    let (one, two) = tokio::join!(
        store.collector_token("collector", "test", Some("acme")),
        other.collector_token("collector", "test", Some("acme"))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    assert_eq!(one.tenant_id.as_deref(), Some("acme"));
    for (environment, tenant) in [
        ("test", Some("umbrella")),
        ("test", None),
        ("live", Some("acme")),
    ] {
        let unlike = store
            .collector_token("collector", environment, tenant)
            .await
            .unwrap();
        assert_ne!(unlike.id, one.id, "{environment} {tenant:?}");
    }
    // Nobody can guess its secret, the text that its hash is of included.
    for secret in ["collector\0test\0acme", "collector", ""] {
        assert_eq!(store.ingest_token(secret).await.unwrap(), None);
    }
    store.revoke_ingest_token(one.id, "admin").await.unwrap();
    let revoked = store
        .collector_token("collector", "test", Some("acme"))
        .await
        .unwrap();
    assert_eq!((revoked.id, revoked.revoked_at.is_some()), (one.id, true));
}

async fn a_session_is_kept_and_ends_once(database: Database) {
    let (h, store) = store_of(database).await;
    let session = CollectorSession::new(Uuid::new_v4(), 7, "ann", 1_234);
    for _ in 0..2 {
        store.start_collector_session(&session).await.unwrap();
    }
    assert_eq!(
        store.collector_session(session.id).await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(store.collector_session(Uuid::new_v4()).await.unwrap(), None);
    assert!(store.end_collector_session(session.id).await.unwrap());
    assert!(!store.end_collector_session(session.id).await.unwrap());
    let ended = store.collector_session(session.id).await.unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(h.clock.unix_seconds()));
}

async fn a_question_about_a_user_or_a_team_is_of_their_keys_within_the_scope(database: Database) {
    let (h, store) = store_of(database).await;
    let ann = key(&h, "laptop", [Some("acme"), Some("ann"), Some("platform")]).await;
    key(&h, "phone", [Some("acme"), Some("ann"), None]).await;
    key(
        &h,
        "tablet",
        [Some("umbrella"), Some("ann"), Some("platform")],
    )
    .await;
    let token = store
        .collector_token("collector", "test", None)
        .await
        .unwrap();
    let queue = IngestQueue::new(Arc::clone(&store), "test");
    let now = h.clock.wall();
    for (text, requests) in [("laptop", 1), ("phone", 2), ("tablet", 4), ("nobodys", 8)] {
        let mut batch = IngestBatch::new(None, b"");
        for place in 0..requests {
            let mut item = IngestItem::new("", "deploy", now);
            item.protocol = Protocol::Event(EventKind::COMMAND);
            item.api_key = Some(ApiKey::from(text));
            batch.push(place, item, "{}");
        }
        assert_eq!(
            queue.submit(&token, batch).await.unwrap().accepted,
            requests
        );
    }
    let asked = |user: Option<&str>, team: Option<&str>, scope: &Scope| {
        let mut query = Query::over(TimeRange::new(NOON - 3_600, NOON + 3_600));
        query.filter = Filter::everything();
        query.filter.user_id = user.map(str::to_owned);
        query.filter.team_id = team.map(str::to_owned);
        query.scope = scope.clone();
        query
    };
    let count = |answer: &api_metrics_store::query::Answer| {
        answer.total().map_or(0, |all| all.request_count)
    };
    // From the inbox, then from buckets.
    for _ in 0..2 {
        for (user, team, scope, expected) in [
            (None, None, Scope::All, 15),
            (Some("ann"), None, Scope::All, 7),
            (None, Some("platform"), Scope::All, 5),
            (
                Some("ann"),
                Some("platform"),
                Scope::Tenant("acme".into()),
                1,
            ),
            (Some("ann"), None, Scope::Tenant("acme".into()), 3),
            (Some("ann"), None, Scope::Keys(vec![ann]), 1),
            (Some("ann"), None, Scope::Keys(vec![]), 0),
            (Some("nobody"), None, Scope::All, 0),
        ] {
            // Together with one that names nobody, which must not be narrowed.
            let questions = [asked(user, team, &scope), asked(None, None, &scope)];
            let answers = h.store.read_all(&questions, None).await.unwrap();
            assert_eq!(count(&answers[0]), expected, "{user:?} {team:?} {scope:?}");
            assert!(count(&answers[1]) >= expected);
        }
        let mut by_owner = asked(None, None, &Scope::All);
        by_owner.group_by.user = true;
        by_owner.group_by.team = true;
        let answer = h.store.read(&by_owner, None).await.unwrap();
        let rows: Vec<_> = answer
            .rows
            .iter()
            .map(|row| {
                let text = |owner: &Option<Arc<str>>| owner.as_deref().unwrap().to_owned();
                (
                    text(&row.group.user_id),
                    text(&row.group.team_id),
                    row.bucket.request_count,
                )
            })
            .collect();
        let expected = [("", "", 8), ("ann", "", 2), ("ann", "platform", 5)];
        assert_eq!(
            rows,
            expected.map(|(user, team, n)| (user.to_owned(), team.to_owned(), n))
        );
        h.store.fold().await.unwrap();
        while h.store.roll_up().await.unwrap().more {}
    }
    let mut owner = KeyOwner::default();
    assert!(
        h.store.api_keys_of(&owner).await.unwrap().is_empty(),
        "nobody's are none"
    );
    owner.user_id = Some("ann".into());
    owner.tenant_id = Some("acme".into());
    assert_eq!(h.store.api_keys_of(&owner).await.unwrap().len(), 2);
}
