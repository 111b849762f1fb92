//! Services that are folded side by side: overlapping, exact, and whoever dies in the middle.

mod contents;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use api_metrics_layer::{OTHER_UNIT, Units};
use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{Folded, Store, StoreError, Writer},
    time::ManualClock,
};
use api_metrics_tests::{
    PgDatabase, PgProxy, eventually, patient_by,
    pg_proxy::{HeldStatement, Verdict},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgPoolOptions};
use tokio::task::JoinHandle;

use contents::contents;

use crate::{
    harness::{NOON, record, writer_of},
    units::used,
};

const SERVICES: [&str; 3] = ["shop", "blog", "mail"];
/// By an older release: its leader's lock, without waiting.
const OLD_LEAD: &str = "SELECT pg_try_advisory_xact_lock(1634757748, 1)";

struct Scene {
    database: PgDatabase,
    clock: Arc<ManualClock>,
    store: Arc<PostgresStore>,
    writers: Vec<Writer>,
}

impl Scene {
    /// A database with a process for each service, of which all have flushed before and are folded.
    async fn new(services: usize) -> Self {
        let database = PgDatabase::create().await;
        let clock = Arc::new(ManualClock::at(NOON));
        let store = store(&database, &clock, 2, 6);
        store.prepare().await.unwrap();
        let writers = SERVICES.iter().take(services);
        let writers = writers.map(|service| writer_of(service, &clock)).collect();
        let scene = Self {
            database,
            clock,
            store,
            writers,
        };
        scene.flush(1).await;
        // Makes the partitions.
        scene.store.retain().await.unwrap();
        scene.store.fold().await.unwrap();
        scene
    }

    /// Everybody records and flushes something: the later a service comes, the more, so that the first share is the
    /// last service's.
    async fn flush(&self, round: u64) {
        for (n, writer) in (1..).zip(&self.writers) {
            for minute in 0..2 {
                for endpoint in 0..n * 3 {
                    let endpoint = format!("/{round}/{endpoint}");
                    let at = NOON - 60 * minute;
                    record(writer, at, &endpoint, None, 5 * round, n + round);
                    record(writer, at, "/all", Some("key"), 7, 1);
                }
            }
            self.store.flush(writer).await.unwrap();
        }
    }

    /// What another process sees and does.
    fn other(&self) -> Arc<PostgresStore> {
        store(&self.database, &self.clock, 2, 6)
    }

    async fn sql(&self) -> PgConnection {
        PgConnection::connect(&self.database.url()).await.unwrap()
    }

    /// A fold in a task of its own.
    fn fold(&self) -> JoinHandle<Result<Folded, StoreError>> {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.fold().await })
    }

    fn id(&self, service: usize) -> uuid::Uuid {
        self.writers[service].instance.id
    }
}

fn store(
    database: &PgDatabase,
    clock: &Arc<ManualClock>,
    side_by_side: u32,
    connections: u32,
) -> Arc<PostgresStore> {
    Arc::new(store_at(&database.url(), clock, side_by_side, connections))
}

fn store_at(
    url: &str,
    clock: &Arc<ManualClock>,
    side_by_side: u32,
    connections: u32,
) -> PostgresStore {
    let mut options = patient_by(Arc::<ManualClock>::clone(clock));
    options.folds_side_by_side = side_by_side;
    options.max_connections = connections;
    let mut store = PostgresStore::connect_lazy(url, options).unwrap();
    store.fold_side_by_side_from(1);
    store
}

/// Where a fold is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where it notes what it has folded of an instance, after the buckets.
    Mark,
    /// Where it writes period counts, in its turn.
    Turn,
}

/// Holds up transactions at a place, by triggers that wait for a lock which `sql` has.
struct HeldUp {
    sql: PgConnection,
}

impl HeldUp {
    /// Holds up every transaction that comes there.
    async fn at(scene: &Scene, place: Place) -> Self {
        let table = match place {
            Place::Mark => "folded",
            Place::Turn => "period_counts",
        };
        let key = match place {
            Place::Mark => "hashtext(NEW.id::text)",
            Place::Turn => "0",
        };
        let mut sql = scene.sql().await;
        // Longer than the limit of a leader, so that a slow machine changes nothing.
        let trigger = format!(
            "CREATE FUNCTION held_up() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '50s' AS $$ \
             BEGIN PERFORM pg_advisory_xact_lock_shared(77, {key}); RETURN NEW; END $$; \
             CREATE TRIGGER held_up BEFORE INSERT OR UPDATE ON api_metrics.{table} \
             FOR EACH ROW EXECUTE FUNCTION held_up();"
        );
        sqlx::raw_sql(AssertSqlSafe(trigger))
            .execute(&mut sql)
            .await
            .unwrap();
        Self { sql }
    }

