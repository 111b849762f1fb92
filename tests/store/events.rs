//! Events beside requests, on all databases: series of protocols of their own.

use std::collections::BTreeMap;

use api_metrics_layer::{EventKind, Outcome, Protocol, event_label};
use api_metrics_store::{
    control::{
        billing::{BillingSettings, reconcile},
        keys::KeyChange,
        quotas::{QuotaSettings, quota_usage},
    },
    ingest::{IngestBatch, IngestItem},
    query::{Detail, Filter, Query, Scope, TimeRange, TopK},
    time::Clock as _,
};
use api_metrics_tests::question;

use crate::{
    harness::{Database, NOON, record},
    ingest::{Stage, item},
};

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
    an_event_is_in_no_view_but_that_of_its_protocol
    quotas_and_bills_count_events_but_none_of_a_browser
    every_question_means_the_same_before_and_after_a_fold
}

/// An event of a kind: a name, a key, and how long it took.
fn event(kind: EventKind, name: &str, key: Option<&str>, ms: u64) -> IngestItem {
    let mut event = item(name, key, NOON);
    event.protocol = Protocol::Event(kind);
    event.method = "";
    event.latency = Some(std::time::Duration::from_millis(ms));
    event
}

/// Three requests of 12 ms, an agent's two of a minute, a browser's one, and a job of one's own.
async fn fill(stage: &Stage) {
    let token = stage.token(|_| {}).await;
    let mut batch = IngestBatch::new(None, b"");
    let mut agent = event(EventKind::AGENT, "/a", Some("k"), 60_000);
    agent.method = event_label("small");
    let mut failed = agent.clone();
    (failed.status, failed.outcome) = (None, Outcome::Failed);
    let own = EventKind::new("render-frame").unwrap();
    let items = [
        item("/a", Some("k"), NOON),
        item("/a", None, NOON),
        item("/b", Some("k"), NOON),
        agent,
        failed,
        event(EventKind::WEBRTC, "call", Some("k"), 40),
        event(own, "scene", None, 5),
    ];
    for (place, item) in (0..).zip(items) {
        batch.push(place, item, "");
    }
    stage.queue().submit(&token, batch).await.unwrap();
}

fn over(change: impl FnOnce(&mut Query)) -> Query {
    question(TimeRange::new(NOON, NOON + 60), change)
}

fn of(protocol: &str) -> Filter {
    let mut filter = Filter::default();
    filter.protocol = Some(protocol.to_owned());
    filter
}

async fn an_event_is_in_no_view_but_that_of_its_protocol(database: Database) {
    let stage = Stage::on(database).await;
    fill(&stage).await;
    for folded in [false, true] {
        if folded {
            stage.h.settle().await;
        }
        let total = async |filter: Filter| {
            let answer = stage.h.read(&over(|query| query.filter = filter)).await;
            let total = answer.total().unwrap();
            (
                total.request_count,
                total.quantile_ms(0.95).unwrap() > 1_000.0,
            )
        };
        assert_eq!(total(Filter::default()).await, (3, false), "{folded}");
        assert_eq!(total(of("http")).await, (3, false));
        assert_eq!(total(of("agent")).await, (2, true));
        assert_eq!(total(of("webrtc")).await, (1, false));
        assert_eq!(total(Filter::everything()).await, (7, true));
        assert_eq!(total(Filter::billed()).await, (6, true));
        // By name: of two protocols that have the same one, each has its own.
        let named = async |filter: Filter| {
            let query = over(|query| {
                query.filter = filter;
                query.group_by.endpoint = true;
                query.group_by.method = true;
            });
            let rows = stage.h.read(&query).await.rows;
            let rows = rows.iter().map(|row| {
                let text =
                    |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap().to_owned();
                let errors = row.bucket.error_count_5xx;
                (
                    (text(&row.group.method), text(&row.group.endpoint)),
                    (row.bucket.request_count, errors),
                )
            });
            rows.collect::<BTreeMap<_, _>>()
        };
        let get = |endpoint: &str| ("GET".to_owned(), endpoint.to_owned());
        let own = BTreeMap::from([(get("/a"), (2, 0)), (get("/b"), (1, 0))]);
        assert_eq!(named(Filter::default()).await, own, "{folded}");
        let agents = BTreeMap::from([(("small".to_owned(), "/a".to_owned()), (2, 1))]);
        assert_eq!(named(of("agent")).await, agents, "{folded}");
        // A section by protocol.
        let query = over(|query| {
            query.filter = Filter::everything();
            query.group_by.protocol = true;
        });
        let answer = stage.h.read(&query).await;
        let protocols: Vec<_> = answer
            .rows
            .iter()
            .map(|row| {
                (
                    row.group.protocol.as_deref().unwrap().to_owned(),
                    row.bucket.request_count,
                )
            })
            .collect();
        let expected = [
            ("agent", 2),
            ("http", 3),
            ("render-frame", 1),
            ("webrtc", 1),
        ];
        assert_eq!(
            protocols,
            expected.map(|(name, n)| (name.to_owned(), n)),
            "{folded}"
        );
    }
}

