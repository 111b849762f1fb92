//! Requests that wait for the service to become ready.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use api_metrics_layer::{ApiMetricsLayer, MetricSink, Queue, RequestRecord};
use api_metrics_tests::wait::eventually;
use axum::{Router, error_handling::HandleErrorLayer, http::StatusCode, routing::get as on_get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::{Semaphore, mpsc};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, limit::GlobalConcurrencyLimitLayer,
    load_shed::LoadShedLayer,
};

use crate::support::{Client, FakeClock, Record, Server, bound, empty, get, ms};

/// A handler that a test keeps busy: each call tells that it runs and waits to be released.
#[derive(Clone)]
struct Work {
    entered: mpsc::UnboundedSender<()>,
    release: Arc<Semaphore>,
}

impl Work {
    fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let (entered, running) = mpsc::unbounded_channel();
        let release = Arc::new(Semaphore::new(0));
        (Self { entered, release }, running)
    }

    async fn run(&self) {
        self.entered.send(()).unwrap();
        self.release.acquire().await.unwrap().forget();
    }

    async fn answer<B>(self, _: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
        self.run().await;
        Ok(Response::new(Full::default()))
    }
}

async fn waiting(queue: &Queue, count: usize) {
    eventually("requests in the queue", || {
        std::future::ready((queue.waiting() == count).then_some(()))
    })
    .await;
}

/// Sends a request on a connection of its own.
async fn send(mut client: Client) -> tokio::task::JoinHandle<u16> {
    tokio::spawn(async move { client.get("/work").await.status().as_u16() })
}

/// On hyper: the layer outside of a limit of one, in one `ServiceBuilder`.
async fn limited() -> (Server, Queue, Work, mpsc::UnboundedReceiver<()>) {
    let (work, running) = Work::new();
    let mut queue = None;
    let server = Server::start(|layer, _| {
        queue = Some(layer.queue());
        let work = work.clone();
        ServiceBuilder::new()
            .layer(layer.endpoint(|_| Some("/work".into())))
            .layer(GlobalConcurrencyLimitLayer::new(1))
            .service_fn(move |request| work.clone().answer(request))
    })
    .await;
    (server, queue.unwrap(), work, running)
}

#[tokio::test]
async fn a_wait_in_the_queue_is_a_figure_of_its_own_and_no_part_of_latency() {
    for version in [1, 2] {
        let (mut server, queue, work, mut running) = limited().await;
        let client = async || match version {
            1 => server.h1().await,
            _ => server.h2().await,
        };
        let first = send(client().await).await;
        bound("the first", running.recv()).await.unwrap();
        let second = send(client().await).await;
        waiting(&queue, 1).await;
        // Waiting is not running.
        assert_eq!(server.in_flight.get(), 1);
        server.clock.advance(ms(201));
        let third = send(client().await).await;
        waiting(&queue, 2).await;
        for (task, queue_wait, latency) in [
            (first, None, ms(201)),
            (second, Some(ms(201)), ms(0)),
            (third, Some(ms(0)), ms(0)),
        ] {
            work.release.add_permits(1);
            assert_eq!(bound("an answer", task).await.unwrap(), 200);
            let record = server.records.next().await;
            let expected = Record {
                queue_wait,
                latency: Some(latency),
                time_to_headers: Some(latency),
                finished_at: record.finished_at,
                ..get("/work")
            };
            assert_eq!(record, expected);
        }
        assert_eq!(
            (queue.waiting(), queue.waited(), queue.abandoned()),
            (0, 2, 0)
        );
        assert_eq!(queue.total_wait(), ms(201));
        server.finish().await;
    }
}

