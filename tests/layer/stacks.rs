//! Stacks that have to compile: the layer once outside and once inside of other layers, on hyper, axum and
//! tonic.

use std::{
    convert::Infallible,
    error::Error,
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
    time::Duration,
};

use api_metrics_layer::{ApiMetricsLayer, MetricSink};
use axum::{
    Router,
    error_handling::HandleErrorLayer,
    routing::{get as on_get, post as on_post},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header::ACCEPT};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, retry::Policy, service_fn};
use tower_http as http_layers;

use crate::{
    grpc::greeter::Greeter,
    support::{Record, Recorded, Server, get},
};

fn ours() -> ApiMetricsLayer<Arc<dyn MetricSink>> {
    ApiMetricsLayer::new(Arc::new(()) as Arc<dyn MetricSink>)
}

async fn answer<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("answer")))
}

/// What hyper's servers ask of a service.
fn on_hyper<S, B>(_: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
}

/// Each layer around ours and within it, on hyper.
macro_rules! on_hyper {
    ($($layer:expr),+ $(,)?) => {$(
        on_hyper(ServiceBuilder::new().layer($layer).layer(ours()).service_fn(answer));
        on_hyper(ServiceBuilder::new().layer(ours()).layer($layer).service_fn(answer));
    )+};
}

/// Each layer around ours and within it, in one `ServiceBuilder`, on an axum router.
macro_rules! on_axum {
    ($($layer:expr),+ $(,)?) => {$(
        let around = ServiceBuilder::new().layer($layer).layer(ours().for_axum());
        let _: Router = Router::new().route("/", on_get(|| async {})).layer(around);
        let within = ServiceBuilder::new().layer(ours().for_axum()).layer($layer);
        let _: Router = Router::new().route("/", on_get(|| async {})).layer(within);
    )+};
}

/// The same for layers that fail with errors of their own, which axum wants handled.
macro_rules! on_axum_handled {
    ($($layer:expr),+ $(,)?) => {$(
        let _: Router = Router::new().route("/", on_get(|| async {})).layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(refuse))
                .layer($layer)
                .layer(ours().for_axum()),
        );
        let _: Router = Router::new().route("/", on_get(|| async {})).layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(refuse))
                .layer(ours().for_axum())
                .layer($layer),
        );
    )+};
}

async fn refuse(_: BoxError) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

/// Each layer around ours and within it, as a tonic server takes them.
macro_rules! on_tonic {
    ($($layer:expr),+ $(,)?) => {$(
        let around = ServiceBuilder::new().layer($layer).layer(ours()).into_inner();
        drop(tonic::transport::Server::builder().layer(around).add_service(greeter()).serve(ADDR));
        let within = ServiceBuilder::new().layer(ours()).layer($layer).into_inner();
        drop(tonic::transport::Server::builder().layer(within).add_service(greeter()).serve(ADDR));
    )+};
}

const ADDR: std::net::SocketAddr = std::net::SocketAddr::V4(std::net::SocketAddrV4::new(
    std::net::Ipv4Addr::LOCALHOST,
    0,
));

fn greeter() -> Greeter {
    Greeter {
        entered: tokio::sync::mpsc::unbounded_channel().0,
    }
}

const SECOND: Duration = Duration::from_secs(1);
const NAME: HeaderName = HeaderName::from_static("x-name");
const VALUE: HeaderValue = HeaderValue::from_static("value");

/// Lets everybody in; refuses with a body that it makes itself, as such middleware does.
struct Open<R>(PhantomData<fn() -> R>);

impl<R> Open<R> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Clone for Open<R> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<B, R: Default> http_layers::auth::AsyncAuthorizeRequest<B> for Open<R> {
    type RequestBody = B;
    type ResponseBody = R;
    type Future = Ready<Result<Request<B>, Response<R>>>;

    fn authorize(&mut self, request: Request<B>) -> Self::Future {
        let allowed = true;
        ready(if allowed {
            Ok(request)
        } else {
            Err(Response::new(R::default()))
        })
    }
}

/// Retries server errors once, if the body clones.
#[derive(Clone)]
struct Once(bool);

