//! Reports of other services, on all databases.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::ApiKey;
use api_metrics_store::{
    control::keys::KeyChange,
    ingest::{
        Bins, IngestAnswer, IngestBatch, IngestError, IngestItem, IngestQueue, IngestStore,
        IngestToken, Measure, MetricPoint, NewIngestToken,
    },
    postgres::PostgresStore,
    query::{Query, TimeRange},
};
use api_metrics_tests::{
    PgProxy,
    pg_proxy::{Request, Verdict},
    question,
    random::Random,
};

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
    what_is_acknowledged_is_read_at_once_under_the_tokens_service
    a_batch_is_counted_once_under_its_key_and_answered_the_same
    a_tenants_token_names_its_own_keys_and_makes_new_ones_its_own
    tokens_are_kept_by_their_hash_and_can_be_revoked
    what_is_refused_is_kept_and_can_be_tried_again
    two_processes_that_get_the_same_batches_count_each_once
    two_processes_that_get_points_of_the_same_streams_count_what_the_last_ones_say
    what_was_counted_of_a_stream_is_known_for_a_week
    bytes_that_come_without_their_requests_are_kept
}

/// A store that others report to, on the harness' database.
pub(crate) struct Stage {
    pub(crate) h: Harness,
    store: Arc<dyn IngestStore>,
}

impl Stage {
    pub(crate) async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let store = another(&h);
        Self { h, store }
    }

    pub(crate) fn queue(&self) -> IngestQueue {
        IngestQueue::new(another(&self.h), "test")
    }

    pub(crate) async fn token(&self, change: impl FnOnce(&mut NewIngestToken)) -> IngestToken {
        let mut new = NewIngestToken::new("ci", "checkout", "production");
        change(&mut new);
        self.store.create_ingest_token(&new, "ann").await.unwrap().0
    }

    /// Requests by endpoint of the reported service.
    async fn requests(&self) -> BTreeMap<String, u64> {
        let query = question(TimeRange::new(NOON - 86_400, NOON + 86_400), |query| {
            query.group_by.endpoint = true;
            query.filter.service = Some("checkout".into());
        });
        let answer = self.h.read(&query).await;
        let rows = answer.rows.iter();
        rows.map(|row| {
            let endpoint = row.group.endpoint.as_deref().unwrap_or_default();
            (endpoint.to_owned(), row.bucket.request_count)
        })
        .collect()
    }

    async fn total(&self) -> u64 {
        self.requests().await.values().sum()
    }
}

/// A token, a batch that is counted once, and something that is refused.
pub(crate) async fn report_to(h: &Harness) {
    let store = another(h);
    let new = NewIngestToken::new("ci", "checkout", "production");
    let (token, _) = store.create_ingest_token(&new, "ann").await.unwrap();
    let mut sent = IngestBatch::new(Some("once"), b"");
    sent.refuse(0, None, "is no JSON", "{");
    let queue = IngestQueue::new(store, "test");
    queue.submit(&token, sent).await.unwrap();
    let points = IngestBatch::of_points(vec![point("/a", NOON, 1)], b"");
    queue.submit(&token, points).await.unwrap();
}

/// A cumulative point of a stream that began a minute before noon: requests of 2 ms.
fn point(endpoint: &str, at: i64, count: u64) -> MetricPoint {
    let mut stream = [0; 16];
    for (to, from) in stream.iter_mut().zip(endpoint.bytes()) {
        *to = from;
    }
    let nanos = |seconds: i64| seconds.unsigned_abs() * 1_000_000_000;
    let mut point = MetricPoint::new("GET", endpoint, stream);
    (point.started_ns, point.at_ns) = (nanos(NOON - 60), nanos(at));
    point.status = Some(200);
    point.count = count;
    point.sum = count as f64 * 2_000.0;
    point.bins = Bins::Explicit(vec![5_000.0]);
    point.counts.insert(0, count);
    point
}

/// Another process on the same database.
fn another(h: &Harness) -> Arc<dyn IngestStore> {
    h.database.ingest(&h.clock)
}

pub(crate) fn item(endpoint: &str, key: Option<&str>, at: i64) -> IngestItem {
    let at = UNIX_EPOCH + Duration::from_secs(at.unsigned_abs());
    let mut item = IngestItem::new("GET", endpoint, at);
    item.api_key = key.map(ApiKey::from);
    item.latency = Some(Duration::from_millis(12));
    item
}

