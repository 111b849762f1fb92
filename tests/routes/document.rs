//! What is answered is what the document says.

use std::{collections::BTreeSet, sync::Arc};

use api_metrics_routes::Ingest;
use api_metrics_store::{sqlite::SqliteStore, store::StoreOptions, time::SystemClock};
use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::host::{Hit, Host, TOKEN};

/// A document whose answers can be checked.
struct Document(Value);

impl Document {
    async fn of(host: &Host, url: &str) -> Self {
        Self(
            host.client
                .get(url)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap(),
        )
    }

    /// The schema of an answer, with the document's components inside.
    fn schema(&self, path: &str, method: &str, status: u16, media: &str) -> Option<Value> {
        let answer = &self.0["paths"][path][method]["responses"][status.to_string()];
        assert!(
            answer.is_object(),
            "{method} {path} does not document {status}"
        );
        let content = answer["content"].as_object()?;
        let content = content.get(media).unwrap_or_else(|| {
            panic!("{method} {path} {status} does not document {media}: {content:?}")
        });
        let mut schema = content["schema"].clone();
        schema["components"] = self.0["components"].clone();
        Some(schema)
    }

    /// Checks an answer against the document; gives what is wrong.
    fn check(&self, path: &str, method: &str, status: u16, media: &str, body: &Value) {
        let schema = self.schema(path, method, status, media).unwrap();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&closed(schema))
            .unwrap();
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{method} {path} {status}: {errors:#?}\n{body:#}"
        );
    }

    async fn check_response(&self, path: &str, method: &str, response: Response) {
        let status = response.status().as_u16();
        let Some(media) = response.headers().get(header::CONTENT_TYPE) else {
            let answer = &self.0["paths"][path][method]["responses"][status.to_string()];
            assert!(
                answer.is_object() && answer.get("content").is_none(),
                "{method} {path} {status}"
            );
            return;
        };
        let media = media.to_str().unwrap().to_owned();
        let media = media.split(';').next().unwrap().to_owned();
        if ["application/json", "application/problem+json"].contains(&media.as_str()) {
            let body = response.json().await.unwrap();
            self.check(path, method, status, &media, &body);
        } else {
            self.schema(path, method, status, &media);
        }
    }
}

/// Objects with named members may have no others: a member that the document does not know is an
/// error in it. The parts of a composition each know only their own members; there the whole is
/// closed.
fn closed(schema: Value) -> Value {
    let mut parts = BTreeSet::new();
    collect_parts(&schema, &mut parts);
    close(schema, None, &parts)
}

/// The names of components that are parts of a composition.
fn collect_parts(schema: &Value, parts: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for part in members
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if let Some(name) = part["$ref"].as_str() {
                    parts.insert(name.rsplit('/').next().unwrap().to_owned());
                }
            }
            members
                .values()
                .for_each(|member| collect_parts(member, parts));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_parts(value, parts)),
        _ => {}
    }
}