impl<B: Clone, R, E> Policy<Request<B>, Response<R>, E> for Once {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<B>,
        result: &mut Result<Response<R>, E>,
    ) -> Option<Ready<()>> {
        let failed = matches!(result, Ok(response) if response.status().is_server_error());
        let again = failed && !self.0;
        self.0 = true;
        again.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        let mut clone = Request::new(request.body().clone());
        *clone.method_mut() = request.method().clone();
        *clone.uri_mut() = request.uri().clone();
        Some(clone)
    }
}

/// A policy for bodies that don't clone.
#[derive(Clone)]
struct Never;

impl<B, R, E> Policy<Request<B>, R, E> for Never {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request<B>, _: &mut Result<R, E>) -> Option<Ready<()>> {
        None
    }

    fn clone_request(&mut self, _: &Request<B>) -> Option<Request<B>> {
        None
    }
}

/// Calls a macro with the layers of tower-http that fit everywhere.
macro_rules! each_of_tower_http {
    ($stack:ident) => {
        $stack!(
            http_layers::add_extension::AddExtensionLayer::new(1_u8),
            http_layers::auth::AddAuthorizationLayer::basic("name", "password"),
            http_layers::auth::AsyncRequireAuthorizationLayer::new(Open::new()),
            http_layers::catch_panic::CatchPanicLayer::new(),
            http_layers::compression::CompressionLayer::new(),
            http_layers::cors::CorsLayer::permissive(),
            http_layers::csrf::CsrfLayer::new(),
            http_layers::decompression::DecompressionLayer::new(),
            http_layers::decompression::RequestDecompressionLayer::new(),
            http_layers::limit::RequestBodyLimitLayer::new(1),
            http_layers::normalize_path::NormalizePathLayer::trim_trailing_slash(),
            http_layers::on_early_drop::OnEarlyDropLayer::builder(),
            http_layers::propagate_header::PropagateHeaderLayer::new(NAME),
            http_layers::request_id::SetRequestIdLayer::x_request_id(
                http_layers::request_id::MakeRequestUuid
            ),
            http_layers::request_id::PropagateRequestIdLayer::x_request_id(),
            http_layers::sensitive_headers::SetSensitiveHeadersLayer::new([NAME]),
            http_layers::sensitive_headers::SetSensitiveRequestHeadersLayer::new([NAME]),
            http_layers::sensitive_headers::SetSensitiveResponseHeadersLayer::new([NAME]),
            http_layers::set_header::SetRequestHeaderLayer::overriding(NAME, VALUE),
            http_layers::set_header::SetResponseHeaderLayer::overriding(NAME, VALUE),
            http_layers::set_header::request::SetMultipleRequestHeadersLayer::overriding(vec![
                (NAME, VALUE).into()
            ]),
            http_layers::set_header::response::SetMultipleResponseHeadersLayer::overriding(vec![
                (NAME, VALUE).into()
            ]),
            http_layers::set_status::SetStatusLayer::new(StatusCode::ACCEPTED),
            http_layers::timeout::TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                SECOND
            ),
            http_layers::timeout::RequestBodyTimeoutLayer::new(SECOND),
            http_layers::timeout::ResponseBodyTimeoutLayer::new(SECOND),
            http_layers::timeout::RequestBodyDeadlineLayer::new(SECOND),
            http_layers::timeout::ResponseBodyDeadlineLayer::new(SECOND),
            http_layers::trace::TraceLayer::new_for_http(),
            http_layers::trace::TraceLayer::new_for_grpc(),
            http_layers::metrics::InFlightRequestsLayer::pair().0,
            http_layers::validate_request::ValidateRequestHeaderLayer::accept("text/plain"),
        );
    };
}

/// Calls a macro with the layers of tower that keep the error.
macro_rules! each_of_tower {
    ($stack:ident) => {
        $stack!(
            tower::limit::ConcurrencyLimitLayer::new(1),
            tower::limit::GlobalConcurrencyLimitLayer::new(1),
            tower::retry::RetryLayer::new(Never),
            tower::util::MapRequestLayer::new(|request| request),
            tower::util::MapResponseLayer::new(|response| response),
            tower::util::MapResultLayer::new(|result| result),
            tower::util::MapFutureLayer::new(|future| future),
            tower::util::AndThenLayer::new(|response| ready(Ok::<_, Infallible>(response))),
            tower::util::ThenLayer::new(|result| ready(result)),
        );
    };
}

