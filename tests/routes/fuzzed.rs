//! Whatever is sent to whatever route by whatever method, the answer is never a server error.

use std::{
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_metrics_store::time::ManualClock;
use api_metrics_tests::{PgDatabase, random::Random, sized};
use futures_util::{StreamExt as _, stream};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Map, Value, json};

use crate::{
    host::{Hit, Host, NOW, TOKEN},
    process::Process,
};

/// Texts that mean something somewhere, and those that break what is careless.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "1000",
    "1e400",
    "NaN",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999",
    "0.000000001",
    "true",
    "null",
    "24h",
    "1y",
    "month",
    "30d",
    "366d",
    "0001-01-01",
    "9999-12-31",
    "2026-05",
    "2026-05-18T09:30:60Z",
    "2016-12-31T23:59:60+23:59",
    "UTC",
    "America/Sao_Paulo",
    "weekday",
    "csv",
    "endpoint,apiKey",
    "error_rate",
    "gt",
    "GET /users/{id}",
    "' OR 1=1; DROP TABLE api_keys--",
    "<script>alert(1)</script>",
    "ops\nERROR forged",
    "\u{1b}[31m\u{202e}",
    "\0",
    "💥\u{10ffff}",
    "2f8fbd0e-9a3c-4d7b-8a43-000000000000",
];

/// A documented operation.
struct Operation {
    method: Method,
    url: String,
    parameters: Vec<String>,
    body: Value,
}

/// All operations of the admin and the console, with an example of each body.
async fn operations(client: &Client, bases: &[String]) -> Vec<Operation> {
    let mut operations = Vec::new();
    for base in bases {
        let document = client.get(format!("{base}/openapi.json"));
        let document: Value = document.send().await.unwrap().json().await.unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse() else {
                    continue;
                };
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let content = &operation["requestBody"]["content"]["application/json"];
                operations.push(Operation {
                    method,
                    url: format!("{base}{path}"),
                    parameters: parameters
                        .filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned()))
                        .collect(),
                    body: content["example"].clone(),
                });
            }
        }
    }
    assert!(operations.len() >= 40, "{}", operations.len());
    operations
}

fn text(random: &mut Random) -> String {
    match random.below(12) {
        0 => "x".repeat(random.index(3_000)),
        1 => (0..random.below(8))
            .filter_map(|_| char::from_u32(u32::try_from(random.below(0x11_0000)).unwrap()))
            .collect(),
        2 => random.next().cast_signed().to_string(),
        _ => (*random.pick(&TEXTS)).to_owned(),
    }
}

fn value(random: &mut Random, depth: u32) -> Value {
    match random.below(if depth > 2 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.next().cast_signed()),
        3 => json!(f64::from_bits(random.next())),
        4 => json!(random.below(1_000)),
        5 => json!(text(random)),
        6 => (0..random.below(4))
            .map(|_| value(random, depth + 1))
            .collect(),
        7 => {
            let mut object = Map::new();
            for _ in 0..random.below(4) {
                object.insert(text(random), value(random, depth + 1));
            }
            Value::Object(object)
        }
        _ => (0..1_200).fold(json!(1), |inner, _| json!([inner])),
    }
}

/// The example with a few of its members changed, left out or added; at times no JSON at all.
fn body(random: &mut Random, example: &Value) -> Vec<u8> {
    let mut body = example.clone();
    if random.one_in(8) {
        body = value(random, 0);
    }
    if let Some(members) = body.as_object_mut() {
        let names: Vec<String> = members.keys().cloned().collect();
        for name in names {
            match random.below(6) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert(name, value(random, 0))),
                _ => {}
            }
        }
        if random.one_in(4) {
            members.insert(text(random), value(random, 0));
        }
    }
    let mut bytes = body.to_string().into_bytes();
    if random.one_in(10) && !bytes.is_empty() {
        let at = random.index(bytes.len());
        bytes[at] = u8::try_from(random.below(256)).unwrap();
    }
    if random.one_in(200) {
        bytes.resize(70_000, b' ');
    }
    bytes
}

