//! The servers: one router, each time inside another layer.

use std::{
    io::Read as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api_metrics::{
    ApiKey, ApiMetrics, RequestLog,
    store::{
        query::{Query, TimeRange},
        store::Store,
    },
};
use axum::{Router, body::Body as AxumBody, routing::get};
use axum_prometheus::PrometheusMetricLayer;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, PeriodicReader, SdkMeterProvider, Stream,
};
use tokio::{net::TcpListener, runtime::Builder, sync::oneshot};
use tower_http::map_response_body::MapResponseBodyLayer;

use crate::shape::{BODY, KEY_HEADER, template};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Bare,
    BodyMap,
    Sqlite,
    SqliteWithLog,
    Postgres,
    PostgresWithLog,
    Prometheus,
    OpenTelemetry,
}

impl Subject {
    pub(crate) const ALL: [Self; 8] = [
        Self::Bare,
        Self::BodyMap,
        Self::Sqlite,
        Self::SqliteWithLog,
        Self::Postgres,
        Self::PostgresWithLog,
        Self::Prometheus,
        Self::OpenTelemetry,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare axum",
            Self::BodyMap => "a body map",
            Self::Sqlite => "**api-metrics**, SQLite",
            Self::SqliteWithLog => "**api-metrics**, SQLite, request log",
            Self::Postgres => "**api-metrics**, Postgres",
            Self::PostgresWithLog => "**api-metrics**, Postgres, request log",
            Self::Prometheus => "axum-prometheus",
            Self::OpenTelemetry => "opentelemetry-instrumentation-tower",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }

    pub(crate) const fn is_on_postgres(self) -> bool {
        matches!(self, Self::Postgres | Self::PostgresWithLog)
    }

    pub(crate) const fn is_on_sqlite(self) -> bool {
        matches!(self, Self::Sqlite | Self::SqliteWithLog)
    }
}

/// Serves until its input ends, says its address first, and then how many requests the store holds.
pub(crate) fn serve(subject: Subject, routes: usize, place: &str) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    // The worker serves; this thread would have tasks of its own otherwise.
    let served = runtime.spawn(run(subject, routes, place.to_owned()));
    runtime.block_on(served).unwrap();
}

async fn run(subject: Subject, routes: usize, place: String) {
    let router = (0..routes).fold(Router::new(), |router, route| {
        router.route(&template(route), get(async || BODY))
    });
    let mut metrics = None;
    let router = match subject {
        Subject::Bare => router,
        Subject::BodyMap => router.layer(MapResponseBodyLayer::new(Passed)),
        Subject::Prometheus => router.layer(PrometheusMetricLayer::pair().0),
        Subject::OpenTelemetry => {
            opentelemetry::global::set_meter_provider(provider());
            router.layer(LayerBuilder::builder().with_tracing(false).build().unwrap())
        }
        ours => {
            let builder = ApiMetrics::builder().database(place).service("bench");
            let builder = if matches!(ours, Subject::SqliteWithLog | Subject::PostgresWithLog) {
                builder.request_log(RequestLog::new())
            } else {
                builder
            };
            let started = builder.no_auth().require_database().start().await.unwrap();
            let layer = started.layer().api_key(|request| {
                let key = request.headers.get(KEY_HEADER)?.to_str().ok()?;
                Some(ApiKey::from(key))
            });
            metrics = Some(started);
            router.layer(layer)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let (end, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = end.send(());
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let _ = ended.await;
        })
        .await
        .unwrap();
    match metrics {
        Some(metrics) => {
            let store = metrics.store().unwrap();
            metrics.shutdown().await.unwrap();
            println!("{}", held(store).await);
        }
        None => println!("-"),
    }
}

/// How many requests the store holds.
async fn held(store: Arc<dyn Store>) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs().cast_signed();
    let query = Query::over(TimeRange::new(now - 86_400, now + 60));
    let answer = store.read(&query, None).await.unwrap();
    answer.rows.iter().map(|row| row.bucket.request_count).sum()
}

/// Aggregates in memory and exports nothing while it is measured. By default everything beyond 2,000 series is one.
fn provider() -> SdkMeterProvider {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default())
        .with_interval(Duration::from_secs(86_400))
        .build();
    let unlimited = |_: &_| {
        Stream::builder()
            .with_cardinality_limit(20_000)
            .build()
            .ok()
    };
    SdkMeterProvider::builder()
        .with_reader(reader)
        .with_view(unlimited)
        .build()
}

/// The least that sees the end of a response.
struct Passed(AxumBody);

impl Body for Passed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
