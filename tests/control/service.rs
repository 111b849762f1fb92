//! A whole service: its requests, its rules over HTTP, its background tasks, and those that it tells.

use std::{sync::Arc, time::Duration};

use api_metrics::{ApiMetrics, Builder, Maintenance};
use api_metrics_store::{
    control::notify::{Notice, NoticeKind, Notifier, NotifyError},
    time::ManualClock,
};
use api_metrics_tests::eventually_within;
use async_trait::async_trait;
use axum::{Router, http::StatusCode, routing::get};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    harness::{Database, NOON},
    receiver::{Receiver, Reply},
};

/// Both databases at once, since most of the time is spent on waiting for background tasks.
macro_rules! on_both_at_once {
    ($($name:ident)*) => {
        mod on_both {
            $(#[tokio::test] async fn $name() {
                tokio::join!(
                    super::$name(crate::harness::Database::postgres().await),
                    super::$name(crate::harness::Database::sqlite().await),
                );
            })*
        }
    };
}

on_both_at_once! {
    a_breach_reaches_webhook_and_event_bus_of_a_running_service
    a_receiver_that_never_answers_holds_up_nobody_else
    a_host_with_its_own_scheduler_is_told_the_same
}

const TOKEN: &str = "the operator's own token, 32 characters or more";
/// Background tasks look every few seconds of real time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Never answers, until it is released.
#[derive(Debug, Clone, Default)]
struct Stuck(Arc<Notify>);

#[async_trait]
impl Notifier for Stuck {
    fn channel(&self) -> &str {
        "stuck"
    }

    async fn notify(&self, _: &Notice) -> Result<(), NotifyError> {
        self.0.notified().await;
        Ok(())
    }
}

struct Service {
    database: Database,
    clock: Arc<ManualClock>,
    metrics: ApiMetrics,
    base: String,
    client: Client,
}

impl Service {
    async fn start(database: Database, receiver: &Receiver) -> Self {
        Self::with(database, receiver, ApiMetrics::builder()).await
    }

    async fn with(database: Database, receiver: &Receiver, builder: Builder) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        let url = match &database {
            Database::Postgres(database)
            | Database::PostgresAs(database, ..)
            | Database::ClickHouse(database, _) => database.url(),
            Database::Sqlite(file) => file.url(),
        };
        let hook = crate::webhook::hook(receiver);
        let metrics = builder
            .database(url)
            .service("shop")
            .admin_token(TOKEN)
            .flush_interval(Duration::from_millis(100))
            .clock(Arc::<ManualClock>::clone(&clock))
            .notifier(hook)
            .start()
            .await
            .unwrap();
        let app = Router::new()
            .route("/api/segments", get(async || "segments"))
            .route("/api/orders", get(async || StatusCode::BAD_GATEWAY))
            .layer(metrics.layer())
            .nest_service("/admin", metrics.admin());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = Client::new();
        // On a busy machine the schema may take longer than `start` waits for it.
        eventually_within(PATIENCE, "a store that is ready", async || {
            let ready = client.get(format!("{base}/admin/health/ready"));
            let answer = ready.send().await.unwrap();
            answer.status().is_success().then_some(())
        })
        .await;
        Self {
            database,
            clock,
            metrics,
            base,
            client,
        }
    }

    async fn create_rule(&self) {
        let rule = json!({
            "name": "orders fail", "alertType": "error_rate", "comparison": "gt",
            "thresholdValue": 10, "endpointFilter": "/api/orders", "windowMinutes": 1,
            "minRequests": 5, "severity": "critical"
        });
        let made = self
            .client
            .post(format!("{}/admin/api-alerts", self.base))
            .bearer_auth(TOKEN)
            .json(&rule)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
    }

    async fn send(&self, path: &str, n: usize) {
        for _ in 0..n {
            let response = self.client.get(format!("{}{path}", self.base)).send().await;
            response.unwrap().bytes().await.unwrap();
        }
        // The last one is recorded when its body has ended, before its client has read that.
        self.metrics.flush().await.unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/admin{path}", self.base);
        let answer = self.client.get(url).bearer_auth(TOKEN).send().await;
        answer.unwrap().json().await.unwrap()
    }
}

