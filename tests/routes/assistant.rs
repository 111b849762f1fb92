//! An assistant: the client of the Model Context Protocol, and a service in trouble that it asks about.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{
    ApiKey, ErrorDetail, LoggedError, LoggedPath, LoggedRequest, RequestLogSink as _, RequestRecord,
};
use api_metrics_store::{
    request_log::{Keep, RequestLog, RequestLogBuffer, RequestLogStore as _},
    sqlite::SqliteStore,
    time::ManualClock,
};
use api_metrics_tests::SqliteFile;
use rmcp::{
    ClientLifecycleMode, ClientServiceExt as _, RoleClient,
    model::{CallToolRequestParams, ProtocolVersion, Tool},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

use crate::host::{Hit, Host, NOW, TOKEN};

/// The most bytes of an answer: an assistant reads all of it.
const MOST: usize = 6 * 1024;

/// An assistant with a connection.
pub(crate) struct Assistant(pub(crate) RunningService<RoleClient, ()>);

impl Assistant {
    /// By the newest protocol, with these credentials.
    pub(crate) async fn of(url: String, token: Option<&str>) -> Self {
        let newest = ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::LATEST],
        };
        Self::by(url, token, newest).await
    }

    pub(crate) async fn by(
        url: String,
        token: Option<&str>,
        lifecycle: ClientLifecycleMode,
    ) -> Self {
        let mut config = StreamableHttpClientTransportConfig::with_uri(url);
        if let Some(token) = token {
            config = config.auth_header(token);
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        Self(().serve_with_lifecycle(transport, lifecycle).await.unwrap())
    }

    pub(crate) async fn tools(&self) -> Vec<Tool> {
        self.0.list_all_tools().await.unwrap()
    }

    /// The answer of a tool, or what it says is wrong.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        let arguments = arguments.as_object().unwrap().clone();
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let answer = self.0.call_tool(call).await.unwrap();
        let text = answer.content[0].as_text().unwrap().text.clone();
        assert!(text.len() <= MOST, "{tool}: {} bytes", text.len());
        if answer.is_error == Some(true) {
            return Err(text);
        }
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer.structured_content, Some(read.clone()));
        Ok(read)
    }

    pub(crate) async fn answer(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments.clone()).await;
        answer.unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
    }
}

/// A service in trouble: a rule fires on the errors of alpha, which are in the log. An hour before, other
/// endpoints were called.
pub(crate) struct Trouble {
    pub(crate) host: Host,
    pub(crate) rule: i64,
    pub(crate) alpha: i64,
}

impl Trouble {
    pub(crate) async fn start() -> Self {
        let file = SqliteFile::create();
        let clock = Arc::new(ManualClock::at(NOW));
        let options = api_metrics_tests::patient_by(clock);
        let log = SqliteStore::open(file.path().to_str().unwrap(), options).unwrap();
        let log = Arc::new(log);
        let host = Host::start_at(
            file,
            |builder| builder.token(TOKEN).requests(log),
            |router| router,
        )
        .await;
        for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
            let key = json!({"externalId": key, "tenantId": tenant, "name": format!("Name of {key}"),
                "rateLimitPerMinute": 600, "quotaLimit": 10_000});
            host.sent("POST", "/api-keys", key, 201).await;
        }
        for (endpoint, key, n) in [("/orders", "alpha", 40), ("/carts", "beta", 35)] {
            for _ in 0..n {
                let hit = Hit {
                    key: Some(key),
                    at: NOW - 5_400,
                    ..Hit::of(endpoint)
                };
                host.record(&hit);
            }
        }
        let rule = host.fire().await["id"].as_i64().unwrap();
        let trouble = Self {
            alpha: host.key_id("alpha").await,
            host,
            rule,
        };
        trouble.log(10).await;
        trouble.host.flush().await;
        trouble
    }

    /// Logs that many of the errors.
    async fn log(&self, n: usize) {
        let mut settings = RequestLog::new();
        settings.keep = Keep::Everything;
        let log = RequestLogBuffer::new(settings, self.host.writer.instance.clone());
        let at = UNIX_EPOCH + Duration::from_secs(NOW.cast_unsigned());
        let key = ApiKey::from("alpha");
        let mut record = RequestRecord::new("GET", "/api/segments", at);
        record.api_key = Some(&key);
        record.status = Some(500);
        let error = ErrorDetail::new("order 17 is locked");
        for _ in 0..n {
            let mut request = LoggedRequest::new(&record);
            request.path = LoggedPath::masked("/api/segments", Some("/api/segments"), &[]);
            request.error = LoggedError::told(&error);
            log.log(&request);
        }
        self.host.store.flush_requests(&log, true).await.unwrap();
    }

    pub(crate) async fn assistant(&self) -> Assistant {
        Assistant::of(self.host.url("/mcp"), Some(TOKEN)).await
    }
}