/// Calls a macro with the layers of tower that fail by themselves.
macro_rules! each_failing_of_tower {
    ($stack:ident) => {
        $stack!(
            tower::buffer::BufferLayer::new(1),
            tower::load_shed::LoadShedLayer::new(),
            tower::timeout::TimeoutLayer::new(SECOND),
            tower::util::MapErrLayer::new(BoxError::from),
            tower::filter::FilterLayer::new(|request| Ok::<_, BoxError>(request)),
            tower::filter::AsyncFilterLayer::new(|request| ready(Ok::<_, BoxError>(request))),
        );
    };
}

#[tokio::test]
async fn the_layer_stacks_with_each_layer_of_tower_http() {
    each_of_tower_http!(on_hyper);
    each_of_tower_http!(on_axum);
    each_of_tower_http!(on_tonic);
    // tonic and axum want bodies and errors that these don't give; hyper asks for nothing.
    on_hyper!(
        http_layers::map_request_body::MapRequestBodyLayer::new(|body| body),
        http_layers::map_response_body::MapResponseBodyLayer::new(|body| body),
    );
}

#[tokio::test]
async fn the_layer_stacks_with_each_layer_of_tower() {
    each_of_tower!(on_hyper);
    each_of_tower!(on_axum);
    each_of_tower!(on_tonic);
    each_failing_of_tower!(on_hyper);
    each_failing_of_tower!(on_axum_handled);
    each_failing_of_tower!(on_tonic);
}

/// Layers whose services don't clone, within a buffer, which does.
macro_rules! on_all_buffered {
    ($($layer:expr),+ $(,)?) => {$(
        on_hyper(ServiceBuilder::new().layer(tower::buffer::BufferLayer::new(1)).layer($layer).layer(ours()).service_fn(answer));
        on_hyper(ServiceBuilder::new().layer(ours()).layer(tower::buffer::BufferLayer::new(1)).layer($layer).service_fn(answer));
        let handled = || ServiceBuilder::new().layer(HandleErrorLayer::new(refuse));
        let app = || Router::<()>::new().route("/", on_get(|| async {}));
        drop(app().layer(handled().layer(tower::buffer::BufferLayer::new(1)).layer($layer).layer(ours().for_axum())));
        drop(app().layer(handled().layer(ours().for_axum()).layer(tower::buffer::BufferLayer::new(1)).layer($layer)));
        let tonic = tonic::transport::Server::builder;
        let around = ServiceBuilder::new().layer(tower::buffer::BufferLayer::new(1)).layer($layer).layer(ours());
        drop(tonic().layer(around.into_inner()).add_service(greeter()).serve(ADDR));
        let within = ServiceBuilder::new().layer(ours()).layer(tower::buffer::BufferLayer::new(1)).layer($layer);
        drop(tonic().layer(within.into_inner()).add_service(greeter()).serve(ADDR));
    )+};
}

#[tokio::test]
async fn the_layer_stacks_with_layers_that_do_not_clone_within_a_buffer() {
    on_all_buffered!(
        tower::limit::RateLimitLayer::new(1, SECOND),
        tower::spawn_ready::SpawnReadyLayer::new(),
    );
}

