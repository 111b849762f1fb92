//! `api-metrics serve`: the dashboard, the admin, the console and ingest as a server of its own.

mod args;
mod ready;

use std::{io, net::SocketAddr, time::Duration};

use api_metrics::{ApiMetrics, Builder, StoreOptions, routes::Jwt};
use axum::{Router, response::Redirect, routing::get};
use tokio::net::TcpListener;

pub(crate) use self::args::ServeArgs;
use self::args::{Decided, JwtSettings};
use crate::{
    failure::Failure,
    settings::{Algorithm, Settings},
    terminal,
};

/// How long open requests may go on after the signal to end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Serves until a signal.
pub(crate) fn run(args: ServeArgs, settings: Settings) -> Result<(), Failure> {
    let decided = args.decide(settings)?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(error.to_string()))?;
    let served = runtime.block_on(serve(decided));
    // Clients that still read have had their time.
    runtime.shutdown_background();
    served
}

async fn serve(decided: Decided) -> Result<(), Failure> {
    // Before anything can be lost.
    let signal = signal()?;
    let listen = decided.listen;
    // An address that is taken is better known before the database is touched.
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::failed(format!("{listen}: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::failed(format!("{listen}: {error}")))?;
    let metrics = builder(&decided)?
        .start()
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    let app = app(&metrics);
    terminal::out(&format!(
        "api-metrics {} serves http://{address}/admin/ from {}",
        env!("CARGO_PKG_VERSION"),
        decided.database
    ));
    ready::tell("READY=1");
    let (asked, mut is_asked) = tokio::sync::watch::channel(false);
    let ending = metrics.shutdown_on(async move {
        signal.await;
        ready::tell("STOPPING=1");
        let _ = asked.send(true);
    });
    let server = axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(ending);
    let too_late = async {
        // It fails only when the signal's future is gone, and then the server has ended.
        let _ = is_asked.wait_for(|asked| *asked).await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    let served = tokio::select! {
        served = server => served,
        () = too_late => Ok(()),
    };
    let flushed = metrics.shutdown().await;
    served.map_err(|error| Failure::failed(format!("{address}: {error}")))?;
    flushed.map_err(|error| Failure::failed(format!("{}: {error}", decided.database)))
}

/// `/admin`, `/console`, `/ingest` and `/api/metrics`, and the way to the first of them.
fn app(metrics: &ApiMetrics) -> Router {
    Router::new()
        .route("/", get(async || Redirect::temporary("/admin/")))
        .nest_service("/admin", metrics.admin())
        .nest_service("/console", metrics.console())
        .nest_service("/ingest", metrics.ingest())
        .nest_service("/api/metrics", metrics.collector())
}

fn builder(decided: &Decided) -> Result<Builder, Failure> {
    let mut options = StoreOptions::default();
    let keep = |kept: &mut Duration, wanted: Option<Duration>| *kept = wanted.unwrap_or(*kept);
    keep(&mut options.retention.minutes, decided.keep_minutes);
    keep(
        &mut options.retention.five_minutes,
        decided.keep_five_minutes,
    );
    keep(&mut options.retention.hours, decided.keep_hours);
    if let Some(connections) = decided.max_connections {
        options.max_connections = connections;
    }
    let mut builder = ApiMetrics::builder()
        .database(&decided.database)
        .service(&decided.service)
        .environment(&decided.environment)
        .version(env!("CARGO_PKG_VERSION"))
        .store_options(options)
        .require_database();
    if let Some(limit) = decided.default_rate_limit {
        builder = builder.default_rate_limit(limit);
    }
    if let Some(quota) = decided.default_quota {
        builder = builder.default_quota(quota);
    }
    if let Some(url) = &decided.clickhouse {
        builder = builder.clickhouse(url);
    }
    if let Some(url) = &decided.read_replica {
        builder = builder.read_replica(url);
    }
    if let Some(token) = &decided.admin_token {
        builder = builder.admin_token(token);
    }
    if decided.no_auth {
        builder = builder.no_auth();
    }
    if !decided.documents.is_empty() {
        let documents = decided.documents.clone();
        builder = builder.configure_admin(move |admin| {
            let documents = documents.iter().cloned();
            documents.fold(admin, |admin, document| admin.openapi(document))
        });
    }
    if let Some(settings) = &decided.jwt {
        let jwt = jwt(settings)?;
        builder = builder.configure_admin(move |admin| admin.jwt(jwt.clone()));
    }
    Ok(builder)
}

fn jwt(settings: &JwtSettings) -> Result<Jwt, Failure> {
    let (key, issuer, audience) = (&settings.key, &settings.issuer, &settings.audience);
    match settings.algorithm {
        Algorithm::Hs256 => Jwt::hs256(key, issuer, audience),
        Algorithm::Rs256 => Jwt::rs256(key, issuer, audience),
        Algorithm::Es256 => Jwt::es256(key, issuer, audience),
    }
    .map_err(|error| Failure::usage(format!("--jwt-key-file: {error}")))
}

/// The first signal that asks to end; a terminal that is closed asks too.
fn signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let asked = api_metrics::shutdown_signal();
    #[cfg(unix)]
    let mut hang_up = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
        .map_err(|error: io::Error| Failure::failed(error.to_string()))?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            () = asked => {}
            _ = hang_up.recv() => {}
        }
        #[cfg(not(unix))]
        asked.await;
    })
}
