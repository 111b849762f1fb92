//! The admin's HTTP API, of a server or of a database that this process opens itself.

use std::{path::PathBuf, time::Duration};

use api_metrics::{ApiMetrics, Maintenance};
use axum::{Router, body::Body};
use clap::Args;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tower::ServiceExt;

use crate::{buckets::BucketsArgs, failure::Failure, settings::Settings, terminal};

/// Answers are read into memory up to this size; rows of an export are not.
const MOST_BYTES: usize = 64 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where numbers come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Source {
    /// Ask this server, such as http://127.0.0.1:3000, instead of a database
    #[arg(long, env = "API_METRICS_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,

    /// The database: postgres://… or the path of a SQLite file [default: metrics.db]
    #[arg(
        long,
        env = "API_METRICS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database: Option<String>,

    #[command(flatten)]
    pub(crate) buckets: BucketsArgs,

    /// A file that holds the server's admin token; API_METRICS_ADMIN_TOKEN without it
    #[arg(long, env = "API_METRICS_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
}

impl Source {
    /// Opens it.
    pub(crate) async fn open(&self, settings: &Settings) -> Result<Api, Failure> {
        if let Some(server) = &self.server {
            let token = admin_token(self.admin_token_file.as_deref())?;
            return Api::remote(server, token);
        }
        let database = self.database.clone().or_else(|| settings.database.clone());
        let database = database.unwrap_or_else(|| "metrics.db".to_owned());
        terminal::hide(&database);
        let is_file = !database.contains("://");
        if is_file && !std::path::Path::new(&database).exists() {
            return Err(Failure::failed(format!(
                "{database}: there is no such file; --database names another one, --server a server"
            )));
        }
        let mut builder = ApiMetrics::builder().database(&database);
        if let Some(url) = self.buckets.url(settings) {
            builder = builder.clickhouse(url);
        }
        let metrics = builder
            .no_auth()
            .maintenance(Maintenance::Manual)
            .require_database()
            .start()
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Api::Own(metrics.admin()))
    }
}

/// The token by the file, else by the environment.
pub(crate) fn admin_token(file: Option<&std::path::Path>) -> Result<Option<String>, Failure> {
    let token = match file {
        Some(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
        ),
        None => std::env::var("API_METRICS_ADMIN_TOKEN").ok(),
    };
    let token = token.map(|token| token.trim().to_owned());
    let token = token.filter(|token| !token.is_empty());
    terminal::hide_all(token.as_deref().unwrap_or_default());
    Ok(token)
}

/// A client for plain HTTP.
pub(crate) type Http = Client<HttpConnector, Body>;

/// A client whose connections are kept.
pub(crate) fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(10)));
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(1_024)
        .build(connector)
}

/// A URL of plain HTTP, without what follows its path.
pub(crate) fn plain_http(url: &str) -> Result<Uri, Failure> {
    terminal::hide(url);
    let uri: Uri = url
        .parse()
        .map_err(|error| Failure::usage(format!("{url}: {error}")))?;
    match uri.scheme_str() {
        Some("http") => Ok(uri),
        Some("https") => Err(Failure::usage(format!(
            "{url}: this program speaks plain HTTP: name the server behind the proxy that ends TLS"
        ))),
        _ => Err(Failure::usage(format!(
            "{url}: a URL begins with http://, such as http://127.0.0.1:3000"
        ))),
    }
}

/// The admin's routes.
#[derive(Debug)]
pub(crate) enum Api {
    /// In this process.
    Own(Router),
    /// Of a server.
    Remote {
        client: Box<Http>,
        /// Up to the mount point, without a slash at its end.
        base: String,
        token: Option<String>,
    },
}

impl Api {
    /// The admin of a server: at `/admin`, unless the URL has a path.
    pub(crate) fn remote(url: &str, token: Option<String>) -> Result<Self, Failure> {
        let uri = plain_http(url)?;
        let path = match uri.path().trim_end_matches('/') {
            "" => "/admin",
            path => path,
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        Ok(Self::Remote {
            client: Box::new(client()),
            base: format!("http://{authority}{path}"),
            token,
        })
    }

    /// Sends a GET; the body is not read yet.
    pub(crate) async fn get(&self, path: &str) -> Result<Response<Body>, Failure> {
        let request = Request::builder().method(Method::GET);
        let answer = match self {
            Self::Own(router) => {
                let request = request.uri(path).body(Body::empty());
                let request = request.map_err(|error| Failure::usage(error.to_string()))?;
                match router.clone().oneshot(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                }
            }
            Self::Remote {
                client,
                base,
                token,
            } => {
                let mut request = request.uri(format!("{base}{path}"));
                if let Some(token) = token {
                    request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
                }
                let request = request
                    .body(Body::empty())
                    .map_err(|error| Failure::usage(error.to_string()))?;
                let answer = client.request(request).await;
                let answer = answer.map_err(|error| {
                    Failure::failed(format!("{base}: it can't be reached: {}", causes(&error)))
                })?;
                answer.map(Body::new)
            }
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let problem = whole(answer.into_body()).await.unwrap_or_default();
        let problem: Value = serde_json::from_slice(&problem).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or_default();
        let parameter = problem["parameter"].as_str();
        let text = match (status, parameter) {
            (StatusCode::UNAUTHORIZED, _) => {
                "the server does not know this token: set its admin token by API_METRICS_ADMIN_TOKEN \
                 or --admin-token-file"
                    .to_owned()
            }
            (_, Some(parameter)) => format!("{parameter}: {detail}"),
            _ => format!("{path}: {status} {detail}"),
        };
        Err(match status {
            StatusCode::BAD_REQUEST => Failure::usage(text),
            _ => Failure::failed(text),
        })
    }

    /// A JSON answer.
    pub(crate) async fn json(&self, path: &str) -> Result<Value, Failure> {
        let read = async {
            let answer = self.get(path).await?;
            let bytes = whole(answer.into_body()).await?;
            serde_json::from_slice(&bytes)
                .map_err(|error| Failure::failed(format!("{path}: no JSON: {error}")))
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .unwrap_or_else(|_| Err(Failure::failed(format!("{path}: no answer in time"))))
    }
}

async fn whole(body: Body) -> Result<Vec<u8>, Failure> {
    let limited = http_body_util::Limited::new(body, MOST_BYTES);
    let bytes = limited.collect().await;
    let bytes = bytes.map_err(|error| Failure::failed(format!("the answer broke off: {error}")))?;
    Ok(bytes.to_bytes().to_vec())
}

/// An error with everything that made it.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// A value for a query string.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