fn request(random: &mut Random, client: &Client, operations: &[Operation]) -> RequestBuilder {
    const METHODS: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let operation = random.pick(operations);
    let escaped = |text: String| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let mut url = operation.url.clone();
    while let Some((start, rest)) = url.split_once('{') {
        let id = if random.one_in(2) {
            random.below(30).to_string()
        } else {
            escaped(text(random).replace(['/', '.'], "x"))
        };
        url = format!("{start}{id}{}", rest.split_once('}').unwrap().1);
    }
    let mut query = String::new();
    for _ in 0..random.below(4) {
        let name = match operation.parameters.as_slice() {
            known if known.is_empty() || random.one_in(8) => escaped(text(random)),
            known => random.pick(known).clone(),
        };
        let value = text(random);
        let value = if random.one_in(20) {
            "%f".to_owned()
        } else {
            escaped(value)
        };
        query.push_str(&format!("&{name}={value}"));
    }
    let method = if random.one_in(10) {
        random.pick(&METHODS).clone()
    } else {
        operation.method.clone()
    };
    let mut request = client.request(method.clone(), format!("{url}?{query}"));
    if !method.is_safe() || random.one_in(30) {
        request = request
            .header("content-type", "application/json")
            .body(body(random, &operation.body));
    }
    for name in [
        "accept",
        "if-none-match",
        "origin",
        "cookie",
        "x-csrf-token",
        "last-event-id",
    ] {
        if random.one_in(6) {
            let printable: String = text(random)
                .chars()
                .filter(char::is_ascii_graphic)
                .collect();
            request = request.header(name, format!("api_metrics_session={printable}"));
        }
    }
    // Without credentials most requests would end at the door.
    if random.one_in(20) {
        request
    } else {
        request.bearer_auth(TOKEN)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_fuzzed_requests_on_both_databases_cause_no_server_error_and_no_panic() {
    let requests = sized(50_000, 1_000);
    let panics = Arc::new(AtomicUsize::new(0));
    let before = panic::take_hook();
    panic::set_hook(Box::new({
        let panics = panics.clone();
        move |info| {
            // Another test of this program may panic on purpose meanwhile.
            if info.payload_as_str() != Some("as planned") {
                panics.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }
    }));
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .requests_per_minute(u32::MAX)
            .console_requests_per_minute(u32::MAX)
    })
    .await;
    host.record(&Hit {
        key: Some("alpha"),
        ..Hit::of("/x")
    });
    host.flush().await;
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let process = Process::start_with(
        &database.url(),
        &clock,
        |builder| {
            builder
                .requests_per_minute(u32::MAX)
                .console_requests_per_minute(u32::MAX)
        },
        |router| router,
    )
    .await;
    process.record("/x", Some("alpha"), 3);
    process.flush().await;
    let bases = [format!("http://{}", host.address), process.origin.clone()];
    let bases: Vec<String> = bases
        .iter()
        .flat_map(|origin| {
            [
                format!("{origin}/admin"),
                format!("{origin}/api/v2/console/metrics"),
            ]
        })
        .collect();
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // A server closes a connection whose request it has not read to its end, as it should; a client that
        // takes it again at that moment would fail without having been answered.
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let operations = operations(&client, &bases).await;
    let seed = std::env::var("ROUTES_SEED").map_or(7, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    let asked: Vec<_> = (0..requests)
        .map(|_| request(&mut random, &client, &operations).build().unwrap())
        .collect();
    let mut answers = stream::iter(asked)
        .map(|request| {
            let client = client.clone();
            async move {
                let said = format!(
                    "{} {} {:?}",
                    request.method(),
                    request.url(),
                    request.body().and_then(|body| body.as_bytes())
                );
                let answer = client.execute(request).await;
                let answer = answer.unwrap_or_else(|error| panic!("{said}: {error:?}"));
                let status = answer.status().as_u16();
                let is_stream = answer
                    .headers()
                    .get("content-type")
                    .is_some_and(|kind| kind == "text/event-stream");
                // A stream has no end, and is left.
                let text = if is_stream {
                    String::new()
                } else {
                    answer.text().await.unwrap()
                };
                (said, status, text)
            }
        })
        .buffer_unordered(16);
    while let Some((said, status, text)) = answers.next().await {
        // The health of a host without background work is no matter of what was sent.
        let not_ready = said.contains("/health/ready") && status == 503;
        assert!(status < 500 || not_ready, "{said}: {status} {text}");
        *counts.entry(status).or_default() += 1;
    }
    assert_eq!(panics.load(Ordering::Relaxed), 0);
    for status in [200, 400, 401] {
        assert!(counts.contains_key(&status), "{counts:?}");
    }
    // Both still answer.
    tokio::time::timeout(Duration::from_secs(10), async {
        host.json("/api-metrics/summary").await;
        process.json("/api-metrics/summary").await;
    })
    .await
    .unwrap();
}