/// A batch of one item for each endpoint.
fn batch(key: Option<&str>, endpoints: &[&str]) -> IngestBatch {
    let mut batch = IngestBatch::new(key, endpoints.join(" ").as_bytes());
    for (place, endpoint) in (0..).zip(endpoints) {
        batch.push(place, item(endpoint, None, NOON), "{}");
    }
    batch
}

fn counts(answer: &IngestAnswer) -> (u32, usize, bool) {
    (answer.accepted, answer.refused.len(), answer.repeated)
}

async fn what_is_acknowledged_is_read_at_once_under_the_tokens_service(database: Database) {
    let stage = Stage::on(database).await;
    let (queue, token) = (stage.queue(), stage.token(|_| {}).await);
    let answer = queue.submit(&token, batch(None, &["/a", "/b", "/a"])).await;
    assert_eq!(counts(&answer.unwrap()), (3, 0, false));
    let expected = BTreeMap::from([("/a".to_owned(), 2), ("/b".to_owned(), 1)]);
    assert_eq!(stage.requests().await, expected);
    // The same after the fold, and beside what is recorded under another service.
    let writer = stage.h.writer();
    crate::harness::record(&writer, NOON, "/a", None, 5, 3);
    stage.h.store.flush(&writer).await.unwrap();
    stage.h.settle().await;
    assert_eq!(stage.requests().await, expected);
    let all = Query::over(TimeRange::new(NOON, NOON + 60));
    let total = stage.h.read(&all).await;
    let total = total.total().unwrap();
    assert_eq!((total.request_count, total.latency_count), (6, 6));
    // Without a key, nobody can know that it is the same.
    queue.submit(&token, batch(None, &["/a"])).await.unwrap();
    assert_eq!(stage.total().await, 4);
}

async fn a_batch_is_counted_once_under_its_key_and_answered_the_same(database: Database) {
    let stage = Stage::on(database).await;
    let (queue, token) = (stage.queue(), stage.token(|_| {}).await);
    let mut sent = batch(Some("one"), &["/a", "/b"]);
    sent.refuse(
        2,
        Some("status"),
        "`99` is not from 100 to 999",
        "{\"status\":99}",
    );
    let first = queue.submit(&token, sent.clone()).await.unwrap();
    assert_eq!(counts(&first), (2, 1, false));
    // Again: by the same process, by another one, after a fold.
    let again = queue.submit(&token, sent.clone()).await.unwrap();
    assert_eq!(
        (counts(&again), &again.refused),
        ((2, 1, true), &first.refused)
    );
    stage.h.settle().await;
    let elsewhere = stage.queue().submit(&token, sent.clone()).await.unwrap();
    assert_eq!(elsewhere, again);
    assert_eq!(stage.total().await, 2);
    assert_eq!(stage.store.dead_letters(None, 10).await.unwrap().len(), 1);
    // Another batch under the same key is an error, and another token's key is another.
    let other = queue.submit(&token, batch(Some("one"), &["/c"])).await;
    assert!(matches!(other, Err(IngestError::KeyReused)), "{other:?}");
    let neighbour = stage.token(|_| {}).await;
    let answer = queue.submit(&neighbour, batch(Some("one"), &["/c"])).await;
    assert!(!answer.unwrap().repeated);
    assert_eq!(stage.total().await, 3);
    // At once, within one transaction.
    let answers = futures_util::future::join_all(
        (0..6).map(|_| queue.submit(&token, batch(Some("two"), &["/d"]))),
    )
    .await;
    let new = answers
        .iter()
        .filter(|answer| !answer.as_ref().unwrap().repeated);
    assert_eq!(new.count(), 1);
    assert_eq!(stage.requests().await.get("/d"), Some(&1));
}