fn close(schema: Value, name: Option<&str>, parts: &BTreeSet<String>) -> Value {
    match schema {
        Value::Object(members) => {
            let is_part = name.is_some_and(|name| parts.contains(name));
            let composed = members.contains_key("allOf");
            let named = members.contains_key("properties") && !is_part;
            let mut out: serde_json::Map<String, Value> = members
                .into_iter()
                .map(|(name, member)| {
                    let open = composed && name == "allOf";
                    let member = if open {
                        member
                    } else {
                        close(member, Some(&name), parts)
                    };
                    (name, member)
                })
                .collect();
            if composed {
                out.insert("unevaluatedProperties".to_owned(), json!(false));
            } else if named && !out.contains_key("additionalProperties") {
                out.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(out)
        }
        Value::Array(values) => Value::Array(
            values
                .into_iter()
                .map(|value| close(value, None, parts))
                .collect(),
        ),
        other => other,
    }
}

async fn filled() -> Host {
    let host = Host::start().await;
    for i in 0..40_u64 {
        host.record(&Hit {
            status: if i % 10 == 0 { 500 } else { 200 },
            key: (i % 3 == 0).then_some("alpha"),
            latency_ms: i,
            ..Hit::of(if i % 2 == 0 { "/a" } else { "/b/{id}" })
        });
    }
    host.flush().await;
    host.record(&Hit {
        key: Some("new"),
        ..Hit::of("/c")
    });
    host
}

#[tokio::test]
async fn every_answer_and_every_refusal_is_as_documented() {
    let host = filled().await;
    let document = Document::of(&host, &host.url("/openapi.json")).await;
    let mut asked = BTreeSet::new();
    for (path, queries) in [
        (
            "/api-metrics",
            vec![
                "",
                "?groupBy=endpoint,apiKey&limit=1",
                "?granularity=none&metrics=p95Ms",
                "?granularity=x",
            ],
        ),
        (
            "/api-metrics/summary",
            vec!["", "?period=5m", "?from=2015-05-17", "?period=x"],
        ),
        ("/api-metrics/endpoints", vec!["", "?limit=1", "?limit=0"]),
        (
            "/api-metrics/dependencies",
            vec!["", "?limit=1", "?protocol=http"],
        ),
        ("/api-metrics/keys", vec!["", "?period=30d", "?cursor=x"]),
        (
            "/api-metrics/heatmap",
            vec![
                "",
                "?layout=weekday",
                "?layout=weekday&granularity=day",
                "?layout=x",
            ],
        ),
        (
            "/api-metrics/top-consumers",
            vec!["", "?sort=errorRate", "?sort=x"],
        ),
        (
            "/api-metrics/coverage",
            vec!["", "?period=1h", "?service=nobody", "?limit=1"],
        ),
        (
            "/api-metrics/endpoint-consumers",
            vec!["", "?limit=1", "?tenantId=acme", "?limit=x"],
        ),
        (
            "/api-metrics/daily",
            vec!["?period=30d", "?tz=Asia/Kathmandu", "?tz=x"],
        ),
        (
            "/api-metrics/realtime",
            vec!["", "?apiKeyId=0", "?apiKeyId=x"],
        ),
        (
            "/api-metrics/export",
            vec!["?format=json", "?format=csv", "?format=ndjson", "?format=x"],
        ),
        ("/api-metrics/stream", vec!["", "?protocol=x"]),
        ("/api-metrics/rate-limits", vec!["", "?limit=1", "?limit=x"]),
        ("/api-metrics/quotas", vec!["", "?limit=1", "?apiKeyId=x"]),
        ("/api-metrics/limits", vec!["", "?limit=1", "?apiKeyId=x"]),
        (
            "/api-metrics/billing",
            vec!["", "?month=2026-04", "?from=2026-05-18", "?month=x"],
        ),
        (
            "/api-metrics/billing/invoice",
            vec!["", "?format=csv", "?tenantId=acme", "?limit=1", "?format=x"],
        ),
        (
            "/api-metrics/billing/reconciliation",
            vec!["", "?from=2026-05-18&to=2026-05-19", "?to=2026-05-19"],
        ),
        ("/api-alerts", vec!["", "?limit=1", "?cursor=x"]),
        ("/api-alerts/events", vec!["", "?open=true", "?alertId=x"]),
        (
            "/api-alerts/deliveries",
            vec!["", "?status=pending", "?status=x"],
        ),
        (
            "/api-audit",
            vec![
                "",
                "?limit=1&action=create%20API%20key",
                "?cursor=x",
                "?subject=",
            ],
        ),
        ("/api-jobs", vec!["", "?limit=1", "?cursor=x"]),
        ("/api-keys", vec!["", "?limit=1", "?limit=0"]),
        ("/api-price-plans", vec!["", "?limit=1", "?x=y"]),
        ("/api-status", vec!["", "?x=y"]),
        ("/metrics", vec!["", "?x=y"]),
        ("/health/live", vec![""]),
        ("/health/ready", vec![""]),
    ] {
        asked.insert(format!("get {path}"));
        for query in queries {
            let response = host.get(&format!("{path}{query}")).await;
            document.check_response(path, "get", response).await;
        }
        let anonymous = host.anonymous(path).await;
        document.check_response(path, "get", anonymous).await;
    }
    let query = host.client.post(host.url("/api-metrics/query"));
    for body in [
        json!({"groupings": [["endpoint"], []]}),
        json!({"period": "x"}),
        json!(7),
    ] {
        let request = query.try_clone().unwrap().bearer_auth(TOKEN).json(&body);
        let response = request.send().await.unwrap();
        document
            .check_response("/api-metrics/query", "post", response)
            .await;
    }
    asked.insert("post /api-metrics/query".to_owned());
    crate::control::ask_all(&host, async |path, method, response| {
        document.check_response(path, method, response).await;
        asked.insert(format!("{method} {path}"));
    })
    .await;
    let documented: BTreeSet<String> = document.0["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(asked, documented, "every documented operation is asked");
    host.store.pool().close().await;
    for path in [
        "/api-metrics/summary",
        "/api-status",
        "/metrics",
        "/health/ready",
    ] {
        let response = host.get(&format!("{path}?")).await;
        document.check_response(path, "get", response).await;
    }
}

#[tokio::test]
async fn every_answer_has_an_example_that_is_as_documented() {
    let host = Host::start().await;
    let document = Document::of(&host, &host.url("/openapi.json")).await;
    let mut examples = 0;
    for (path, item) in document.0["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (status, answer) = operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .find(|(status, _)| status.starts_with('2'))
                .unwrap();
            let status: u16 = status.parse().unwrap();
            // 202 and 204 have none.
            for (media, content) in answer["content"].as_object().into_iter().flatten() {
                let Some(example) = content.get("example") else {
                    assert_eq!(path, "/api-metrics/export", "{path} has no example");
                    continue;
                };
                document.check(path, method, status, media, example);
                examples += 1;
            }
        }
    }
    assert!(examples >= 35, "{examples}");
}

#[tokio::test]
async fn the_document_says_how_to_sign_in_and_is_of_version_3_1() {
    let host = Host::start().await;
    let document = Document::of(&host, &host.url("/openapi.json")).await.0;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let summary = &document["paths"]["/api-metrics/summary"]["get"];
    assert_eq!(summary["security"][0], json!({"bearer": []}));
    for parameter in summary["parameters"].as_array().unwrap() {
        assert!(parameter["description"].is_string(), "{parameter}");
    }
    // Sign-in is of the page alone.
    assert!(document["paths"].get("/session").is_none());
}

/// What a route takes and what its document says that it takes are the same names: the message that
/// refuses an unknown parameter lists them.
#[tokio::test]
async fn every_parameter_that_is_taken_is_documented() {
    let host = Host::start().await;
    let document = Document::of(&host, &host.url("/openapi.json")).await.0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get").filter(|_| !path.starts_with("/health")) else {
            continue;
        };
        let documented: BTreeSet<String> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let refused = host
            .problem(
                &format!(
                    "{}?no-such-parameter=1",
                    path.replace("{id}", "1").replace("{keyId}", "1")
                ),
                400,
            )
            .await;
        let taken: BTreeSet<String> = refused["detail"]
            .as_str()
            .unwrap()
            .trim_start_matches("unknown; ")
            .strip_prefix("this route takes ")
            .unwrap()
            .split(", ")
            .filter(|name| *name != "no parameters")
            .map(str::to_owned)
            .collect();
        assert_eq!(documented, taken, "{path}");
    }
}