#[tokio::test]
async fn who_gives_up_in_the_queue_is_counted_as_abandoned_and_not_as_a_request() {
    let (mut server, queue, work, mut running) = limited().await;
    let first = send(server.h1().await).await;
    bound("the first", running.recv()).await.unwrap();
    for mut client in server.clients().await {
        let request = client.request("GET", "/work").body(empty()).unwrap();
        tokio::select! {
            _ = client.send(request) => panic!("nobody may run"),
            () = waiting(&queue, 1) => {}
        }
        client.cut().await;
        waiting(&queue, 0).await;
    }
    assert_eq!((queue.abandoned(), queue.waited()), (2, 0));
    work.release.add_permits(1);
    bound("an answer", first).await.unwrap();
    assert_eq!(server.records.next().await.queue_wait, None);
    server.finish().await;
}

/// What axum's clients see: the status, after the layer's queue was looked at.
async fn on_axum(
    app: impl FnOnce(crate::support::Layer, Router) -> Router,
) -> (Server, Queue, Work, mpsc::UnboundedReceiver<()>) {
    let (work, running) = Work::new();
    let mut queue = None;
    let server = Server::axum(|layer, _| {
        queue = Some(layer.queue());
        let work = work.clone();
        let handler = async move || work.run().await;
        app(layer, Router::new().route("/work", on_get(handler)))
    })
    .await;
    (server, queue.unwrap(), work, running)
}

async fn overloaded(_: BoxError) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::test]
async fn load_shedding_outside_goes_on_working_and_what_it_sheds_is_abandoned() {
    let (mut server, queue, work, mut running) = on_axum(|layer, app| {
        app.layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(overloaded))
                .layer(LoadShedLayer::new())
                .layer(layer)
                .layer(GlobalConcurrencyLimitLayer::new(1)),
        )
    })
    .await;
    let first = send(server.h1().await).await;
    bound("the first", running.recv()).await.unwrap();
    for client in server.clients().await {
        assert_eq!(send(client).await.await.unwrap(), 503);
    }
    eventually("shed requests", || {
        std::future::ready((queue.abandoned() == 2).then_some(()))
    })
    .await;
    work.release.add_permits(1);
    assert_eq!(bound("an answer", first).await.unwrap(), 200);
    assert_eq!(server.records.next().await.status, Some(200));
    assert_eq!((queue.waiting(), queue.waited()), (0, 0));
    server.finish().await;
}

#[tokio::test]
async fn in_a_service_builder_on_axum_the_queue_is_seen() {
    let (mut server, queue, work, mut running) = on_axum(|layer, app| {
        app.layer(
            ServiceBuilder::new()
                .layer(layer)
                .layer(GlobalConcurrencyLimitLayer::new(1)),
        )
    })
    .await;
    let waits = queue_waits(&mut server, &work, &mut running, async || {
        waiting(&queue, 1).await
    });
    assert_eq!(waits.await, [(None, ms(50)), (Some(ms(50)), ms(0))]);
    server.finish().await;
}

#[tokio::test]
async fn between_chained_layers_on_axum_the_queue_is_part_of_latency() {
    let (mut server, queue, work, mut running) =
        on_axum(|layer, app| app.layer(GlobalConcurrencyLimitLayer::new(1)).layer(layer)).await;
    let in_flight = server.in_flight.clone();
    let both = async || {
        eventually("both open", || {
            std::future::ready((in_flight.get() == 2).then_some(()))
        })
        .await;
    };
    let waits = queue_waits(&mut server, &work, &mut running, both);
    assert_eq!(waits.await, [(None, ms(50)), (None, ms(50))]);
    assert_eq!(queue.waited(), 0);
    server.finish().await;
}

/// Two requests, of which the second waits 50 ms for the first: the waits and latencies of both.
async fn queue_waits(
    server: &mut Server,
    work: &Work,
    running: &mut mpsc::UnboundedReceiver<()>,
    second_waits: impl AsyncFnOnce(),
) -> [(Option<std::time::Duration>, std::time::Duration); 2] {
    let first = send(server.h1().await).await;
    bound("the first", running.recv()).await.unwrap();
    let second = send(server.h1().await).await;
    second_waits().await;
    server.clock.advance(ms(50));
    let mut waits = [(None, ms(0)); 2];
    for (task, wait) in [first, second].into_iter().zip(&mut waits) {
        work.release.add_permits(1);
        bound("an answer", task).await.unwrap();
        let record = server.records.next().await;
        *wait = (record.queue_wait, record.latency.unwrap());
    }
    waits
}