async fn a_tenants_token_names_its_own_keys_and_makes_new_ones_its_own(database: Database) {
    let stage = Stage::on(database).await;
    let own = |tenant: &str| {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(tenant.to_owned()));
        change
    };
    let control = &stage.h.store;
    control
        .create_key("acme-1", &own("acme"), None)
        .await
        .unwrap();
    control
        .create_key("zeta-1", &own("zeta"), None)
        .await
        .unwrap();
    control
        .create_key("nobody", &KeyChange::default(), None)
        .await
        .unwrap();
    let (queue, token) = (
        stage.queue(),
        stage.token(|new| new.tenant_id = Some("acme".into())).await,
    );
    let mut sent = IngestBatch::new(Some("k"), b"");
    for (place, key) in (0..).zip([
        Some("acme-1"),
        Some("zeta-1"),
        Some("nobody"),
        Some("new"),
        None,
    ]) {
        sent.push(
            place,
            item("/a", key, NOON),
            &format!("{{\"key\":{key:?}}}"),
        );
    }
    let answer = queue.submit(&token, sent).await.unwrap();
    assert_eq!(counts(&answer), (3, 2, false));
    let refused: Vec<_> = answer
        .refused
        .iter()
        .map(|one| (one.place, one.member.as_deref()))
        .collect();
    assert_eq!(refused, [(1, Some("key")), (2, Some("key"))]);
    let keys = control
        .all_keys(&api_metrics_store::query::Scope::All)
        .await
        .unwrap();
    let owners: BTreeMap<_, _> = keys
        .iter()
        .map(|key| (key.external_id.as_str(), key.spec.tenant_id.as_deref()))
        .collect();
    assert_eq!(
        owners,
        BTreeMap::from([
            ("acme-1", Some("acme")),
            ("new", Some("acme")),
            ("nobody", None),
            ("zeta-1", Some("zeta")),
        ])
    );
    // A token of nobody in particular may name all of them.
    let free = stage.token(|_| {}).await;
    let mut sent = IngestBatch::new(None, b"");
    for (place, key) in (0..).zip(["zeta-1", "nobody", "another"]) {
        sent.push(place, item("/b", Some(key), NOON), "");
    }
    assert_eq!(
        counts(&queue.submit(&free, sent).await.unwrap()),
        (3, 0, false)
    );
}

async fn tokens_are_kept_by_their_hash_and_can_be_revoked(database: Database) {
    let stage = Stage::on(database).await;
    let mut new = NewIngestToken::new("ci", "checkout", "production");
    new.templates = vec!["/users/{id}".into()];
    let (token, secret) = stage.store.create_ingest_token(&new, "ann").await.unwrap();
    assert_eq!((token.created_by.as_str(), token.created_at), ("ann", NOON));
    assert!(!format!("{token:?}").contains(&secret));
    let known = stage.store.ingest_token(&secret).await.unwrap();
    assert_eq!(known.as_ref(), Some(&token));
    assert_eq!(stage.store.ingest_token("amw_wrong").await.unwrap(), None);
    let templates = ["/a".to_owned(), "/b".to_owned()];
    let put = stage.store.put_ingest_templates(token.id, &templates);
    assert!(put.await.unwrap());
    assert!(
        stage
            .store
            .put_ingest_templates(token.id, &["b".into()])
            .await
            .is_err()
    );
    stage.h.clock.advance(Duration::from_secs(120));
    stage
        .queue()
        .submit(&token, batch(None, &["/a"]))
        .await
        .unwrap();
    let all = stage.store.ingest_tokens().await.unwrap();
    assert_eq!(all[0].last_used_at, Some(NOON + 120));
    assert_eq!(all[0].templates, ["/a", "/b"]);
    let revoked = stage
        .store
        .revoke_ingest_token(token.id, "bob")
        .await
        .unwrap();
    assert_eq!(revoked.unwrap().revoked_at, Some(NOON + 120));
    // For good: a second time changes nothing.
    stage.h.clock.advance(Duration::from_secs(60));
    let again = stage
        .store
        .revoke_ingest_token(token.id, "bob")
        .await
        .unwrap();
    assert_eq!(again.unwrap().revoked_at, Some(NOON + 120));
    assert_eq!(stage.store.ingest_token(&secret).await.unwrap(), None);
    assert_eq!(
        stage.store.revoke_ingest_token(999, "bob").await.unwrap(),
        None
    );
    new.service = "a\u{202e}b".into();
    assert!(stage.store.create_ingest_token(&new, "ann").await.is_err());
}

