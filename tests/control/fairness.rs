//! What one tenant, one rule or one notice may cost the others: nothing but its own turn.

use std::{pin::pin, task::Poll};

use api_metrics_store::{
    control::{
        alerts::{AlertSpec, dry_run},
        billing::{NewPlan, PriceTier},
        keys::KeyChange,
        notify::{DeliveryQuery, DeliveryStatus},
    },
    query::TimeRange,
    store::StoreError,
};
use api_metrics_tests::PgDatabase;
use sqlx::{Connection, PgConnection};

use crate::{
    alerts::{AlertStage, errors, events},
    harness::{Database, NOON},
    help::{Traffic, by_hand},
};

on_both! {
    a_tenant_has_a_bounded_number_of_rules_keys_and_plans
    a_notice_that_can_not_be_read_stops_no_other
    a_dry_run_gives_way_while_it_judges
}

/// Reads of anything before eleven wait for as long as this is held.
struct Blocked(PgConnection);

impl Blocked {
    /// Locks every partition but those of the minutes since eleven: a rule of one minute also reads the
    /// minute before.
    async fn before_eleven(database: &PgDatabase) -> Self {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        let lock = "BEGIN; DO $$ DECLARE part regclass; BEGIN \
             FOR part IN SELECT inhrelid FROM pg_inherits JOIN pg_class ON oid = inhrelid \
             WHERE relkind = 'r' AND inhparent::regclass::text \
                 LIKE 'api_metrics.metrics_%' AND inhrelid::regclass::text !~ '1m.*_1[12]$' \
             LOOP EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part); END LOOP; END $$";
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        Self(connection)
    }

    /// Until a statement waits.
    async fn waited_for(database: &PgDatabase) {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        while one(&mut connection, "SELECT count(pg_sleep(0.01))").await == 0 {}
    }

    async fn release(self) {
        self.0.close().await.unwrap();
    }
}

/// What a statement answers about each statement that waits for a lock.
async fn one(connection: &mut PgConnection, select: &'static str) -> i64 {
    let sql = format!(
        "{select} FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .unwrap()
}

/// A rule that looks at two hours.
fn slow(tenant: Option<&str>) -> AlertSpec {
    {
        let mut spec = errors();
        spec.name = "slow".into();
        spec.window_minutes = 120;
        spec.tenant_id = tenant.map(str::to_owned);
        spec
    }
}

/// A stage on Postgres where something happened before eleven, of a key of the tenant `acme` too.
async fn stage() -> AlertStage {
    let w = AlertStage::on(Database::postgres().await).await;
    let key = {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some("acme".into()));
        change
    };
    w.h.store.create_key("k", &key, None).await.unwrap();
    let traffic = Traffic {
        key: Some("k"),
        ..Traffic::default()
    };
    traffic.send(&w.writer, NOON - 4_000, 1);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.settle().await;
    w
}

fn postgres(w: &AlertStage) -> &PgDatabase {
    match &w.h.database {
        Database::Postgres(database) => database,
        _ => unreachable!("the stage is on Postgres"),
    }
}

#[tokio::test]
async fn a_rule_whose_time_is_up_keeps_no_other_from_being_told() {
    let w = stage().await;
    let database = postgres(&w);
    w.create(&slow(Some("acme"))).await;
    w.create(&errors()).await;
    w.create(&slow(None)).await;
    w.create(&{
        let mut spec = errors();
        spec.name = "last".into();
        spec
    })
    .await;
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    let blocked = Blocked::before_eleven(database).await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    // As Postgres ends a statement whose time is up.
    let ends = "SELECT count(pg_cancel_backend(pid)) + 0 * count(pg_sleep(0.01))";
    let worker = api_metrics_tests::worker_for(Vec::new());
    let mut evaluate = async || {
        let mut round = pin!(worker.evaluate(&*w.h.store, None));
        loop {
            tokio::select! {
                done = &mut round => break done.unwrap(),
                _ = one(&mut connection, ends) => {}
            }
        }
    };
    let done = evaluate().await;
    assert_eq!((done.rules, done.fired, done.timed_out), (2, 2, 2));
    // Tried again with the next minute, and not before.
    let done = evaluate().await;
    assert_eq!((done.rules, done.timed_out), (0, 0));
    w.h.clock.step_to(NOON + 135);
    let done = evaluate().await;
    assert_eq!((done.rules, done.resolved, done.timed_out), (2, 2, 2));
    // No minute is lost to a rule that was too slow for a while.
    blocked.release().await;
    let done = evaluate().await;
    assert_eq!(done.rules, 0);
    w.h.clock.step_to(NOON + 195);
    let done = evaluate().await;
    assert_eq!((done.rules, done.timed_out), (4, 0));
}

