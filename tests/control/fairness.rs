//! What one tenant, one rule or one notice may cost the others: nothing but its own turn.

use std::{future::pending, pin::pin, sync::Arc, task::Poll};

use api_metrics_store::{
    control::{
        ControlStore,
        alerts::{AlertSpec, dry_run},
        billing::{NewPlan, PriceTier},
        keys::KeyChange,
        notify::{DeliveryQuery, DeliveryStatus},
    },
    query::{Answer, Query, TimeRange},
    recorder::OwnDeltas,
    store::{
        ApiKeyInfo, FlushError, Flushed, Folded, Maintained, SharedSecret, Store, StoreError,
        StoreStatus, Writer,
    },
};
use async_trait::async_trait;
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;

use crate::{
    alerts::{AlertStage, errors, events},
    harness::{Database, NOON},
    help::by_hand,
};

on_both! {
    a_round_that_is_cut_short_has_told_what_it_judged_and_does_not_begin_with_what_held_it_up
    a_tenant_has_a_bounded_number_of_rules_keys_and_plans
    a_notice_that_can_not_be_read_stops_no_other
    a_dry_run_gives_way_while_it_judges
}

/// How a read of the service `slow` ends.
#[derive(Debug)]
enum Trouble {
    /// Never, and this is told when it begins.
    Silence(Notify),
    /// As Postgres ends a statement whose time is up: by this connection.
    Timeout(tokio::sync::Mutex<PgConnection>),
}

/// A real store on which one service's rows take too long.
#[derive(Debug)]
struct Slow(Arc<dyn ControlStore>, Trouble);

api_metrics_tests::delegate_control!(Slow, 0);

#[async_trait]
impl Store for Slow {
    fn sketch_kind(&self) -> api_metrics_store::sketch::SketchKind {
        self.0.sketch_kind()
    }
    async fn prepare(&self) -> Result<(), StoreError> {
        self.0.prepare().await
    }
    async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError> {
        self.0.flush(writer).await
    }
    async fn fold(&self) -> Result<Folded, StoreError> {
        self.0.fold().await
    }
    async fn roll_up(&self) -> Result<Maintained, StoreError> {
        self.0.roll_up().await
    }
    async fn retain(&self) -> Result<Maintained, StoreError> {
        self.0.retain().await
    }
    async fn read_all(
        &self,
        queries: &[Query],
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError> {
        let slow = |query: &Query| query.filter.service.as_deref() == Some("slow");
        if queries.iter().any(slow) {
            match &self.1 {
                Trouble::Silence(begun) => {
                    begun.notify_one();
                    pending::<()>().await;
                }
                Trouble::Timeout(connection) => {
                    let mut connection = connection.lock().await;
                    sqlx::query("SELECT pg_sleep(600)")
                        .execute(&mut *connection)
                        .await?;
                }
            }
        }
        self.0.read_all(queries, own).await
    }
    async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.0.api_keys(ids).await
    }

    async fn api_keys_named(&self, external_ids: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.0.api_keys_named(external_ids).await
    }
    async fn shared_secret(&self, name: &str, proposal: &[u8]) -> Result<SharedSecret, StoreError> {
        self.0.shared_secret(name, proposal).await
    }
    async fn end_session(&self, id: &str) -> Result<(), StoreError> {
        self.0.end_session(id).await
    }
    async fn session_ended(&self, id: &str) -> Result<bool, StoreError> {
        self.0.session_ended(id).await
    }
    async fn status(&self) -> Result<StoreStatus, StoreError> {
        self.0.status().await
    }
}

fn slow(tenant: Option<&str>) -> AlertSpec {
    {
        let mut spec = errors();
        spec.name = "slow".into();
        spec.service = Some("slow".into());
        spec.tenant_id = tenant.map(str::to_owned);
        spec
    }
}

#[tokio::test]
async fn a_rule_whose_time_is_up_keeps_no_other_from_being_told() {
    let w = AlertStage::on(Database::postgres().await).await;
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
    let Database::Postgres(database) = &w.h.database else {
        unreachable!()
    };
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query("SET statement_timeout = '20ms'")
        .execute(&mut connection)
        .await
        .unwrap();
    let store = Slow(w.h.store.clone(), Trouble::Timeout(connection.into()));
    let worker = api_metrics_tests::worker_for(Vec::new());
    let done = worker.evaluate(&store, None).await.unwrap();
    assert_eq!((done.rules, done.fired, done.timed_out), (2, 2, 2));
    // Tried again with the next minute, and not before.
    let done = worker.evaluate(&store, None).await.unwrap();
    assert_eq!((done.rules, done.timed_out), (0, 0));
    w.h.clock.step_to(NOON + 135);
    let done = worker.evaluate(&store, None).await.unwrap();
    assert_eq!((done.rules, done.resolved, done.timed_out), (2, 2, 2));
    // No minute is lost to a rule that was too slow for a while.
    let done = worker.evaluate(&*w.h.store, None).await.unwrap();
    assert_eq!(done.rules, 0);
    w.h.clock.step_to(NOON + 195);
    let done = worker.evaluate(&*w.h.store, None).await.unwrap();
    assert_eq!((done.rules, done.timed_out), (4, 0));
}

async fn a_round_that_is_cut_short_has_told_what_it_judged_and_does_not_begin_with_what_held_it_up(
    database: Database,
) {
    let w = AlertStage::on(database).await;
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
    let store = Slow(w.h.store.clone(), Trouble::Silence(Notify::new()));
    let Trouble::Silence(begun) = &store.1 else {
        unreachable!()
    };
    let worker = api_metrics_tests::worker_for(Vec::new());
    tokio::select! {
        _ = worker.evaluate(&store, None) => unreachable!("it never ends"),
        () = begun.notified() => {}
    }
    assert_eq!(events(&*w.h.store).await.len(), 50);
    let done = worker.evaluate(&store, None).await.unwrap();
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
        .update_alert(other.id, scope, None, &of(Some("acme")))
        .await;
    assert!(matches!(moved, Err(StoreError::Conflict(_))), "{moved:?}");

    let key = {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some("acme".into()));
        change
    };
    control.create_key("one more", &key).await.unwrap();
    let full = control.create_key("one too many", &key).await;
    assert!(matches!(full, Err(StoreError::Conflict(_))), "{full:?}");
    control
        .create_key("nobody's", &KeyChange::default())
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
        .create_plan(&plan("one more", Some("acme")))
        .await
        .unwrap();
    let full = control
        .create_plan(&plan("one too many", Some("acme")))
        .await;
    assert!(matches!(full, Err(StoreError::Conflict(_))), "{full:?}");
    control.create_plan(&plan("basic", None)).await.unwrap();
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
    let mut run = pin!(dry_run(&*w.h.store, &glob, range));
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
