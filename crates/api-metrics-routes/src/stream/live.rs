//! One client's stream.

use std::{convert::Infallible, time::Duration};

use api_metrics_store::query::Scope;
use axum::response::{
    IntoResponse, Response,
    sse::{Event as Sse, KeepAlive},
};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use tokio_stream::wrappers::WatchStream;

use super::Watch;
use crate::{app::App, problem::Problem};

/// How soon a client comes back when its stream ends.
const RETRY: Duration = Duration::from_secs(3);
/// Comments keep idle proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams what is watched until the client leaves, its lifetime is over or the process ends.
pub(crate) fn live(app: &App, scope: Scope, watch: Watch) -> Result<Response, Problem> {
    let place = app.hub.place()?;
    let watched = app.hub.watch(app, (scope, watch));
    let events = events(app, watched).map(move |event| {
        // Held by the stream, given back when the client leaves.
        let _ = &place;
        Ok::<_, Infallible>(event)
    });
    let mut response = axum::response::Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn events(
    app: &App,
    watched: tokio::sync::watch::Receiver<super::hub::Seen>,
) -> impl Stream<Item = Sse> + Send + use<> {
    let clock = app.clock.clone();
    let ends_at = clock.monotonic() + app.hub.limits.lifetime;
    let hello = stream::once(async { Sse::default().retry(RETRY).comment("welcome") });
    let updates = WatchStream::new(watched)
        .filter_map(|seen| async { seen })
        // The clock is looked at with each event, at most one poll late.
        .take_while(move |_| std::future::ready(clock.monotonic() < ends_at))
        .map(|event| {
            Sse::default()
                .event(event.name)
                .id(event.id)
                .data(event.data)
        });
    hello
        .chain(updates)
        .take_until(app.shutdown.clone().cancelled_owned())
}