#[tokio::test]
async fn a_round_that_is_cut_short_has_told_what_it_judged_and_does_not_begin_with_what_held_it_up()
{
    let w = stage().await;
    let database = postgres(&w);
    for n in 0..50 {
        w.create(&{
            let mut spec = errors();
            spec.name = format!("rule {n}");
            spec
        })
        .await;
    }
    w.create(&slow(None)).await;
    w.create(&{
        let mut spec = errors();
        spec.name = "last".into();
        spec
    })
    .await;
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    let _blocked = Blocked::before_eleven(database).await;
    let worker = api_metrics_tests::worker_for(Vec::new());
    tokio::select! {
        _ = worker.evaluate(&*w.h.store, None) => unreachable!("it waits for a lock"),
        () = Blocked::waited_for(database) => {}
    }
    assert_eq!(events(&*w.h.store).await.len(), 50);
    let done = worker.evaluate(&*w.h.store, None).await.unwrap();
    assert_eq!((done.rules, done.fired), (1, 1));
}

async fn a_tenant_has_a_bounded_number_of_rules_keys_and_plans(database: Database) {
    let w = AlertStage::on(database).await;
    let insert = "INSERT INTO api_metrics.api_alert_configs (name, alert_type, tenant_id, threshold_value, comparison) \
                  SELECT 'rule', 'error_rate', 'acme', 1, 'gt' FROM generate_series(1, 499); \
                  INSERT INTO api_metrics.api_keys (external_id, tenant_id) \
                  SELECT 'key ' || n, 'acme' FROM generate_series(1, 9999) AS n; \
                  INSERT INTO api_metrics.price_plans (tenant_id, name, currency, effective_from) \
                  SELECT 'acme', 'plan ' || n, 'EUR', '2026-01-01'::date FROM generate_series(1, 499) AS n; \
                  INSERT INTO api_metrics.price_tiers (plan_id, from_requests, per_thousand) \
                  SELECT id, 0, 1 FROM api_metrics.price_plans";
    let series = "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ";
    let lite = insert
        .replace("api_metrics.", "api_metrics_")
        .replace("::date", "")
        .replace("0, 1 FROM", "0, '1' FROM")
        .replace("generate_series(1, ", series)
        .replace("499)", "499) SELECT n FROM s)")
        .replace("9999)", "9999) SELECT n FROM s)");
    by_hand(&w.h.database, insert, &lite).await;
    let control = &*w.h.store;
    let of = |tenant: Option<&str>| {
        let mut spec = errors();
        spec.tenant_id = tenant.map(str::to_owned);
        spec
    };
    control.create_alert(&of(Some("acme")), None).await.unwrap();
    let full = control.create_alert(&of(Some("acme")), None).await;
    assert!(matches!(full, Err(StoreError::Conflict(_))), "{full:?}");
    // Others have room of their own, and a full one is entered by no other door.
    let other = control
        .create_alert(&of(Some("other")), None)
        .await
        .unwrap();
    control.create_alert(&of(None), None).await.unwrap();
    let scope = &api_metrics_store::query::Scope::All;
    let moved = control
        .update_alert(other.id, scope, None, &of(Some("acme")), None)
        .await;
    assert!(matches!(moved, Err(StoreError::Conflict(_))), "{moved:?}");

    let key = {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some("acme".into()));
        change
    };
    control.create_key("one more", &key, None).await.unwrap();
    let full = control.create_key("one too many", &key, None).await;
    assert!(matches!(full, Err(StoreError::Conflict(_))), "{full:?}");
    control
        .create_key("nobody's", &KeyChange::default(), None)
        .await
        .unwrap();

    let plan = |name: &str, tenant: Option<&str>| {
        let mut plan = NewPlan::new(
            name,
            "EUR",
            "2026-01-01".parse().unwrap(),
            vec![PriceTier::new(0, "0.02".parse().unwrap())],
        );
        plan.tenant_id = tenant.map(str::to_owned);
        plan
    };
    control
        .create_plan(&plan("one more", Some("acme")), None)
        .await
        .unwrap();
    let full = control
        .create_plan(&plan("one too many", Some("acme")), None)
        .await;
    assert!(matches!(full, Err(StoreError::Conflict(_))), "{full:?}");
    control
        .create_plan(&plan("basic", None), None)
        .await
        .unwrap();
}

