//! The admin over what was written, with a little live traffic.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use api_metrics_routes::Admin;
use api_metrics_store::{
    control::ControlStore,
    control::ControlWorker,
    recorder::Recorder,
    store::{Instance, StoreOptions, Writer},
    time::{Clock, SystemClock},
};
use axum::{Router, response::Redirect, routing::get};
use tokio_util::sync::CancellationToken;

use crate::{
    Failure, open,
    random::Random,
    settings::Settings,
    shop::{load, record, routes},
};

const FLUSH: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn until_stopped(settings: &Settings, address: SocketAddr) -> Result<(), Failure> {
    let store = open(&settings.database, StoreOptions::default())?;
    store.prepare().await?;
    let writer = Arc::new(writer());
    let stopping = CancellationToken::new();
    let builder = Admin::builder(store.clone())
        .control(store.clone())
        .writer(writer.clone())
        .flush_interval(FLUSH)
        .shutdown(stopping.clone());
    let admin = match settings.token.as_deref() {
        Some("none") => builder.no_auth(),
        Some(token) => builder.token(token),
        None => builder,
    }
    .build();
    admin.prepare_sign_in().await?;
    let app = Router::new()
        .route("/", get(|| async { Redirect::temporary("admin/") }))
        .nest_service("/admin", admin.router());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("dashboard   http://{}/admin/", listener.local_addr()?);
    let live = tokio::spawn(live(store.clone(), writer.clone(), settings.clone()));
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            api_metrics::shutdown_signal().await;
            stopping.cancel();
        })
        .await?;
    live.abort();
    store.flush(&writer).await?;
    Ok(())
}

fn writer() -> Writer {
    Writer::new(
        {
            let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
            instance.version = "1.9.1".to_owned();
            instance.host = "web-2".to_owned();
            instance.started_at = SystemClock::default().unix_seconds();
            instance
        },
        Arc::new(Recorder::default()),
    )
}

/// As many requests as the shop has at this hour, second by second.
async fn live(store: Arc<dyn ControlStore>, writer: Arc<Writer>, settings: Settings) {
    let mut random = Random::new(!settings.seed);
    let watch = ControlWorker::default();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut seconds = 0_u64;
    loop {
        ticks.tick().await;
        let now = SystemTime::now();
        let at = SystemClock::default().unix_seconds();
        for route in routes(settings.hostile) {
            let n =
                random.count(route.per_minute / 60.0 * load(route.endpoint, at) * settings.load);
            record(&writer.recorder, &mut random, route, (now, 0), n);
        }
        seconds += 1;
        if seconds.is_multiple_of(FLUSH.as_secs())
            && let Err(error) = work(&*store, &writer, &watch).await
        {
            eprintln!("the store does not answer: {error}");
        }
    }
}

async fn work(
    store: &dyn ControlStore,
    writer: &Writer,
    watch: &ControlWorker,
) -> Result<(), Failure> {
    store.flush(writer).await?;
    store.fold().await?;
    store.roll_up().await?;
    store.retain().await?;
    watch.tick(store, Some(writer)).await?;
    Ok(())
}