async fn what_is_refused_is_kept_and_can_be_tried_again(database: Database) {
    let stage = Stage::on(database).await;
    let (queue, token) = (stage.queue(), stage.token(|_| {}).await);
    let mut sent = IngestBatch::new(None, b"");
    sent.refuse(0, None, "is \0no JSON", &"x".repeat(10_000));
    sent.refuse(1, Some("key"), "is not a key of this token's tenant", "{}");
    assert_eq!(
        counts(&queue.submit(&token, sent).await.unwrap()),
        (0, 2, false)
    );
    let letters = stage.store.dead_letters(None, 10).await.unwrap();
    let reasons: Vec<_> = letters.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["is not a key of this token's tenant", "is \u{fffd}no JSON"]
    );
    assert_eq!(
        (letters[1].item.len(), letters[1].member.as_deref()),
        (4_096, None)
    );
    let below = stage
        .store
        .dead_letters(Some(letters[0].id), 10)
        .await
        .unwrap();
    assert_eq!(below, letters[1..]);
    // Tried again, however often: counted once.
    let letter = letters[0].id;
    for _ in 0..2 {
        let retry = IngestBatch::retry_of(letter, item("/a", None, NOON), "{}");
        assert_eq!(queue.submit(&token, retry).await.unwrap().accepted, 1);
    }
    assert_eq!(stage.total().await, 1);
    assert!(stage.store.delete_dead_letter(letter).await.unwrap());
    assert!(!stage.store.delete_dead_letter(letter).await.unwrap());
    assert_eq!(stage.store.dead_letter(letter).await.unwrap(), None);
}

async fn two_processes_that_get_the_same_batches_count_each_once(database: Database) {
    let stage = Stage::on(database).await;
    let token = stage.token(|_| {}).await;
    let queues = [stage.queue(), stage.queue()];
    let mut random = Random::new(7);
    let batches: Vec<IngestBatch> = (0..40)
        .map(|n| {
            let endpoints: Vec<String> = (0..=random.index(5)).map(|i| format!("/{i}")).collect();
            let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
            batch(Some(&format!("batch {n}")), &endpoints)
        })
        .collect();
    let expected: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
    // Each of them twice to each process, in an order of its own.
    let mut sends = Vec::new();
    for _ in 0..4 {
        for batch in &batches {
            sends.insert(
                random.index(sends.len() + 1),
                (random.index(2), batch.clone()),
            );
        }
    }
    let answers = sends.into_iter().map(|(at, batch)| {
        let (queue, token) = (queues[at].clone(), token.clone());
        tokio::spawn(async move { queue.submit(&token, batch).await })
    });
    let answers = futures_util::future::join_all(answers).await;
    let mut new = 0;
    for answer in answers {
        let answer = answer.unwrap().unwrap();
        new += u64::from(!answer.repeated) * u64::from(answer.accepted);
    }
    assert_eq!((new, stage.total().await), (expected, expected));
    stage.h.settle().await;
    assert_eq!(stage.total().await, expected);
}

async fn two_processes_that_get_points_of_the_same_streams_count_what_the_last_ones_say(
    database: Database,
) {
    let stage = Stage::on(database).await;
    let token = stage.token(|_| {}).await;
    let queues = [stage.queue(), stage.queue()];
    let mut random = Random::new(11);
    // Twenty exports of four streams; each of them twice, in any order, to any process.
    let mut counts = [0; 4];
    let mut sends: Vec<(usize, Vec<MetricPoint>)> = Vec::new();
    for export in 0..20 {
        let mut points = Vec::new();
        for (stream, count) in (0..).zip(&mut counts) {
            *count += random.index(50) as u64 + 1;
            points.push(point(&format!("/{stream}"), NOON - 50 + export, *count));
        }
        for _ in 0..2 {
            let place = random.index(sends.len() + 1);
            sends.insert(place, (random.index(2), points.clone()));
        }
    }
    let answers = (0..).zip(sends).map(|(n, (at, points))| {
        let (queue, token) = (queues[at].clone(), token.clone());
        // Of another body each, so that the points alone tell.
        let batch = IngestBatch::of_points(points, format!("{n}").as_bytes());
        tokio::spawn(async move { queue.submit(&token, batch).await })
    });
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer.unwrap().unwrap().accepted, 4);
    }
    let expected: BTreeMap<String, u64> = (0..)
        .zip(counts)
        .map(|(stream, count)| (format!("/{stream}"), count))
        .collect();
    assert_eq!(stage.requests().await, expected);
    stage.h.settle().await;
    assert_eq!(stage.requests().await, expected);
}