async fn a_notice_that_can_not_be_read_stops_no_other(database: Database) {
    let w = AlertStage::on(database).await;
    for name in ["first", "broken", "last"] {
        w.create(&{
            let mut spec = errors();
            spec.name = name.into();
            spec
        })
        .await;
    }
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    w.watch.evaluate(&*w.h.store, None).await.unwrap();
    // As a newer release might have written it.
    by_hand(
        &w.h.database,
        "UPDATE api_metrics.notices SET body = 'v2' || body WHERE body LIKE '%broken%'",
        "UPDATE api_metrics_notices SET body = 'v2' || body WHERE body LIKE '%broken%'",
    )
    .await;
    let done = w.watch.deliver(&*w.h.store, None).await.unwrap();
    assert_eq!(done.delivered, 2);
    assert_eq!(w.memory.take().len(), 2);
    // A page is full although what can't be read is left out of it.
    let control = &*w.h.store;
    let mut query = DeliveryQuery::default();
    query.limit = 1;
    let mut listed = 0;
    while let Some(found) = control.deliveries(&query).await.unwrap().pop() {
        listed += 1;
        query.before = Some((found.updated_at, found.notice.id, found.channel));
    }
    assert_eq!(listed, 2);

    // A process that can read it might come; after all attempts it is a dead letter.
    for _ in 0..12 {
        w.h.clock.advance(std::time::Duration::from_secs(91));
        assert_eq!(
            w.watch.deliver(&*w.h.store, None).await.unwrap().delivered,
            0
        );
    }
    by_hand(
        &w.h.database,
        "UPDATE api_metrics.notices SET body = substr(body, 3) WHERE body LIKE 'v2%'",
        "UPDATE api_metrics_notices SET body = substr(body, 3) WHERE body LIKE 'v2%'",
    )
    .await;
    let query = {
        let mut query = DeliveryQuery::default();
        query.status = Some(DeliveryStatus::Dead);
        query
    };
    let letters = control.deliveries(&query).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].attempts, 10);
    let error = letters[0].last_error.as_deref().unwrap();
    assert!(error.contains("can't be read"), "{error}");
    assert!(
        control
            .redeliver(letters[0].notice.id, "memory")
            .await
            .unwrap()
    );
    assert_eq!(
        w.watch.deliver(&*w.h.store, None).await.unwrap().delivered,
        1
    );
}

async fn a_dry_run_gives_way_while_it_judges(database: Database) {
    let w = AlertStage::on(database).await;
    for minute in -120..0 {
        w.minute(minute, 10, 1);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    let glob = {
        let mut spec = errors();
        spec.endpoint = Some("/*".into());
        spec.window_minutes = 60;
        spec
    };
    let range = TimeRange::new(NOON - 43_200, NOON);
    let mut run = pin!(dry_run(
        &*w.h.store,
        &glob,
        range,
        api_metrics_store::calendar::Tz::UTC
    ));
    let mut waits = 0;
    let run = std::future::poll_fn(|context| {
        let poll = run.as_mut().poll(context);
        waits += u32::from(matches!(poll, Poll::Pending));
        poll
    })
    .await
    .unwrap();
    assert_eq!(run.windows, 720);
    // Each window is a moment in which whoever asked may give up, or somebody else have a turn.
    assert!(waits >= 720, "{waits}");
}
