//! The admin API as a client sees it.

use std::collections::BTreeMap;

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

/// A signed-in client.
#[derive(Clone)]
pub(crate) struct Admin {
    base: String,
    token: String,
    pub(crate) http: Client,
}

impl Admin {
    /// `base` ends with a slash.
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            http: Client::new(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let body = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Requests of the last hour by method and endpoint, as `endpoints` tells them.
    pub(crate) async fn endpoints(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .json(&format!(
                    "api-metrics/endpoints?period=1h&limit=1000{cursor}"
                ))
                .await;
            for row in page["data"].as_array().unwrap() {
                let name = format!(
                    "{} {}",
                    row["method"].as_str().unwrap(),
                    row["endpoint"].as_str().unwrap()
                );
                *counts.entry(name).or_default() += row["requestCount"].as_u64().unwrap();
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return counts,
            }
        }
    }

    /// All requests of the last hour.
    pub(crate) async fn total(&self) -> u64 {
        self.json("api-metrics/summary?period=1h").await["totalRequests"]
            .as_u64()
            .unwrap()
    }
}