/// What types are made of: prose and examples may differ.
fn shape_of(value: &Value) -> Value {
    const PROSE: [&str; 4] = ["description", "summary", "example", "examples"];
    match value {
        // A member of that name is an object: a schema.
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| !PROSE.contains(&name.as_str()) || value.is_object())
            .map(|(name, value)| (name.clone(), shape_of(value)))
            .collect(),
        Value::Array(items) => items.iter().map(shape_of).collect(),
        // JavaScript, which wrote the copy, writes 10.0 as 10.
        Value::Number(number) => number.as_f64().into(),
        plain => plain.clone(),
    }
}

/// Where two values differ first.
fn first_difference(a: &Value, b: &Value, at: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| {
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(name).cloned().unwrap_or(Value::Null)
                };
                first_difference(&of(a), &of(b), &format!("{at} > {name}"))
            })
        }
        (a, b) => (a != b).then(|| format!("{at}: {a} is served")),
    }
}

#[tokio::test]
async fn the_dashboard_has_its_types_from_this_document() {
    // With a log of requests and ingest, so that their routes are among them; nothing is asked of that store.
    let store = Arc::new(SqliteStore::open("sqlite::memory:", StoreOptions::default()).unwrap());
    let host = Host::start_with(|builder| {
        let clock = Arc::new(SystemClock::default());
        let ingest = Ingest::new(store.clone(), clock, "test");
        builder.token(TOKEN).requests(store).ingest(ingest)
    })
    .await;
    let served = Document::of(&host, &host.url("/openapi.json")).await.0;
    let copy = include_str!("../../crates/api-metrics-routes/dashboard/openapi.json");
    let copy: Value = serde_json::from_str(copy).unwrap();
    for part in ["paths", "components"] {
        let (served, copy) = (shape_of(&served[part]), shape_of(&copy[part]));
        let differs = first_difference(&served, &copy, part);
        assert_eq!(
            differs, None,
            "the dashboard's copy of the document is not what is served: `OPENAPI=write cargo test -p \
             api-metrics-routes --all-features --lib openapi`, then in its folder `npm run types && npm run build`"
        );
    }
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own() {
    let host = Host::start().await;
    let document = Document::of(&host, &host.url("/openapi.json")).await.0;
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str();
            let id = id.unwrap_or_else(|| panic!("{method} {path} has no id"));
            assert!(ids.insert(id.to_owned()), "{method} {path}: {id} is taken");
        }
    }
    assert!(ids.len() > 20);
}
