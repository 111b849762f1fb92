//! How functions, extractors and sinks are handed to the layer.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use api_metrics_layer::{
    ApiKey, ApiMetricsLayer, Endpoint, ExtractApiKey, ExtractEndpoint, FromMatchedPath, MetricSink,
    RequestRecord,
};
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::Recorded;

/// Counts its clones, as a closure with a captured map would pay for them.
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&self.0))
    }
}

async fn answer<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::default()))
}

#[tokio::test]
async fn what_a_function_has_captured_is_never_cloned() {
    let clones = Arc::default();
    let (sink, mut records) = Recorded::pair();
    let (by_endpoint, by_key) = (Counted(Arc::clone(&clones)), Counted(Arc::clone(&clones)));
    let layer = ApiMetricsLayer::new(sink)
        .endpoint(move |_| {
            let _captured = &by_endpoint;
            Some("/e".into())
        })
        .api_key(move |_| {
            let _captured = &by_key;
            Some(ApiKey::from(7))
        });
    let service = layer.clone().layer(service_fn(answer));
    for _ in 0..10 {
        let request = Request::new(Empty::<Bytes>::new());
        service.clone().oneshot(request).await.unwrap();
        let record = records.next().await;
        assert_eq!(
            (record.endpoint.as_str(), record.api_key),
            ("/e", Some("7".into()))
        );
    }
    assert_eq!(clones.load(Ordering::SeqCst), 0);
}

/// Knows templates and consumers by heart; it doesn't clone.
struct Templates(HashMap<&'static str, (&'static str, i64)>);

impl Templates {
    fn new() -> Self {
        Self(HashMap::from([("/users/7", ("/users/{id}", 42))]))
    }
}

impl ExtractEndpoint for Templates {
    fn endpoint(&self, request: &Parts) -> Option<Endpoint> {
        Some(self.0.get(request.uri.path())?.0.into())
    }
}

impl ExtractApiKey for Templates {
    fn api_key(&self, request: &Parts) -> Option<ApiKey> {
        Some(ApiKey::from(self.0.get(request.uri.path())?.1))
    }
}

async fn call<E, K>(layer: ApiMetricsLayer<impl MetricSink, E, K>, path: &str)
where
    E: ExtractEndpoint,
    K: ExtractApiKey,
{
    let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
    let mut service = layer.layer(service_fn(answer));
    service.call(request).await.unwrap();
}

#[tokio::test]
async fn a_type_that_extracts_can_be_passed_and_so_can_none() {
    let (sink, mut records) = Recorded::pair();
    let sink = Arc::new(sink);
    let layer = || ApiMetricsLayer::new(Arc::clone(&sink));
    let known = layer()
        .endpoint_from(Templates::new())
        .api_key_from(Templates::new());
    call(known, "/users/7").await;
    let record = records.next().await;
    assert_eq!(record.endpoint, "/users/{id}");
    assert_eq!(record.api_key.as_deref(), Some("42"));

    let none = layer().endpoint_from(()).api_key_from(());
    call(none, "/users/7").await;
    let record = records.next().await;
    assert_eq!(
        (record.endpoint.as_str(), record.api_key),
        ("<unmatched>", None)
    );

    let default = layer().endpoint(|_| None).endpoint_from(FromMatchedPath);
    call(default, "/users/7").await;
    assert_eq!(records.next().await.endpoint, "<unmatched>");
}

#[tokio::test]
async fn layers_made_of_one_by_other_functions_share_its_gauge() {
    let layer = ApiMetricsLayer::new(());
    let before = layer.in_flight();
    let other = layer.clone().endpoint(|_| None);
    let after = other.in_flight();
    let mut service = other.layer(service_fn(|_| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    }));
    let open = service.call(Request::new(Empty::<Bytes>::new()));
    assert_eq!((before.get(), after.get()), (1, 1));
    drop(open);
    assert_eq!((before.get(), after.get()), (0, 0));
}

#[tokio::test]
async fn boxes_and_triples_are_sinks() {
    let (sink, mut boxed) = Recorded::pair();
    let boxed_sink: Box<dyn MetricSink> = Box::new(sink);
    let (sink, mut second) = Recorded::pair();
    let third = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&third);
    let count = Box::new(move |_: &RequestRecord<'_>| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let layer = ApiMetricsLayer::new((boxed_sink, sink, count));
    call(layer, "/x").await;
    assert_eq!(boxed.next().await.unmatched_path.as_deref(), Some("/x"));
    assert_eq!(second.next().await.unmatched_path.as_deref(), Some("/x"));
    assert_eq!(third.load(Ordering::SeqCst), 1);
}
