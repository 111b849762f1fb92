//! A small but real API with its metrics: the layer, the dashboard under `/admin`, and gentle
//! traffic of its own.
//!
//! ```text
//! cargo run --release --example demo
//! ```
//!
//! `--help` lists its settings, by flag or environment. Ctrl-C and SIGTERM end it within five seconds and
//! lose nothing.
#![forbid(unsafe_code)]

mod api;
mod auth;
mod jobs;
mod settings;
mod signals;
mod traffic;
mod welcome;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use api_metrics::{
    ApiMetrics, CaptureEvents, Keep, Replay, RequestLog,
    layer::{GeoHeaders, Geography},
    routes::OpenApiDocument,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, filter::LevelFilter, prelude::*};

use crate::settings::Settings;

/// What open requests get after a signal. Together with [`DELIVERY`] it stays below the five seconds
/// that supervisors commonly grant.
const DRAIN: Duration = Duration::from_millis(1_500);
/// What the last flush gets.
const DELIVERY: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> ExitCode {
    let events = CaptureEvents::new();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::registry()
        .with(events.clone().with_filter(LevelFilter::WARN))
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_filter(filter),
        )
        .init();
    match run(events).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(events: CaptureEvents) -> Result<(), Box<dyn std::error::Error>> {
    let settings = api_metrics_examples::parse::<Settings>();
    // Caught from the start: a signal during a slow start ends the demo as orderly as any other.
    let stopping = CancellationToken::new();
    let caught = stopping.clone();
    let signal = signals::first()?;
    tokio::spawn(async move {
        signal.await;
        caught.cancel();
    });

    if settings.traffic > 0.0 {
        tracing::warn!(
            target: "demo::start",
            rate = settings.traffic,
            "traffic is made up: requests a second"
        );
    }
    let token = settings.admin_token();
    let requests = settings.admin_requests;
    let traces = settings.trace_url.clone();
    let replay = Replay::new();
    let admin_replay = replay.clone();
    // What the API says that it offers, which it almost does.
    let document = OpenApiDocument::from_json("demo", include_str!("openapi.json"))?;
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("demo")
        .environment("demo")
        .version(env!("CARGO_PKG_VERSION"))
        .admin_token(&token)
        .configure_admin(move |admin| {
            admin
                .requests_per_minute(requests)
                .trace_url(traces.as_str())
                .openapi(document.clone())
                .replay(admin_replay.clone())
        })
        .request_log(request_log())
        .capture_events(events)
        .shutdown_timeout(DELIVERY)
        // A demo that shows nothing helps nobody: a wrong password or URL ends it.
        .require_database()
        .start()
        .await?;

    let listener = TcpListener::bind(&settings.listen).await.map_err(|error| {
        format!(
            "cannot listen on {} (--listen, DEMO_LISTEN): {error}",
            settings.listen
        )
    })?;
    let address = listener.local_addr()?;
    // Consumers sign in as they do elsewhere in the API, and see themselves.
    let console = metrics
        .console()
        .layer(axum::middleware::from_fn(auth::principal));
    // The same page for consumers: who comes with a key sees its own requests, quota and bill.
    let account = metrics
        .admin()
        .layer(axum::middleware::from_fn(auth::principal));
    let api = api::router(stopping.clone()).layer(metrics.layer());
    // Requests are replayed into the API, the layer included, as clients would send them.
    replay.serve(api.clone());
    let app = api
        .nest_service("/admin", metrics.admin())
        .nest_service("/account", account)
        .nest_service("/ingest", metrics.ingest())
        .nest_service("/api/v2/console/metrics", console)
        // Tells the admin from which address a wrong token came.
        .into_make_service_with_connect_info::<SocketAddr>();

    welcome::print(&settings, &token, address);
    jobs::schedule(&metrics, address);
    let traffic = traffic::start(address, settings.traffic, stopping.clone())?;

    let server = axum::serve(listener, app)
        .with_graceful_shutdown(metrics.shutdown_on(stopping.clone().cancelled_owned()));
    tokio::select! {
        served = async { server.await } => served?,
        // A client that neither reads nor leaves holds up nothing but itself.
        () = async { stopping.cancelled().await; tokio::time::sleep(DRAIN).await } => {}
    }
    traffic.abort();
    metrics.shutdown().await?;
    Ok(())
}

/// Errors and a sample of the rest, but all orders: they are few, and each is somebody's.
fn request_log() -> RequestLog {
    let mut log = RequestLog::new();
    log.endpoints
        .push(("/api/orders".to_owned(), Keep::Everything));
    // A year is nobody's secret; values of other path parameters stay masked.
    log.capture.shown_parameters.push("year".to_owned());
    // What they carry stands beside them, masked.
    log.capture.snapshots.routes.push("/api/*".to_owned());
    // What a proxy in front would tell; here the traffic, from this machine, does.
    for this_machine in [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ] {
        log.capture.trusted_proxies.push(this_machine.into());
    }
    let country = GeoHeaders::custom(axum::http::HeaderName::from_static(traffic::COUNTRY));
    log.capture.geography = Some(Geography::headers([country]));
    log
}