async fn received(receiver: &Receiver) -> Notice {
    let body = eventually_within(PATIENCE, "the webhook", || async {
        let mut all = receiver.take();
        (!all.is_empty()).then(|| all.remove(0).body)
    })
    .await;
    serde_json::from_str::<Notice>(&body).unwrap()
}

async fn a_breach_reaches_webhook_and_event_bus_of_a_running_service(database: Database) {
    let receiver = Receiver::start([]).await;
    let s = Service::start(database, &receiver).await;
    let mut bus = s.metrics.notices().unwrap();
    s.create_rule().await;
    s.send("/api/segments", 20).await;
    s.send("/api/orders", 6).await;
    s.clock.advance(Duration::from_secs(75));
    let heard = tokio::time::timeout(PATIENCE, bus.recv()).await;
    let heard = heard.unwrap().unwrap();
    assert_eq!(
        heard.message,
        "Error rate for GET /api/orders is 100.0% (threshold 10%) over 1 min, 6 requests"
    );
    assert_eq!(received(&receiver).await, heard);
    let firing = s.get("/api-alerts").await;
    assert_eq!(firing["data"][0]["state"], "firing");
    assert_eq!(
        firing["data"][0]["eventId"],
        heard.event_id.unwrap().to_string()
    );

    // Nothing more goes wrong.
    s.clock.advance(Duration::from_secs(60));
    let over = tokio::time::timeout(PATIENCE, bus.recv()).await;
    let over = over.unwrap().unwrap();
    assert_eq!(
        (over.kind, over.event_id),
        (NoticeKind::AlertResolved, heard.event_id)
    );
    assert_eq!(received(&receiver).await, over);
    let events = s.get("/api-alerts/events").await;
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
    assert_eq!(events["data"][0]["message"], heard.message);
    assert_eq!(events["data"][0]["resolvedMessage"], over.message);
    s.metrics.shutdown().await.unwrap();
    drop(s.database);
}

async fn a_receiver_that_never_answers_holds_up_nobody_else(database: Database) {
    // One notifier is stuck from the first notice on; the webhook's receiver says nothing either.
    let receiver = Receiver::start([Reply::Silence]).await;
    let stuck = ApiMetrics::builder().notifier(Stuck::default());
    let s = Service::with(database, &receiver, stuck).await;
    let mut bus = s.metrics.notices().unwrap();
    s.create_rule().await;
    s.send("/api/orders", 6).await;
    s.clock.advance(Duration::from_secs(75));
    let mut hear = async || {
        let heard = tokio::time::timeout(Duration::from_secs(20), bus.recv()).await;
        heard.expect("nobody waits for the others").unwrap().kind
    };
    assert_eq!(hear().await, NoticeKind::AlertFired);
    s.clock.advance(Duration::from_secs(60));
    assert_eq!(hear().await, NoticeKind::AlertResolved);
    let delivered = s.get("/api-alerts/deliveries?status=pending").await;
    let stuck = delivered["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|delivery| delivery["channel"] == "stuck");
    assert!(stuck.count() >= 1, "{delivered:#}");
    s.metrics.shutdown().await.unwrap();
    drop(s.database);
}

async fn a_host_with_its_own_scheduler_is_told_the_same(database: Database) {
    let receiver = Receiver::start([]).await;
    let manual = ApiMetrics::builder().maintenance(Maintenance::Manual);
    let s = Service::with(database, &receiver, manual).await;
    s.create_rule().await;
    s.send("/api/orders", 6).await;
    s.clock.advance(Duration::from_secs(75));
    let done = s.metrics.maintain().await.unwrap();
    // The log, the event bus and the webhook.
    assert_eq!(
        (done.led, done.evaluated, done.delivered),
        (true, 1, 3),
        "{done:?}"
    );
    assert_eq!(received(&receiver).await.kind, NoticeKind::AlertFired);
    let again = s.metrics.maintain().await.unwrap();
    assert_eq!((again.evaluated, again.delivered), (0, 0), "{again:?}");
    drop(s.database);
}
