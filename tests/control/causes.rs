//! What an alert says is behind it, and who is told.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{
    ApiKey, ErrorDetail, LoggedError, LoggedPath, LoggedRequest, RequestLogSink, RequestRecord,
};
use api_metrics_store::{
    control::{
        ControlSettings, ControlWorker,
        alerts::{AlertCauses, EventQuery},
        keys::KeyChange,
        notify::Notice,
    },
    query::Scope,
    request_log::{Keep, RequestLog, RequestLogBuffer, RequestLogStore},
};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::{
    alerts::{AlertStage, errors, events},
    harness::{Database, NOON},
    help::{Tell, Traffic, by_hand},
};

on_both! {
    an_alert_names_its_three_largest_groups_and_consumers_and_keeps_them
    a_pattern_and_a_tenant_narrow_what_is_named
    without_a_log_there_are_consumers_and_no_groups
    a_log_that_is_broken_or_slow_holds_no_alert_up
}

/// A service with a log of requests: what it counts it logs too.
pub(crate) struct Logging {
    pub(crate) w: AlertStage,
    log: RequestLogBuffer,
    pub(crate) store: Arc<dyn RequestLogStore>,
    worker: ControlWorker,
}

impl Logging {
    pub(crate) async fn on(database: Database) -> Self {
        let w = AlertStage::on(database).await;
        let store = w.h.database.request_log(&w.h.clock);
        let mut settings = RequestLog::new();
        settings.keep = Keep::Everything;
        let log = RequestLogBuffer::new(settings, w.writer.instance.clone());
        let tell = Arc::new(Tell("memory", w.memory.clone()));
        let mut settings = ControlSettings::default();
        settings.log_notices = false;
        settings.notifiers = vec![tell];
        settings.requests = Some(store.clone());
        let worker = ControlWorker::new(settings);
        Self {
            w,
            log,
            store,
            worker,
        }
    }

    /// `n` failures of one kind in the first minute, counted and logged.
    pub(crate) fn fail(
        &self,
        endpoint: &'static str,
        key: Option<&'static str>,
        message: &str,
        n: u64,
    ) {
        let traffic = Traffic {
            endpoint,
            key,
            ..Traffic::default()
        };
        traffic.status(503).send(&self.w.writer, NOON, n);
        let at = UNIX_EPOCH + Duration::from_secs(NOON.cast_unsigned());
        let key = key.map(ApiKey::from);
        let mut record = RequestRecord::new("GET", endpoint, at);
        record.api_key = key.as_ref();
        record.status = Some(503);
        let error = ErrorDetail::new(message);
        for _ in 0..n {
            let mut request = LoggedRequest::new(&record);
            request.path = LoggedPath::masked(endpoint, Some(endpoint), &[]);
            request.error = LoggedError::told(&error);
            self.log.log(&request);
        }
    }

    /// Flushes both, evaluates the first minute, and gives the notices.
    pub(crate) async fn judge(&self) -> Vec<Notice> {
        self.w.h.clock.step_to(NOON + 75);
        self.w.h.store.flush(&self.w.writer).await.unwrap();
        self.store.flush_requests(&self.log, true).await.unwrap();
        self.worker.tick(&*self.w.h.store, None).await.unwrap();
        self.w.memory.take()
    }

    pub(crate) async fn keys_of(&self, tenant: &str, keys: &[&str]) {
        for key in keys {
            let mut change = KeyChange::default();
            change.tenant_id = Some(Some(tenant.into()));
            change.name = Some(Some(format!("Name of {key}")));
            self.w.h.store.create_key(key, &change, None).await.unwrap();
        }
    }
}

fn json_of(causes: Option<&AlertCauses>) -> Value {
    serde_json::to_value(causes.unwrap()).unwrap()
}

/// Names and figures of the consumers that causes name.
fn consumers(causes: &Value) -> Vec<(String, u64, u64)> {
    let all = causes["consumers"].as_array().unwrap().iter();
    all.map(|who| {
        (
            who["externalId"].as_str().unwrap_or("nobody").to_owned(),
            who["errors"].as_u64().unwrap(),
            who["requests"].as_u64().unwrap(),
        )
    })
    .collect()
}

/// Endpoints, messages and figures of the groups that causes name.
fn groups(causes: &Value) -> Vec<(String, String, u64)> {
    let all = causes["groups"].as_array().unwrap().iter();
    all.map(|group| {
        (
            group["endpoint"].as_str().unwrap().to_owned(),
            group["message"].as_str().unwrap().to_owned(),
            group["requests"].as_u64().unwrap(),
        )
    })
    .collect()
}

