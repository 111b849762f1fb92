//! A hyper server of which every task can be awaited.

use std::{
    error::Error,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use api_metrics_layer::{AnyBody, ApiMetricsLayer, FromMatchedPath, InFlight, MetricSink};
use axum::Router;
use http::{Request, Response};
use hyper::{body::Incoming, rt::Executor};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tower::Service;

use super::{Client, FakeClock, Record, Recorded};

/// Fails a test that would hang. Nothing passes because of it.
pub(crate) async fn bound<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(30), future).await {
        Ok(value) => value,
        Err(_) => panic!("waited 30 s for {what}"),
    }
}

#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.lock().unwrap().spawn(async move {
            task.await;
        });
    }
}

impl Tasks {
    /// Waits for all tasks, those included that are started meanwhile. Some end by a panic.
    async fn join(&self) {
        loop {
            let mut tasks = std::mem::take(&mut *self.0.lock().unwrap());
            if tasks.is_empty() {
                return;
            }
            while tasks.join_next().await.is_some() {}
        }
    }
}

/// A server on a socket, with a layer's records, gauge and clock at hand.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) records: Recorded,
    pub(crate) in_flight: InFlight,
    pub(crate) clock: FakeClock,
    tasks: Tasks,
    stop: watch::Sender<()>,
}

/// The layer as most tests use it.
pub(crate) type Layer<M> = ApiMetricsLayer<M, FromMatchedPath, (), AnyBody>;

/// The one that a server gives.
pub(crate) type AnyLayer = Layer<Arc<dyn MetricSink>>;

impl Server {
    /// Serves the router that `app` puts the layer around.
    pub(crate) async fn axum(
        app: impl FnOnce(Layer<Arc<dyn MetricSink>>, FakeClock) -> Router,
    ) -> Self {
        Self::start(app).await
    }

    /// Serves any service that `service` puts the layer around.
    pub(crate) async fn start<S, B>(
        service: impl FnOnce(Layer<Arc<dyn MetricSink>>, FakeClock) -> S,
    ) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let clock = FakeClock::new();
        let (sink, records) = Recorded::pair();
        let layer = ApiMetricsLayer::with_clock(Arc::new(sink) as Arc<_>, clock.clone());
        let in_flight = layer.in_flight();
        let service = service(layer, clock.clone());

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let tasks = Tasks::default();
        let (stop, mut stopped) = watch::channel(());
        let connections = tasks.clone();
        tasks.execute(async move {
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (stream, _) = accepted.unwrap();
                        let executor = connections.clone();
                        connections.execute(connection(
                            stream, service.clone(), executor, stopped.clone(),
                        ));
                    }
                    _ = stopped.changed() => return,
                }
            }
        });
        Self {
            addr,
            records,
            in_flight,
            clock,
            tasks,
            stop,
        }
    }

    pub(crate) async fn h1(&self) -> Client {
        Client::h1(self.addr).await
    }

    pub(crate) async fn h2(&self) -> Client {
        Client::h2(self.addr).await
    }

    /// A client of either version.
    pub(crate) async fn clients(&self) -> [Client; 2] {
        [self.h1().await, self.h2().await]
    }

    /// Stops, waits for every task, and checks that nobody is left: no open request, and no record
    /// beyond those that the test has taken. Clients must be gone.
    pub(crate) async fn finish(self) {
        let left = self.drain().await;
        assert_eq!(left, [], "recorded more than once, or more than expected");
    }

    /// As `finish`, but gives the remaining records.
    pub(crate) async fn drain(mut self) -> Vec<Record> {
        drop(self.stop);
        bound("the server's tasks", self.tasks.join()).await;
        assert_eq!(self.in_flight.get(), 0, "the gauge leaks");
        self.records.rest()
    }
}

async fn connection<S, B>(
    stream: TcpStream,
    service: S,
    executor: Tasks,
    mut stopped: watch::Receiver<()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut builder = auto::Builder::new(executor);
    builder.http1().timer(TokioTimer::new());
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let stopped = stopped.changed();
    tokio::pin!(stopped);
    let mut stopping = false;
    loop {
        tokio::select! {
            // Clients that leave in the middle are what many tests are about.
            _ = &mut connection => return,
            _ = &mut stopped, if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
