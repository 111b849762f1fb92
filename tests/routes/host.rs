//! A host that mounts the admin under `/admin`, on a socket of its own, over an SQLite file.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_routes::{Admin, AdminBuilder, OpenApiDocument};
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    sqlite::SqliteStore,
    store::{Instance, Store, Writer},
    time::{Clock as _, ManualClock},
};
use api_metrics_tests::SqliteFile;
use axum::Router;
use reqwest::{Client, Response, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// 2026-05-18T09:30:29Z
pub(crate) const NOW: i64 = 1_779_096_629;
pub(crate) const TOKEN: &str = "the operator's own token, 32 characters or more";

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: tokio::task::JoinHandle<std::io::Result<()>>,
    _file: SqliteFile,
}

/// One record to be counted.
pub(crate) struct Hit<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) status: u16,
    pub(crate) key: Option<&'a str>,
    pub(crate) latency_ms: u64,
    pub(crate) at: i64,
}

impl<'a> Hit<'a> {
    pub(crate) const fn of(endpoint: &'a str) -> Self {
        Self {
            endpoint,
            status: 200,
            key: None,
            latency_ms: 10,
            at: NOW,
        }
    }
}

/// What the host's API says that it offers.
fn document() -> OpenApiDocument {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": {
        "/x": {"get": {"summary": "X", "operationId": "x", "deprecated": true}, "post": {}}}}"#;
    OpenApiDocument::from_json("shop", text).unwrap()
}

impl Host {
    /// A host whose admin has the fixed [`TOKEN`].
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder.token(TOKEN)).await
    }

    pub(crate) async fn start_with(
        configure: impl FnOnce(AdminBuilder) -> AdminBuilder + Send,
    ) -> Self {
        Self::start_at(SqliteFile::create(), configure, |router| router).await
    }

    pub(crate) async fn start_at(
        file: SqliteFile,
        configure: impl FnOnce(AdminBuilder) -> AdminBuilder + Send,
        around: impl FnOnce(Router) -> Router + Send,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let options = api_metrics_tests::patient_by(clock.clone());
        let store = SqliteStore::open(file.path().to_str().unwrap(), options).unwrap();
        store.prepare().await.unwrap();
        let store = Arc::new(store);
        let mut options = RecorderOptions::default();
        options.clock = clock.clone();
        let recorder = Recorder::new(options);
        let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
        instance.version = "2.3.1".to_owned();
        instance.host = "web-1".to_owned();
        instance.started_at = clock.unix_seconds();
        let writer = Arc::new(Writer::new(instance, Arc::new(recorder)));
        let shutdown = CancellationToken::new();
        let builder = Admin::builder(store.clone())
            .control(store.clone())
            .writer(writer.clone())
            .clock(clock.clone())
            .shutdown(shutdown.clone())
            .openapi(document())
            .stream_interval(Duration::from_millis(20));
        let admin = configure(builder).build();
        let app = around(
            Router::new()
                .nest_service("/admin", admin.router())
                .nest_service("/api/v2/console/metrics", admin.console().router()),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn({
            let ended = shutdown.clone().cancelled_owned();
            async move {
                axum::serve(listener, app)
                    .with_graceful_shutdown(ended)
                    .await
            }
        });
        Self {
            address,
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            clock,
            store,
            writer,
            shutdown,
            served,
            _file: file,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/admin{path}", self.address)
    }

    /// Asks without credentials.
    pub(crate) async fn anonymous(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// Asks as admin.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client
            .get(self.url(path))
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .send()
            .await
            .unwrap()
    }

    /// Sends a body as admin.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        self.client
            .request(method.to_uppercase().parse().unwrap(), self.url(path))
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// Sends a body as admin for an answer of this status with a JSON body.
    pub(crate) async fn sent(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let response = self.send(method, path, &body).await;
        let (got, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(got, status, "{method} {path} {body}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Asks as admin for an answer of 200 with a JSON body.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Asks as admin for a problem of this status; gives its body.
    pub(crate) async fn problem(&self, path: &str, status: u16) -> Value {
        problem(self.get(path).await, status).await
    }

    pub(crate) fn record(&self, hit: &Hit<'_>) {
        let at: SystemTime = UNIX_EPOCH + Duration::from_secs(hit.at.unsigned_abs());
        let key = hit.key.map(ApiKey::from);
        let mut record = RequestRecord::new("GET", hit.endpoint, at);
        record.status = Some(hit.status);
        record.api_key = key.as_ref();
        record.latency = Some(Duration::from_millis(hit.latency_ms));
        record.time_to_headers = Some(Duration::from_millis(1));
        record.request_bytes = 10;
        record.response_bytes = 100;
        self.writer.recorder.record(&record);
    }

    /// Hands everything over and folds it.
    pub(crate) async fn flush(&self) {
        self.store.flush(&self.writer).await.unwrap();
        while self.store.fold().await.unwrap().more {}
    }
}

/// The body of a problem of this status.
pub(crate) async fn problem(response: Response, status: u16) -> Value {
    let path = response.url().to_string();
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap().to_owned());
    let (got, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(got, status, "{path}: {body}");
    assert_eq!(kind.as_deref(), Some("application/problem+json"), "{path}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["status"], status);
    body
}
