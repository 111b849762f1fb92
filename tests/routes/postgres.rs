//! Two instances on one Postgres database.

use std::{sync::Arc, time::Duration};

use api_metrics_layer::{MetricSink as _, RequestRecord};
use api_metrics_routes::Admin;
use api_metrics_store::{
    postgres::PostgresStore,
    recorder::Recorder,
    store::{Instance, Store, Writer},
    time::{Clock, ManualClock},
};
use api_metrics_tests::{PgDatabase, eventually, eventually_within};
use axum::Router;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::net::TcpListener;

use crate::host::{NOW, TOKEN};

struct Process {
    url: String,
    store: Arc<PostgresStore>,
    writer: Arc<Writer>,
    clock: Arc<ManualClock>,
}

impl Process {
    async fn start(database: &PgDatabase, clock: &Arc<ManualClock>) -> Self {
        let options = api_metrics_tests::patient().clock(clock.clone());
        let store = Arc::new(PostgresStore::connect_lazy(&database.url(), options).unwrap());
        store.prepare().await.unwrap();
        let instance = Instance {
            id: uuid::Uuid::new_v4(),
            service: "shop".to_owned(),
            environment: "test".to_owned(),
            version: "1".to_owned(),
            host: "h".to_owned(),
            started_at: clock.unix_seconds(),
        };
        let recorder = Recorder::builder().clock(clock.clone()).build();
        let writer = Arc::new(Writer::new(instance, Arc::new(recorder)));
        let admin = Admin::builder(store.clone())
            .writer(writer.clone())
            .clock(clock.clone())
            .token(TOKEN)
            .build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/admin", listener.local_addr().unwrap());
        let app = Router::new().nest_service("/admin", admin.router());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            url,
            store,
            writer,
            clock: clock.clone(),
        }
    }

    fn record(&self, endpoint: &str, count: u64) {
        for i in 0..count {
            let mut record = RequestRecord::new("GET", endpoint, self.clock.wall());
            record.latency = Some(Duration::from_millis(i + 1));
            self.writer.recorder().record(&record);
        }
    }

    async fn flush(&self) {
        self.store.flush(&self.writer).await.unwrap();
        while self.store.fold().await.unwrap().more {}
    }

    async fn json(&self, path: &str) -> Value {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        let response = request.bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }
}

#[tokio::test]
async fn two_instances_answer_the_same_once_both_have_flushed() {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let first = Process::start(&database, &clock).await;
    let second = Process::start(&database, &clock).await;
    first.record("/a", 30);
    second.record("/b", 12);
    // What is in the other's memory is not seen; what is in its own is.
    assert_eq!(
        first.json("/api-metrics/summary").await["totalRequests"],
        30
    );
    assert_eq!(
        second.json("/api-metrics/summary").await["totalRequests"],
        12
    );
    first.flush().await;
    second.flush().await;
    for path in [
        "/api-metrics/summary?period=1h",
        "/api-metrics/endpoints?period=1h",
        "/api-metrics?period=1h&groupBy=endpoint",
        "/api-metrics/keys?period=1h",
        "/api-metrics/heatmap?period=24h",
        "/api-metrics/daily?period=7d",
        "/api-metrics/realtime?service=shop",
        "/api-metrics/export?format=json&period=1h",
    ] {
        let (one, other) = (first.json(path).await, second.json(path).await);
        assert_eq!(one, other, "{path}");
    }
    let summary = first.json("/api-metrics/summary?period=1h").await;
    assert_eq!(summary["totalRequests"], 42);
    assert_eq!(summary["topEndpoints"][0]["endpoint"], "/a");
    let status = second.json("/api-status").await;
    assert_eq!(status["store"]["backend"], "postgres");
    assert_eq!(status["instances"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_that_leaves_an_export_stops_its_query() {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let process = Process::start(&database, &clock).await;
    process.record("/a", 3);
    process.flush().await;
    let watcher = PgPool::connect_with(database.options()).await.unwrap();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND state = 'active' AND wait_event_type = 'Lock'";
    // The query stands at a lock until it is stopped: its reads come after the ones that take none.
    let mut holder = PgConnection::connect_with(&database.options())
        .await
        .unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE api_metrics.series IN ACCESS EXCLUSIVE MODE")
        .execute(&mut holder)
        .await
        .unwrap();
    let url = format!("{}/api-metrics/export?period=1h", process.url);
    let client = tokio::spawn(reqwest::Client::new().get(url).bearer_auth(TOKEN).send());
    let count = async || {
        let query = sqlx::query_scalar::<_, i64>(running);
        query.fetch_one(&watcher).await.unwrap()
    };
    eventually("the query at the lock", async || {
        (count().await > 0).then_some(())
    })
    .await;
    client.abort();
    // The lock is held for longer than the query may wait for it: nothing but a cancel ends it so soon.
    eventually_within(Duration::from_secs(4), "the query's end", async || {
        (count().await == 0).then_some(())
    })
    .await;
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut holder)
        .await
        .unwrap();
    let summary = process.json("/api-metrics/summary?period=1h").await;
    assert_eq!(
        summary["totalRequests"], 3,
        "the pool's connections are whole"
    );
}