#[tokio::test]
async fn the_layer_follows_redirects_as_a_client_does_inside_and_outside() {
    let follow = http_layers::follow_redirect::FollowRedirectLayer::new;
    let request = || Request::get("http://localhost/").body(Full::<Bytes>::default());
    let outside = ServiceBuilder::new().layer(follow()).layer(ours());
    let response = outside.service_fn(answer).oneshot(request().unwrap()).await;
    assert_eq!(response.unwrap().status(), 200);
    let inside = ServiceBuilder::new().layer(ours()).layer(follow());
    let response = inside.service_fn(answer).oneshot(request().unwrap()).await;
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn an_answer_of_middleware_outside_is_not_counted_and_one_of_middleware_inside_is() {
    for inside in [true, false] {
        let mut server = Server::axum(|layer, _| {
            use http_layers::validate_request::ValidateRequestHeaderLayer as Refuse;
            let app = Router::new().route("/r", on_get(|| async { "answer" }));
            let stack = ServiceBuilder::new();
            if inside {
                app.layer(stack.layer(layer).layer(Refuse::accept("text/plain")))
            } else {
                app.layer(stack.layer(Refuse::accept("text/plain")).layer(layer))
            }
        })
        .await;
        for mut client in server.clients().await {
            let request = client.request("GET", "/r").header(ACCEPT, "image/png");
            let request = request.body(crate::support::empty()).unwrap();
            assert_eq!(client.exchange(request).await.status(), 406);
            if inside {
                let expected = Record {
                    status: Some(406),
                    ..get("/r")
                };
                assert_eq!(server.records.next().await, expected);
            }
        }
        server.finish().await;
    }
}

/// Fails at first; reads the whole upload each time.
async fn second_time<B: http_body::Body>(
    request: Request<B>,
    attempts: Arc<std::sync::atomic::AtomicUsize>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    assert!(request.into_body().collect().await.is_ok());
    let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let mut response = Response::new(Full::from("done"));
    if attempt == 0 {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
    }
    Ok(response)
}

#[tokio::test]
async fn a_retry_inside_is_one_request_and_its_upload_is_counted_once() {
    let (sink, mut records) = Recorded::pair();
    let attempts = Arc::default();
    let service = ServiceBuilder::new()
        .layer(ApiMetricsLayer::new(sink).endpoint(|_| Some("/up".into())))
        .layer(tower::retry::RetryLayer::new(Once(false)))
        .service_fn(|request| second_time(request, Arc::clone(&attempts)));
    let request = Request::post("/up").body(Full::<Bytes>::from("12345"));
    let response = service.oneshot(request.unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    let record = records.next().await;
    assert_eq!((record.status, record.request_bytes), (Some(200), 5));
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn a_retry_outside_is_a_request_for_each_attempt() {
    let (sink, mut records) = Recorded::pair();
    let attempts = Arc::default();
    let service = ServiceBuilder::new()
        .layer(tower::retry::RetryLayer::new(Once(false)))
        .layer(ApiMetricsLayer::new(sink).endpoint(|_| Some("/up".into())))
        .service_fn(|request| second_time(request, Arc::clone(&attempts)));
    let request = Request::post("/up").body(Full::<Bytes>::from("12345"));
    let response = service.oneshot(request.unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    let first = records.next().await;
    // The first answer is dropped unread.
    assert_eq!((first.status, first.request_bytes), (Some(502), 5));
    let second = records.next().await;
    assert_eq!((second.status, second.request_bytes), (Some(200), 5));
}

#[tokio::test]
async fn a_steer_takes_services_with_the_layer_and_is_taken_by_it() {
    let pick = |_: &Request<_>, _: &[_]| 0;
    let service = ours().layer(service_fn(
        answer::<api_metrics_layer::CountingBody<Incoming>>,
    ));
    let outside = tower::steer::Steer::new([service], pick);
    on_hyper(outside);
    let inner = service_fn(answer::<api_metrics_layer::CountingBody<Incoming>>);
    let pick = |_: &Request<_>, _: &[_]| 0;
    on_hyper(ours().layer(tower::steer::Steer::new([inner], pick)));
}

#[tokio::test]
async fn a_make_service_makes_services_with_the_layer() {
    let make = ServiceBuilder::new().service_fn(|_peer: u16| async {
        Ok::<_, Infallible>(ours().layer(service_fn(
            answer::<api_metrics_layer::CountingBody<Full<Bytes>>>,
        )))
    });
    let service = make.oneshot(1).await.unwrap();
    let request = Request::new(Full::<Bytes>::default());
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
    // axum's own, around a router with the layer.
    let app: Router = Router::new().route("/", on_post(|| async {})).layer(ours());
    let service = app.into_make_service().oneshot(()).await.unwrap();
    let request = Request::post("/").body(axum::body::Body::empty()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
}
