//! A million requests of a scanner's imagination, and labels that would break a store.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use api_metrics_layer::{
    ApiKey, ApiMetricsLayer, MAX_API_KEY_BYTES, MAX_ENDPOINT_BYTES, MetricSink, RequestRecord,
};
use axum::{Router, body::Body, routing::get as on_get};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{Empty, Full};
use proptest::prelude::*;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::Recorded;

/// Keeps the labels that came, not the records.
#[derive(Default)]
struct Labels(Mutex<Recorded>);

#[derive(Default)]
struct Recorded {
    requests: u64,
    response_bytes: u64,
    unmatched_paths: u64,
    endpoints: BTreeSet<String>,
    methods: BTreeSet<&'static str>,
    longest_key: usize,
}

impl MetricSink for Labels {
    fn record(&self, record: &RequestRecord<'_>) {
        let mut seen = self.0.lock().unwrap();
        seen.requests += 1;
        seen.response_bytes += record.response_bytes;
        seen.unmatched_paths += u64::from(record.unmatched_path.is_some());
        if !seen.endpoints.contains(record.endpoint) {
            seen.endpoints.insert(record.endpoint.to_owned());
        }
        seen.methods.insert(record.method);
        let key = record.api_key.unwrap().to_string();
        seen.longest_key = seen.longest_key.max(key.len());
    }
}

/// A small, fast, repeatable generator (xorshift64*): a million draws needn't be good, only many.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn word(&mut self, alphabet: &[u8]) -> String {
        let length = 1 + self.next() % 12;
        (0..length)
            .map(|_| char::from(alphabet[self.next() as usize % alphabet.len()]))
            .collect()
    }
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#[test]
fn many_random_paths_methods_and_keys_make_two_endpoints_and_exact_totals() {
    let requests: u64 = api_metrics_tests::sized(1_000_000, 100_000);
    let labels = Arc::new(Labels::default());
    let layer = ApiMetricsLayer::new(Arc::clone(&labels))
        .endpoint(|parts| parts.uri.path().starts_with("/u").then(|| "/u*".into()));
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("12"))) };
    let mut service = layer.layer(service_fn(answer));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut matched = 0;
    runtime.block_on(async {
        for i in 0..requests {
            let path = format!("/{}?{}", random.word(LETTERS), i);
            matched += u64::from(path.starts_with("/u"));
            let method = random.word(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_!");
            let key = random.word(LETTERS).repeat(1 + random.next() as usize % 40);
            let mut request = Request::new(Empty::<Bytes>::new());
            *request.uri_mut() = path.parse().unwrap();
            *request.method_mut() = method.parse().unwrap();
            request.extensions_mut().insert(ApiKey::from(key));
            let response = service.call(request).await.unwrap();
            http_body_util::BodyExt::collect(response.into_body())
                .await
                .unwrap();
        }
    });
    let seen = labels.0.lock().unwrap();
    assert_eq!(seen.requests, requests);
    assert_eq!(seen.response_bytes, 2 * requests);
    assert_eq!(seen.unmatched_paths, requests - matched);
    assert!(seen.endpoints.iter().eq(["/u*", "<unmatched>"]));
    // Some random words are methods.
    assert!(seen.methods.contains("_OTHER") && seen.methods.len() <= 11);
    assert_eq!(seen.longest_key, MAX_API_KEY_BYTES);
}

#[tokio::test]
async fn a_scanner_of_an_axum_router_makes_no_label_whatever_it_sends() {
    let labels = Arc::new(Labels::default());
    let app = Router::new()
        .route("/users/{id}", on_get(|| async { "12" }))
        .layer(ApiMetricsLayer::new(Arc::clone(&labels)))
        .layer(axum::Extension(ApiKey::from(1)));
    let mut random = Random(7);
    for i in 0..5_000 {
        // Claims to speak gRPC too, which makes paths endpoints where it is true.
        let content_type = ["application/grpc", "text/plain"][i % 2];
        let path = format!("/{}/{}", ["users", "x"][i % 2], random.word(LETTERS));
        let request = Request::post(path).header("content-type", content_type);
        let response = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await;
        http_body_util::BodyExt::collect(response.unwrap().into_body())
            .await
            .unwrap();
    }
    let seen = labels.0.lock().unwrap();
    assert_eq!(seen.requests, 5_000);
    assert!(seen.endpoints.iter().eq(["/users/{id}", "<unmatched>"]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_endpoint_is_cut_on_a_character_boundary_and_holds_no_nul(template in ".*", long in 0..3_usize) {
        let template = template.repeat(1 + long * 200) + ["", "\0", "\u{0}\u{10ffff}"][long];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (sink, mut records) = Recorded::pair();
        let label = template.clone();
        let layer = ApiMetricsLayer::new(sink)
            .endpoint(move |_| Some(std::sync::Arc::<str>::from(label.as_str()).into()));
        let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
        let service = layer.layer(service_fn(answer));
        runtime.block_on(service.oneshot(Request::new(Empty::<Bytes>::new()))).unwrap();
        let recorded = records.rest().pop().unwrap().endpoint;
        prop_assert!(recorded.len() <= MAX_ENDPOINT_BYTES);
        prop_assert!(!recorded.contains('\0'));
        let cleaned = template.replace('\0', "\u{fffd}");
        prop_assert!(cleaned.starts_with(&recorded));
        prop_assert!(recorded.len() == cleaned.len() || recorded.len() > MAX_ENDPOINT_BYTES - 4);
    }
}

#[tokio::test]
async fn paths_in_odd_forms_are_recorded() {
    let (sink, mut records) = Recorded::pair();
    let layer = ApiMetricsLayer::new(sink);
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let service = layer.layer(service_fn(answer));
    let cases = [
        (Method::OPTIONS, "*", Some("*")),
        (Method::CONNECT, "example.org:443", None),
        (Method::GET, "http://example.org", Some("/")),
        (Method::GET, "/%00%F0", Some("/%00%F0")),
    ];
    for (method, uri, path) in cases {
        let request = Request::builder().method(method).uri(uri);
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        service.clone().oneshot(request).await.unwrap();
        let record = records.next().await;
        assert_eq!(record.endpoint, "<unmatched>");
        assert_eq!(record.unmatched_path.as_deref(), path, "{uri}");
    }
}