    async fn hold(&mut self, key: &str) {
        let lock = format!("SELECT pg_advisory_lock(77, {key})");
        sqlx::raw_sql(AssertSqlSafe(lock))
            .execute(&mut self.sql)
            .await
            .unwrap();
    }

    async fn hold_instance(&mut self, id: uuid::Uuid) {
        self.hold(&format!("hashtext('{id}')")).await;
    }

    async fn release(&mut self) {
        sqlx::raw_sql("SELECT pg_advisory_unlock_all()")
            .execute(&mut self.sql)
            .await
            .unwrap();
    }

    /// The process of the server that maintains, and how many add.
    async fn leaders(&mut self) -> (Option<i32>, i64) {
        sqlx::query_as(
            "SELECT max(pid) FILTER (WHERE objid = 3), count(*) FILTER (WHERE objid = 1) FROM pg_locks \
             WHERE locktype = 'advisory' AND granted AND classid = 1634757748 \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&mut self.sql)
        .await
        .unwrap()
    }

    /// Waits until a call has ended, or at least `n` transactions are open and `all` of them wait for a lock.
    async fn ended_or_waiting<T>(&mut self, call: &JoinHandle<T>, n: i64, all: bool) {
        let sql = tokio::sync::Mutex::new(&mut self.sql);
        eventually("an end, or transactions that are held up", async || {
            let (open, waiting): (i64, i64) = sqlx::query_as(
                "SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
            )
            .fetch_one(&mut **sql.lock().await)
            .await
            .unwrap();
            let held_up = waiting >= n && (!all || waiting == open);
            (call.is_finished() || held_up).then_some(())
        })
        .await;
    }

    /// The processes of the server that wait for an advisory lock, once there are `n`: the one that maintains first.
    async fn waiting(&mut self, n: usize) -> Vec<i32> {
        let sql = tokio::sync::Mutex::new(&mut self.sql);
        eventually("transactions that are held up", async || {
            let waiting: Vec<i32> = sqlx::query_scalar(
                "SELECT w.pid FROM pg_locks AS w \
                 LEFT JOIN pg_locks AS m ON m.pid = w.pid AND m.granted AND m.locktype = 'advisory' \
                   AND m.classid = 1634757748 AND m.objid = 3 \
                 WHERE w.locktype = 'advisory' AND NOT w.granted \
                   AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 ORDER BY m.pid IS NULL",
            )
            .fetch_all(&mut **sql.lock().await)
            .await
            .unwrap();
            (waiting.len() == n).then_some(waiting)
        })
        .await
    }

    async fn terminate(&mut self, pid: i32) {
        let gone: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1, 20000)")
            .bind(pid)
            .fetch_one(&mut self.sql)
            .await
            .unwrap();
        assert!(gone);
    }
}

/// What one transaction after the other makes of the same rounds.
async fn expected(services: usize, rounds: u64) -> BTreeMap<String, String> {
    let mut scene = Scene::new(services).await;
    scene.store = store(&scene.database, &scene.clock, 1, 6);
    for round in 2..=rounds {
        scene.flush(round).await;
        let folded = scene.store.fold().await.unwrap();
        assert_eq!(folded.transactions, 1);
    }
    contents(&scene.database).await
}

/// Nobody leads but the shares that are under way, whatever the release.
async fn nobody_else_leads(scene: &Scene) {
    let other = scene.other();
    assert!(!other.fold().await.unwrap().led);
    assert!(!other.roll_up().await.unwrap().led);
    assert!(!other.retain().await.unwrap().led);
    let mut sql = scene.sql().await;
    let old: bool = sqlx::query_scalar(OLD_LEAD)
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert!(!old, "a release before shares leads beside them");
}

#[tokio::test]
async fn services_are_folded_in_transactions_that_overlap() {
    let scene = Scene::new(3).await;
    scene.flush(2).await;
    let mut held = HeldUp::at(&scene, Place::Mark).await;
    // The largest service, which is the first share.
    held.hold_instance(scene.id(2)).await;
    let folding = scene.fold();
    held.waiting(1).await;
    let mut sql = scene.sql().await;
    let sql = tokio::sync::Mutex::new(&mut sql);
    let folded = async |service: usize| -> bool {
        sqlx::query_scalar(
            "SELECT f.seq = i.seq FROM api_metrics.folded AS f JOIN api_metrics.instance AS i USING (id) WHERE id = $1",
        )
        .bind(scene.id(service))
        .fetch_one(&mut **sql.lock().await)
        .await
        .unwrap()
    };
    eventually("the other services are folded", async || {
        (folded(0).await && folded(1).await).then_some(())
    })
    .await;
    assert!(!folded(2).await);
    assert!(!folding.is_finished());
    nobody_else_leads(&scene).await;
    held.release().await;
    let folded = folding.await.unwrap().unwrap();
    assert_eq!(
        (folded.transactions, folded.batches, folded.more),
        (2, 3, false)
    );
    assert_eq!(contents(&scene.database).await, expected(3, 2).await);
}