async fn what_was_counted_of_a_stream_is_known_for_a_week(database: Database) {
    let stage = Stage::on(database).await;
    let token = stage.token(|_| {}).await;
    let send = async |at: i64, count| {
        let body = format!("{at} {count}");
        let points = IngestBatch::of_points(vec![point("/a", at, count)], body.as_bytes());
        // Another one each time: it forgets what is old before it takes the next one.
        let queue = stage.queue();
        queue
            .submit(&token, IngestBatch::new(None, b""))
            .await
            .unwrap();
        queue.submit(&token, points).await.unwrap();
    };
    send(NOON, 7).await;
    for (days, count) in [(6, 9), (12, 12)] {
        stage.h.clock.step_to(NOON + days * 86_400);
        send(NOON + days * 86_400, count).await;
    }
    let query = question(TimeRange::new(NOON - 86_400, NOON + 30 * 86_400), |query| {
        query.filter.service = Some("checkout".into());
    });
    let count = async || stage.h.read(&query).await.rows[0].bucket.request_count;
    assert_eq!(count().await, 12);
    // Forgotten meanwhile: whether the 14 hold those that were counted, nobody knows, so that they count as a start.
    stage.h.clock.step_to(NOON + 20 * 86_400);
    send(NOON + 20 * 86_400, 14).await;
    assert_eq!(count().await, 12);
    send(NOON + 20 * 86_400 + 1, 16).await;
    assert_eq!(count().await, 14);
}

async fn bytes_that_come_without_their_requests_are_kept(database: Database) {
    let stage = Stage::on(database).await;
    let token = stage.token(|_| {}).await;
    let mut bytes = point("/a", NOON, 3);
    bytes.measure = Measure::RequestBytes;
    bytes.sum = 1_234.0;
    // A minute later than their bytes, as by an exporter of one metric after the other.
    let mut requests = point("/a", NOON + 60, 3);
    requests.stream[15] = 1;
    for (n, point) in [bytes, requests].into_iter().enumerate() {
        let batch = IngestBatch::of_points(vec![point], &[n as u8]);
        stage.queue().submit(&token, batch).await.unwrap();
    }
    let query = question(TimeRange::new(NOON - 86_400, NOON + 86_400), |query| {
        query.filter.service = Some("checkout".into());
    });
    for settled in [false, true] {
        if settled {
            stage.h.settle().await;
        }
        let answer = stage.h.read(&query).await;
        let total = answer.total().unwrap();
        let found = (total.request_count, total.request_bytes, answer.incomplete);
        assert_eq!(found, (3, 1_234, false), "settled: {settled}");
    }
}

#[tokio::test]
async fn a_batch_is_counted_once_though_connections_break_at_its_commit() {
    let stage = Stage::on(Database::postgres().await).await;
    let Database::Postgres(database) = &stage.h.database else {
        unreachable!()
    };
    let proxy = PgProxy::start(database.address().to_string()).await;
    let mut options = api_metrics_tests::patient_by(stage.h.clock.clone());
    options.max_connections = 2;
    let url = format!("{}?sslmode=disable", database.url_through(proxy.address()));
    let store = Arc::new(PostgresStore::connect_lazy(&url, options).unwrap());
    let queue = IngestQueue::new(store, "broken");
    let token = stage.token(|_| {}).await;
    let mut sent = 0;
    for (name, verdict) in [
        ("after", Verdict::CutAfter),
        ("before", Verdict::CutBefore),
        ("at once", Verdict::CutAtOnce),
    ] {
        for cuts in [1, 2, 5] {
            let (mut commits, verdict) = (0, verdict.clone());
            proxy.judge(move |request| {
                commits += i32::from(request == Request::Commit);
                if request == Request::Commit && commits <= cuts {
                    verdict.clone()
                } else {
                    Verdict::Pass
                }
            });
            let key = format!("{name} {cuts}");
            let mut attempts = 0;
            // As a client does: the same batch, until somebody says that it is there.
            while queue
                .submit(&token, batch(Some(&key), &["/a", "/b"]))
                .await
                .is_err()
            {
                attempts += 1;
                assert!(attempts < 20, "{key}");
            }
            sent += 2;
            proxy.judge(|_| Verdict::Pass);
            assert_eq!(stage.total().await, sent, "{key}");
        }
    }
    stage.h.settle().await;
    assert_eq!(stage.total().await, sent);
}