#[tokio::test]
async fn a_service_that_fails_instead_of_becoming_ready_has_abandoned_its_wait() {
    use api_metrics_layer::ApiMetricsLayer;
    use std::task::{Context, Poll, Waker};
    use tower::{Layer, Service};

    /// Pending, then failed.
    struct Fails(bool);

    impl Service<Request<Full<Bytes>>> for Fails
    where
        Self: Sized,
    {
        type Response = Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            if std::mem::replace(&mut self.0, true) {
                Poll::Ready(Err("gone"))
            } else {
                Poll::Pending
            }
        }

        fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
            std::future::ready(Err("never called"))
        }
    }

    impl Service<Request<api_metrics_layer::CountingBody<Full<Bytes>>>> for Fails {
        type Response = Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, &'static str>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            <Self as Service<Request<Full<Bytes>>>>::poll_ready(self, cx)
        }

        fn call(
            &mut self,
            request: Request<api_metrics_layer::CountingBody<Full<Bytes>>>,
        ) -> Self::Future {
            let request = request.map(api_metrics_layer::CountingBody::into_inner);
            <Self as Service<Request<Full<Bytes>>>>::call(self, request)
        }
    }

    let layer = ApiMetricsLayer::new(());
    let queue = layer.queue();
    let mut service = layer.layer(Fails(false));
    let mut cx = Context::from_waker(Waker::noop());
    let mut poll = || Service::<Request<Full<Bytes>>>::poll_ready(&mut service, &mut cx);
    assert!(poll().is_pending());
    assert_eq!((queue.waiting(), queue.abandoned()), (1, 0));
    assert_eq!(poll(), Poll::Ready(Err("gone")));
    assert_eq!((queue.waiting(), queue.abandoned()), (0, 1));
}

/// What a sink is told of the queue.
#[derive(Default)]
struct Waits(Mutex<Vec<(Duration, bool)>>);

impl MetricSink for Waits {
    fn record(&self, _: &RequestRecord<'_>) {}

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        self.0.lock().unwrap().push((waited, called));
    }
}

/// Until the service is ready for a request of axum's.
async fn ready<S: Service<Request<axum::body::Body>, Error = Infallible>>(service: &mut S) {
    let Ok(_) = service.ready().await;
}

#[tokio::test]
async fn a_sink_is_told_of_each_wait_and_of_those_that_gave_up() {
    let (waits, clock) = (Arc::new(Waits::default()), FakeClock::new());
    let limit = GlobalConcurrencyLimitLayer::new(1);
    let service = ServiceBuilder::new()
        .layer(
            ApiMetricsLayer::with_clock((Arc::clone(&waits), ()), clock.clone())
                .endpoint_from(())
                .for_axum(),
        )
        .layer(limit)
        .service_fn(async |_: http::Request<axum::body::Body>| {
            Ok::<_, Infallible>(http::Response::new(axum::body::Body::empty()))
        });
    let mut first = service.clone();
    ready(&mut first).await;
    // Two clones are not ready while the first one holds the permit.
    let (mut gives_up, mut second) = (service.clone(), service);
    assert!(futures_util::poll!(pin!(ready(&mut gives_up))).is_pending());
    clock.advance(ms(30));
    assert!(futures_util::poll!(pin!(ready(&mut second))).is_pending());
    clock.advance(ms(20));
    drop(gives_up);
    drop(first);
    ready(&mut second).await;
    drop(second.call(Request::new(axum::body::Body::empty())));
    assert_eq!(*waits.0.lock().unwrap(), [(ms(50), false), (ms(20), true)]);
}