#[tokio::test]
async fn whoever_dies_in_the_middle_of_a_fold_leaves_the_others_commits_and_nothing_twice() {
    let expected = expected(2, 2).await;
    for place in [Place::Mark, Place::Turn] {
        for victims in [&[][..], &[0], &[1], &[0, 1]] {
            let scene = Scene::new(2).await;
            scene.flush(2).await;
            let mut held = HeldUp::at(&scene, place).await;
            match place {
                Place::Mark => {
                    held.hold_instance(scene.id(0)).await;
                    held.hold_instance(scene.id(1)).await;
                }
                Place::Turn => held.hold("0").await,
            }
            let folding = scene.fold();
            let shares = held.waiting(2).await;
            for victim in victims {
                held.terminate(shares[*victim]).await;
            }
            if victims.len() == 1 {
                // The survivor has not ended: whoever came now would read rows that it is about to replace.
                nobody_else_leads(&scene).await;
            }
            held.release().await;
            let outcome = folding.await.unwrap();
            let is_whole = outcome.is_ok();
            assert_eq!(
                is_whole,
                victims.is_empty(),
                "{place:?} {victims:?}: {outcome:?}"
            );
            let other = scene.other();
            eventually("the rest is folded", async || {
                let folded = other.fold().await.unwrap();
                (folded.led && !folded.more).then_some(())
            })
            .await;
            let contents = contents(&scene.database).await;
            assert_eq!(contents, expected, "{place:?} {victims:?}");
        }
    }
}

/// The answer to one statement of a fold after the other is kept back, while the connection that leads it is cut and
/// another process begins a fold of more. Neither takes what the other takes.
#[tokio::test]
async fn a_share_that_comes_too_late_adds_nothing() {
    let scene = Scene::new(2).await;
    let proxy = PgProxy::start(scene.database.address().to_string()).await;
    let url = scene.database.url_through(proxy.address());
    let mut held = HeldUp::at(&scene, Place::Mark).await;
    let (mut rounds, mut cut, mut in_time) = (1, 0, 0);
    for statement in 1..=40 {
        // What happens once all have joined is in the test above.
        if in_time == 6 {
            break;
        }
        // A store of its own: its first statements are always the same.
        let store = Arc::new(store_at(
            &format!("{url}?sslmode=disable"),
            &scene.clock,
            2,
            6,
        ));
        rounds += 1;
        scene.flush(rounds).await;
        let answer = Arc::new(HeldStatement::default());
        let (mut seen, kept) = (0, Arc::clone(&answer));
        proxy.judge(move |_| {
            seen += 1;
            if seen == statement {
                Verdict::Hold(Arc::clone(&kept))
            } else {
                Verdict::Pass
            }
        });
        let mut late = tokio::spawn(async move { store.fold().await });
        tokio::select! {
            () = answer.answered.notified() => {}
            early = &mut late => panic!("{early:?} before statement {statement}"),
        }
        proxy.pass();
        let (first, adding) = held.leaders().await;
        if let Some(first) = first {
            held.terminate(first).await;
            cut += 1;
        }
        in_time += i32::from(adding == 2);
        rounds += 1;
        scene.flush(rounds).await;
        held.hold_instance(scene.id(0)).await;
        held.hold_instance(scene.id(1)).await;
        let folding = scene.fold();
        held.ended_or_waiting(&folding, 2, false).await;
        answer.release.notify_one();
        held.ended_or_waiting(&late, 1, true).await;
        held.release().await;
        let _ = (late.await.unwrap(), folding.await.unwrap());
        eventually("the rest is folded", async || {
            let folded = scene.store.fold().await.unwrap();
            (folded.led && !folded.more).then_some(())
        })
        .await;
    }
    assert_eq!(in_time, 6, "times that all shares had joined");
    assert!(cut > in_time + 8, "somebody led {cut} times");
    assert_eq!(contents(&scene.database).await, expected(2, rounds).await);
}

#[tokio::test]
async fn while_an_older_release_leads_no_fold_begins() {
    let scene = Scene::new(2).await;
    scene.flush(2).await;
    let mut older = scene.sql().await;
    let mut tx = older.begin().await.unwrap();
    let leads: bool = sqlx::query_scalar(OLD_LEAD)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert!(leads);
    assert!(!scene.store.fold().await.unwrap().led);
    assert!(!scene.store.roll_up().await.unwrap().led);
    tx.commit().await.unwrap();
    let folded = scene.store.fold().await.unwrap();
    assert_eq!((folded.led, folded.transactions), (true, 2));
}