async fn quotas_and_bills_count_events_but_none_of_a_browser(database: Database) {
    let stage = Stage::on(database).await;
    let mut limited = KeyChange::default();
    limited.quota_limit = Some(Some(100));
    let store = &stage.h.store;
    store.create_key("k", &limited, None).await.unwrap();
    fill(&stage).await;
    for folded in [false, true] {
        if folded {
            stage.h.settle().await;
        }
        let keys = store.all_keys(&Scope::All).await.unwrap();
        let now = stage.h.clock.unix_seconds();
        let settings = QuotaSettings::default();
        let usage = quota_usage(&**store, &settings, &keys, now, None);
        // Two requests and two of the agent; what a browser has measured is nobody's use.
        assert_eq!(usage.await.unwrap()[0].used, 4, "{folded}");
        let (from, to) = ("2026-03-10".parse().unwrap(), "2026-03-11".parse().unwrap());
        let settings = BillingSettings::default();
        let ledger = reconcile(&**store, &settings, from, to);
        let ledger = ledger.await.unwrap();
        assert!(ledger.agrees, "{folded}: {ledger:#?}");
        let [day] = &ledger.days[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!(
            (day.ledger, day.billed, day.unbilled),
            (6, 4, 2),
            "{folded}"
        );
    }
}

async fn every_question_means_the_same_before_and_after_a_fold(database: Database) {
    let stage = Stage::on(database).await;
    let writer = stage.h.writer();
    let ask = async |query: &Query| {
        let mut rows = stage.h.read_with(query, &writer).await.rows;
        rows.retain(|row| row.bucket.request_count > 0);
        rows.into_iter()
            .map(|row| (row.group, row.bucket.request_count))
            .collect::<Vec<_>>()
    };
    let mut questions = Vec::new();
    for protocol in [
        None,
        Some("http"),
        Some("agent"),
        Some("any"),
        Some("billed"),
        Some("job"),
    ] {
        for (endpoint, key, by) in [
            (None, None, 0),
            (Some("/a"), None, 1),
            (None, Some(0), 2),
            (Some("/a"), Some(0), 3),
            (None, None, 4),
        ] {
            for detail in [Detail::Requests, Detail::Counts] {
                for scope in [
                    Scope::All,
                    Scope::Tenant("acme".into()),
                    Scope::Keys(vec![1, 2]),
                ] {
                    questions.push(over(|query| {
                        query.filter.protocol = protocol.map(str::to_owned);
                        query.filter.endpoint = endpoint.map(str::to_owned);
                        query.filter.api_key_id = key;
                        query.group_by.endpoint = by & 1 == 1;
                        query.group_by.protocol = by & 2 == 2;
                        query.group_by.api_key = by & 4 == 4;
                        query.top = (by == 1).then(|| TopK::first(1));
                        (query.detail, query.scope) = (detail, scope);
                    }));
                }
            }
        }
    }
    let mut own = KeyChange::default();
    own.tenant_id = Some(Some("acme".into()));
    stage.h.store.create_key("k", &own, None).await.unwrap();
    // Stored, in the inbox, and in memory at once.
    fill(&stage).await;
    stage.h.settle().await;
    fill(&stage).await;
    record(&writer, NOON, "/a", Some("k"), 5, 4);
    let mut before = Vec::new();
    for query in &questions {
        before.push(ask(query).await);
    }
    stage.h.store.flush(&writer).await.unwrap();
    stage.h.settle().await;
    // The other way round, so that what one question has learned is of use to another.
    for (query, before) in questions.iter().zip(&before).rev() {
        assert_eq!(&ask(query).await, before, "{query:?}");
    }
    // They tell something, and are not all the same.
    let sums: Vec<u64> = before
        .iter()
        .map(|rows| rows.iter().map(|(_, n)| n).sum())
        .collect();
    assert_eq!(sums.iter().max(), Some(&18));
    assert!(sums.contains(&10) && sums.contains(&4), "{sums:?}");
}