pub(crate) async fn an_alert_names_its_three_largest_groups_and_consumers_and_keeps_them(
    database: Database,
) {
    let l = Logging::on(database).await;
    l.keys_of("acme", &["a", "b"]).await;
    l.w.create(&errors()).await;
    l.fail("/orders", Some("a"), "order 17 is locked", 30);
    l.fail("/orders", Some("b"), "order 18 is locked", 10);
    l.fail("/ledger", None, "late\n\u{202e}ledger", 25);
    l.fail("/mail", Some("b"), "no mail", 5);
    l.fail("/rare", Some("c"), "rare", 2);
    // Many requests without an error are no cause.
    let good = Traffic {
        key: Some("good"),
        ..Traffic::default()
    };
    good.send(&l.w.writer, NOON, 200);
    let told = l.judge().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let event = events(&*l.w.h.store).await.remove(0);
    let causes = json_of(event.causes.as_ref());
    let text = str::to_owned;
    assert_eq!(
        groups(&causes)
            .iter()
            .map(|(endpoint, _, n)| (endpoint.as_str(), *n))
            .collect::<Vec<_>>(),
        [("/orders", 40), ("/ledger", 25), ("/mail", 5)]
    );
    assert_eq!(causes["groups"][1]["message"], r"late\n\u{202e}ledger");
    assert_eq!(causes["groups"][0]["id"].as_str().unwrap().len(), 16);
    assert_eq!(causes["groups"][0]["status"], 503);
    assert_eq!(
        consumers(&causes),
        [
            (text("a"), 30, 30),
            (text("nobody"), 25, 25),
            (text("b"), 15, 15)
        ]
    );
    assert_eq!(causes["consumers"][0]["name"], "Name of a");
    assert_eq!(causes["consumers"][1]["apiKeyId"], 0);
    // The notice says the same, and what happens later changes nothing.
    assert_eq!(told[0].causes, event.causes);
    by_hand(
        &l.w.h.database,
        "DROP TABLE api_metrics.request_log CASCADE",
        "DROP TABLE api_metrics_request_log",
    )
    .await;
    let later = events(&*l.w.h.store).await.remove(0);
    assert_eq!(later.causes, event.causes);
    // An erasure takes what was said, once, and leaves the figures.
    assert_eq!(l.w.h.store.forget_alert_messages().await.unwrap(), 1);
    assert_eq!(l.w.h.store.forget_alert_messages().await.unwrap(), 0);
    let silent = json_of(events(&*l.w.h.store).await.remove(0).causes.as_ref());
    assert!(!silent.to_string().contains("locked"), "{silent}");
    assert_eq!(silent["groups"][1]["message"], Value::Null);
    assert_eq!(silent["groups"][1]["requests"], 25);
    assert_eq!(silent["consumers"], causes["consumers"]);
    // The end of an alert has no causes.
    l.w.h.clock.step_to(NOON + 135);
    l.worker.tick(&*l.w.h.store, None).await.unwrap();
    let over = l.w.memory.take();
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].causes, None);
}

pub(crate) async fn a_pattern_and_a_tenant_narrow_what_is_named(database: Database) {
    let l = Logging::on(database).await;
    l.keys_of("acme", &["a", "b"]).await;
    l.keys_of("other", &["theirs"]).await;
    let mut spec = errors();
    spec.tenant_id = Some("acme".into());
    spec.endpoint = Some("GET /or*".into());
    l.w.create(&spec).await;
    l.fail("/orders", Some("a"), "order 17 is locked", 3);
    l.fail("/origins", Some("b"), "no origin", 2);
    l.fail("/ledger", Some("a"), "the ledger is late", 50);
    l.fail("/orders", Some("theirs"), "planted by another", 70);
    let told = l.judge().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let event = events(&*l.w.h.store).await.remove(0);
    let causes = json_of(event.causes.as_ref());
    assert_eq!(
        groups(&causes),
        [
            ("/orders".to_owned(), "order 17 is locked".to_owned(), 3),
            ("/origins".to_owned(), "no origin".to_owned(), 2)
        ]
    );
    assert_eq!(
        consumers(&causes),
        [("a".to_owned(), 3, 3), ("b".to_owned(), 2, 2)]
    );
    // The tenant sees its event, and causes are for those who see everything.
    for scope in [Scope::Tenant("acme".into()), Scope::Tenant("other".into())] {
        let query = EventQuery::default();
        let seen = l.w.h.store.alert_events(&scope, &query).await.unwrap();
        assert_eq!(
            seen.len(),
            usize::from(scope == Scope::Tenant("acme".into()))
        );
        assert!(seen.iter().all(|event| event.causes.is_none()));
    }
}

pub(crate) async fn without_a_log_there_are_consumers_and_no_groups(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await.len(), 1);
    let event = events(&*w.h.store).await.remove(0);
    assert_eq!(
        json_of(event.causes.as_ref()),
        json!({"consumers": [
            {"apiKeyId": 0, "externalId": null, "name": null, "errors": 20, "requests": 100}
        ]})
    );
}

pub(crate) async fn a_log_that_is_broken_or_slow_holds_no_alert_up(database: Database) {
    let l = Logging::on(database).await;
    for name in ["one", "two"] {
        let mut spec = errors();
        spec.name = name.into();
        l.w.create(&spec).await;
    }
    l.w.minute(0, 100, 20);
    l.w.h.store.flush(&l.w.writer).await.unwrap();
    // Postgres keeps the log from being read, or what of it counts; SQLite, where readers never wait, has lost it.
    let held = match &l.w.h.database {
        Database::Postgres(database)
        | Database::PostgresAs(database, ..)
        | Database::ClickHouse(database, _) => {
            let mut held = sqlx::PgConnection::connect_with(&database.options())
                .await
                .unwrap();
            for statement in [
                "BEGIN",
                "LOCK TABLE api_metrics.request_log, api_metrics.request_log_mark IN ACCESS EXCLUSIVE MODE",
            ] {
                sqlx::query(statement).execute(&mut held).await.unwrap();
            }
            Some(held)
        }
        Database::Sqlite(_) => {
            by_hand(&l.w.h.database, "", "DROP TABLE api_metrics_request_log").await;
            None
        }
    };
    l.w.h.clock.step_to(NOON + 75);
    let begun = std::time::Instant::now();
    let (evaluated, _) = l.worker.tick(&*l.w.h.store, None).await.unwrap();
    assert_eq!(evaluated.fired, 2);
    // The log is asked once in a round, for two seconds.
    assert!(begun.elapsed() < Duration::from_secs(20));
    let told = l.w.memory.take();
    assert_eq!(told.len(), 2);
    for notice in told {
        let causes = json_of(notice.causes.as_ref());
        assert_eq!(causes.get("groups"), None);
        assert_eq!(consumers(&causes), [("nobody".to_owned(), 20, 100)]);
    }
    drop(held);
}
