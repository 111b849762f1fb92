//! A process with an admin, one of several on a Postgres database.

use std::{sync::Arc, time::Duration};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_routes::{Admin, AdminBuilder};
use api_metrics_store::{
    postgres::PostgresStore,
    recorder::{Recorder, RecorderOptions},
    store::{Instance, Store, StoreOptions, Writer},
    time::{Clock, ManualClock},
};
use axum::Router;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::host::TOKEN;

pub(crate) struct Process {
    /// Where the server listens, without a path.
    pub(crate) origin: String,
    pub(crate) client: Client,
    pub(crate) store: Arc<PostgresStore>,
    pub(crate) writer: Arc<Writer>,
    clock: Arc<ManualClock>,
}

impl Process {
    /// With the fixed [`TOKEN`], on a database that it prepares.
    pub(crate) async fn start(url: &str, clock: &Arc<ManualClock>) -> Self {
        Self::start_with(url, clock, |builder| builder, |router| router).await
    }

    pub(crate) async fn start_with(
        url: &str,
        clock: &Arc<ManualClock>,
        configure: impl FnOnce(AdminBuilder) -> AdminBuilder,
        around: impl FnOnce(Router) -> Router,
    ) -> Self {
        let mut options = StoreOptions::default();
        options.clock = Some(clock.clone());
        let store = Arc::new(PostgresStore::connect_lazy(url, options).unwrap());
        store.prepare().await.unwrap();
        let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
        instance.version = "1".to_owned();
        instance.host = "h".to_owned();
        instance.started_at = clock.unix_seconds();
        let mut options = RecorderOptions::default();
        options.clock = clock.clone();
        let recorder = Recorder::new(options);
        let writer = Arc::new(Writer::new(instance, Arc::new(recorder)));
        let builder = Admin::builder(store.clone())
            .control(store.clone())
            .writer(writer.clone())
            .clock(clock.clone())
            .stream_interval(Duration::from_millis(20))
            .token(TOKEN);
        let admin = configure(builder).build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = around(
            Router::new()
                .nest_service("/admin", admin.router())
                .nest_service("/api/v2/console/metrics", admin.console().router()),
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            origin,
            client: Client::new(),
            store,
            writer,
            clock: clock.clone(),
        }
    }

    pub(crate) fn record(&self, endpoint: &str, key: Option<&str>, count: u64) {
        let key = key.map(ApiKey::from);
        for i in 0..count {
            let mut record = RequestRecord::new("GET", endpoint, self.clock.wall());
            record.latency = Some(Duration::from_millis(i + 1));
            record.api_key = key.as_ref();
            self.writer.recorder.record(&record);
        }
    }

    pub(crate) async fn flush(&self) {
        self.store.flush(&self.writer).await.unwrap();
        while self.store.fold().await.unwrap().more {}
    }

    pub(crate) fn admin(&self, path: &str) -> String {
        format!("{}/admin{path}", self.origin)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.admin(path)).bearer_auth(TOKEN)
    }

    pub(crate) async fn answer(&self, path: &str) -> Response {
        self.get(path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.answer(path).await;
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Sends a body as admin; what was made.
    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(self.admin(path)).bearer_auth(TOKEN);
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 201, "{path} {body}");
        response.json().await.unwrap()
    }
}
