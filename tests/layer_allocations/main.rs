//! How often the layer allocates: a binary of its own, because it counts every allocation.
//!
//! `unsafe` here is the allocator that counts; the crates under test have none.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use api_metrics_layer::{ApiKey, ApiMetricsLayer, RequestClock, RequestRecord, WithRequestLog};
use api_metrics_store::{
    recorder::Recorder,
    request_log::{Keep, RequestLog, RequestLogBuffer},
    store::Instance,
};
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::{map_request_body::MapRequestBodyLayer, map_response_body::MapResponseBodyLayer};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: everything is the system allocator's own doing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
}

#[test]
fn without_a_router_a_request_allocates_nothing() {
    let bytes = std::sync::atomic::AtomicU64::new(0);
    let layer = ApiMetricsLayer::new(move |record: &RequestRecord<'_>| {
        bytes.fetch_add(
            record.request_bytes + record.response_bytes,
            std::sync::atomic::Ordering::Relaxed,
        );
    })
    .endpoint(|_| Some("/users/{id}".into()))
    .api_key(|_| Some(ApiKey::from(7)));
    async fn echo<B>(request: Request<B>) -> Result<Response<B>, Infallible> {
        Ok(Response::new(request.into_body()))
    }
    let mut service = layer.layer(service_fn(echo));
    let mut exchange = |body: &'static str| {
        let body = Full::new(Bytes::from_static(body.as_bytes()));
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        let response = block_on(service.call(request)).unwrap();
        // Read frame by frame: collecting would allocate by itself.
        let mut body = std::pin::pin!(response.into_body());
        while let Some(frame) = block_on(body.frame()) {
            assert_eq!(frame.unwrap().into_data().unwrap().len(), 5);
        }
    };
    // The first one fills the pools.
    exchange("first");
    for body in ["again", ""] {
        assert_eq!(allocations(|| (0..1000).for_each(|_| exchange(body))), 0);
    }
}

/// Time stands still: a new minute's buckets would allocate.
struct Noon(std::time::Instant);

impl RequestClock for Noon {
    fn monotonic(&self) -> std::time::Instant {
        self.0
    }

    fn wall(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_767_614_400)
    }
}

/// What any layer costs that maps both bodies.
struct Mapped<B>(B);

impl<B: http_body::Body + Unpin> http_body::Body for Mapped<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn app() -> Router {
    async fn echo(body: Bytes) -> Bytes {
        body
    }
    Router::new().route("/users/{id}", get(|| async { "hello" }).post(echo))
}

/// Allocations a request in an axum router, with what the router needs itself.
fn in_router(app: Router, request: impl Fn() -> Request<Body>) -> u64 {
    // As `axum::serve` does: else the router is built anew for every request.
    let app: Router = app.with_state(());
    let exchange = || {
        let response = block_on(app.clone().oneshot(request())).unwrap();
        block_on(response.into_body().collect()).unwrap();
    };
    // The first ones fill the pools and make the series and its sketch.
    (0..2000).for_each(|_| exchange());
    let all = allocations(|| (0..1000).for_each(|_| exchange()));
    assert_eq!(all % 1000, 0, "a request like any other");
    all / 1000
}

#[test]
fn in_an_axum_router_layer_and_recorder_allocate_no_more_than_a_layer_that_maps_the_bodies() {
    let without_body = || Request::get("/users/7").body(Body::empty()).unwrap();
    let with_body = || Request::post("/users/7").body(Body::from("12345")).unwrap();
    let mapped = || {
        let layers = (
            MapRequestBodyLayer::new(Mapped),
            MapResponseBodyLayer::new(Mapped),
        );
        app().layer(layers)
    };
    let layer = || {
        let recorder = Arc::new(Recorder::default());
        ApiMetricsLayer::with_clock(recorder, Noon(std::time::Instant::now()))
    };
    for request in [&without_body as &dyn Fn() -> _, &with_body] {
        let floor = in_router(mapped(), request);
        assert_eq!(in_router(app().layer(layer()), request), floor);
    }
    // Keeping axum's body saves the box of a body that isn't there.
    let floor = in_router(mapped(), without_body);
    let kept = in_router(app().layer(layer().for_axum()), without_body);
    assert_eq!(kept, floor - 1);
    let floor = in_router(mapped(), with_body);
    assert_eq!(in_router(app().layer(layer().for_axum()), with_body), floor);
}

#[test]
fn a_request_that_is_kept_in_the_log_allocates_once_more() {
    let instance = || Instance::new(uuid::Uuid::nil(), "shop", "production");
    let app_with = |keep: Keep| {
        let mut settings = RequestLog::new();
        settings.keep = keep;
        settings.rows_per_second = u32::MAX;
        settings.bytes_per_second = u64::MAX;
        settings.memory_budget = 1 << 30;
        let log = Arc::new(RequestLogBuffer::new(settings, instance()));
        let sink = WithRequestLog::new(Arc::new(Recorder::default()), Arc::clone(&log));
        let layer = ApiMetricsLayer::with_clock(sink, Noon(std::time::Instant::now()));
        (app().layer(layer.for_axum()).with_state(()), log)
    };
    let measured = |app: &Router| {
        let exchange = || {
            let request = Request::get("/users/7").body(Body::empty()).unwrap();
            let response = block_on(app.clone().oneshot(request)).unwrap();
            block_on(response.into_body().collect()).unwrap();
        };
        (0..2000).for_each(|_| exchange());
        allocations(|| (0..1000).for_each(|_| exchange()))
    };
    let (nothing, _) = app_with(Keep::Nothing);
    let floor = measured(&nothing);
    let (everything, log) = app_with(Keep::Everything);
    let kept = measured(&everything);
    assert_eq!(log.counts().chosen, 3_000);
    // The queue grows by chunks.
    assert!(
        (1_000..1_030).contains(&(kept - floor)),
        "{kept} and {floor}"
    );
}