#[tokio::test]
async fn a_pool_with_nothing_to_spare_folds_one_service_after_the_other() {
    for (connections, in_use, transactions) in
        [(1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 0, 2), (4, 2, 1)]
    {
        let scene = Scene::new(2).await;
        scene.flush(2).await;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(scene.database.options())
            .await
            .unwrap();
        let mut taken = Vec::new();
        for _ in 0..in_use {
            taken.push(pool.acquire().await.unwrap());
        }
        let mut options = patient_by(Arc::<ManualClock>::clone(&scene.clock));
        options.folds_side_by_side = 4;
        let mut store = PostgresStore::from_pool(pool, options);
        store.fold_side_by_side_from(1);
        let folded = store.fold().await.unwrap();
        assert_eq!(
            (folded.transactions, folded.batches, folded.more),
            (transactions, 2, false),
            "{connections} connections, {in_use} in use"
        );
        assert_eq!(contents(&scene.database).await, expected(2, 2).await);
    }
}

#[tokio::test]
async fn names_of_units_are_bounded_over_all_shares() {
    let scene = Scene::new(2).await;
    let count = async |round: u64| {
        for (n, writer) in (0..).zip(&scene.writers) {
            for unit in 0..200_u64 {
                let units = Units::new().add(format!("unit-{n}-{unit:03}"), 1 + unit);
                used(writer, NOON, &format!("/{}", unit % 20), None, &units);
            }
            scene.store.flush(writer).await.unwrap();
        }
        let folded = scene.store.fold().await.unwrap();
        let query = Query::over(TimeRange::new(NOON, NOON + 60));
        let answer = scene.store.read(&query, None).await.unwrap();
        let units = &answer.total().unwrap().units;
        assert_eq!(units.sums().count(), 256 + 1);
        let every: u64 = units.sums().map(|(_, n)| n).sum();
        assert_eq!(every, round * 2 * (200 * 201 / 2));
        assert!(units.sum(OTHER_UNIT) > 0);
        folded
    };
    // New names are noted by a leader alone.
    let folded = count(1).await;
    assert_eq!((folded.transactions, folded.batches), (1, 2));
    // Where there is no room left for further ones, they count as others in every share.
    let folded = count(2).await;
    assert_eq!((folded.transactions, folded.batches), (2, 2));
}

#[tokio::test]
async fn a_share_that_needs_a_partition_leaves_it_to_a_leader_alone() {
    let scene = Scene::new(2).await;
    let hour = 3_600;
    record(&scene.writers[0], NOON - 5 * hour, "/late", None, 5, 3);
    record(&scene.writers[1], NOON, "/now", None, 5, 4);
    for writer in &scene.writers {
        scene.store.flush(writer).await.unwrap();
    }
    let folded = scene.store.fold().await.unwrap();
    assert_eq!(
        (folded.transactions, folded.batches, folded.more),
        (2, 2, false)
    );
    let partitions: BTreeSet<String> = sqlx::query_scalar(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'api_metrics.metrics_1m'::regclass",
    )
    .fetch_all(&mut scene.sql().await)
    .await
    .unwrap()
    .into_iter()
    .collect();
    assert!(
        partitions.contains("api_metrics.metrics_1m_20260310_07"),
        "{partitions:?}"
    );
    let query = Query::over(TimeRange::new(NOON - 5 * hour, NOON - 4 * hour));
    let answer = scene.store.read(&query, None).await.unwrap();
    assert_eq!(answer.total().unwrap().request_count, 3);
}

#[tokio::test]
async fn a_batch_that_names_series_of_another_service_is_folded_by_a_leader_alone() {
    let scene = Scene::new(2).await;
    scene.flush(2).await;
    // Two instances of one service, of which one claims to be another's.
    let astray = writer_of("shop", &scene.clock);
    record(&astray, NOON, "/all", Some("key"), 7, 1);
    scene.store.flush(&astray).await.unwrap();
    sqlx::query("UPDATE api_metrics.instance SET service = 'blog' WHERE id = $1")
        .bind(astray.instance.id)
        .execute(&mut scene.sql().await)
        .await
        .unwrap();
    let folded = scene.store.fold().await.unwrap();
    assert!(folded.led && !folded.more, "{folded:?}");
    assert_eq!(folded.batches, 3);
    let control = Scene::new(2).await;
    control.flush(2).await;
    control.store.fold().await.unwrap();
    let requests = async |scene: &Scene| {
        let mut query = Query::over(TimeRange::new(NOON - 60, NOON + 60));
        query.filter.service = Some("shop".to_owned());
        let answer = scene.store.read(&query, None).await.unwrap();
        answer.total().unwrap().request_count
    };
    assert_eq!(requests(&scene).await, requests(&control).await + 1);
}
