//! An admin over either database, from which old periods were removed as retention does it.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_routes::{Admin, AdminBuilder};
use api_metrics_store::{control::ControlStore, store::Writer, time::ManualClock};
use api_metrics_tests::harness::{Database, writer_of};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::host::TOKEN;

/// 2026-11-28T09:30:29Z, a Saturday.
pub(crate) const NOW: i64 = 1_795_858_229;

/// An admin over one of the databases, with old periods removed as of [`NOW`].
pub(crate) struct Site {
    pub(crate) origin: String,
    pub(crate) client: Client,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn ControlStore>,
    pub(crate) writer: Arc<Writer>,
    _database: Database,
}

impl Site {
    pub(crate) async fn start(database: Database) -> Self {
        Self::start_at(database, NOW).await
    }

    pub(crate) async fn start_with(
        database: Database,
        configure: impl FnOnce(AdminBuilder) -> AdminBuilder,
    ) -> Self {
        Self::start_by(database, NOW, configure).await
    }

    pub(crate) async fn start_at(database: Database, now: i64) -> Self {
        Self::start_by(database, now, |admin| admin).await
    }

    async fn start_by(
        database: Database,
        now: i64,
        configure: impl FnOnce(AdminBuilder) -> AdminBuilder,
    ) -> Self {
        // Floors move where two runs of retention agree on it, ten minutes apart.
        let clock = Arc::new(ManualClock::at(now - 601));
        let store = database.store(&clock);
        store.prepare().await.unwrap();
        store.retain().await.unwrap();
        clock.advance(Duration::from_secs(601));
        while store.retain().await.unwrap().more {}
        let writer = Arc::new(writer_of("shop", &clock));
        let admin = Admin::builder(store.clone())
            .control(store.clone())
            .writer(writer.clone())
            .clock(clock.clone())
            .requests_per_minute(100_000)
            .token(TOKEN);
        let admin = configure(admin).build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}/admin", listener.local_addr().unwrap());
        let app = axum::Router::new().nest_service("/admin", admin.router());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            origin,
            client: Client::new(),
            clock,
            store,
            writer,
            _database: database,
        }
    }

    pub(crate) fn record(&self, at: i64, endpoint: &str, key: Option<&str>, n: u64) {
        let at = UNIX_EPOCH + Duration::from_secs(at.unsigned_abs());
        let key = key.map(ApiKey::from);
        let mut record = RequestRecord::new("GET", endpoint, at);
        record.status = Some(200);
        record.latency = Some(Duration::from_millis(10));
        record.response_bytes = 100;
        record.api_key = key.as_ref();
        for _ in 0..n {
            self.writer.recorder.record(&record);
        }
    }

    /// Hands everything over and sums it up.
    pub(crate) async fn settle(&self) {
        self.store.flush(&self.writer).await.unwrap();
        while self.store.fold().await.unwrap().more {}
        while self.store.roll_up().await.unwrap().steps > 0 {}
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.origin);
        let response = self
            .client
            .get(url)
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(json!(text)))
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// All rows of `GET /api-metrics`, page by page, and the first page.
    pub(crate) async fn rows(&self, question: &str) -> (Vec<Value>, Value) {
        let base = format!("/api-metrics?limit=1000&metrics=requestCount&{question}");
        let first = self.json(&base).await;
        let (mut rows, mut page) = (Vec::new(), first.clone());
        loop {
            rows.extend(page["data"].as_array().unwrap().clone());
            let Some(cursor) = page["nextCursor"].as_str() else {
                return (rows, first);
            };
            page = self.json(&format!("{base}&cursor={cursor}")).await;
        }
    }
}
