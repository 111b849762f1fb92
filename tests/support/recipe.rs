//! What the recipes of `docs/cookbook.md` are tried with: metrics in a file of their own, requests without a
//! socket, and what was counted.

use std::collections::BTreeMap;

use api_metrics::{
    ApiMetrics, Builder, Principal, Role,
    store::query::{Detail, Query, Scope, TimeRange},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::SqliteFile;

/// A recipe under test.
#[derive(Debug)]
pub struct Recipe {
    /// What the recipe is about.
    pub metrics: ApiMetrics,
    /// Its database.
    file: SqliteFile,
}

/// The answer to a request of a recipe.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, read to the end.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

impl Recipe {
    /// Tries a recipe with the metrics that `builder` describes, in an empty database.
    pub fn run(builder: Builder, recipe: impl AsyncFnOnce(Self)) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let file = SqliteFile::create();
            let builder = builder.service("shop").database(file.url());
            // Mostly `start` has made the tables; on a busy machine they may take longer than it waits.
            let metrics = builder.start().await.unwrap();
            crate::eventually("tables", async || metrics.flush().await.ok()).await;
            recipe(Self { metrics, file }).await;
        });
    }

    /// The address of the database, for other handles on it.
    #[must_use]
    pub fn url(&self) -> String {
        self.file.url()
    }

    /// Sends a request to `app`, with `name: value` as its header where that is not empty, and reads the answer
    /// to its end.
    pub async fn send(&self, app: &Router, method: &str, path: &str, header: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((name, value)) = header.split_once(": ") {
            request = request.header(name, value);
        }
        answer(app.clone(), request.body(Body::empty()).unwrap()).await
    }

    /// What the admin answers to an admin.
    pub async fn admin(&self, path: &str) -> Answer {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request
            .extensions_mut()
            .insert(Principal::new("recipe", Role::Admin));
        answer(self.metrics.admin(), request).await
    }

    /// What was counted, flushed by now: `requests service method endpoint consumer`, sorted; the consumer
    /// is `-` where there is none.
    pub async fn counted(&self) -> Vec<String> {
        self.metrics.flush().await.unwrap();
        let control = self.metrics.control().unwrap();
        let keys = control.all_keys(&Scope::All).await.unwrap();
        let names: BTreeMap<i64, String> = keys
            .into_iter()
            .map(|key| (key.id, key.external_id))
            .collect();
        let mut query = Query::over(TimeRange::new(0, 4_102_444_800));
        query.detail = Detail::Requests;
        query.group_by.service = true;
        query.group_by.method = true;
        query.group_by.endpoint = true;
        query.group_by.api_key = true;
        let answer = control.read(&query, None).await.unwrap();
        let lines = answer.rows.iter().map(|row| {
            let group = &row.group;
            let key = names.get(&group.api_key_id.unwrap());
            format!(
                "{} {} {} {} {}",
                row.bucket.request_count,
                group.service.as_deref().unwrap(),
                group.method.as_deref().unwrap(),
                group.endpoint.as_deref().unwrap(),
                key.map_or("-", String::as_str)
            )
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    }
}

async fn answer(app: Router, request: Request) -> Answer {
    let response = app.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}
