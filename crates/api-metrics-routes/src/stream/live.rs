//! One client's stream.

use std::{convert::Infallible, time::Duration};

use api_metrics_store::time::UnixSeconds;
use axum::response::{
    IntoResponse, Response,
    sse::{Event as Sse, KeepAlive},
};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use tokio_stream::wrappers::WatchStream;

use super::Watch;
use crate::{app::App, auth::Caller, problem::Problem};

/// How soon a client comes back when its stream ends.
const RETRY: Duration = Duration::from_secs(3);
/// Comments keep idle proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams what is watched until the client leaves, its credentials or the stream's lifetime are over,
/// or the process ends.
pub(crate) fn live(app: &App, caller: Caller, watch: Watch) -> Result<Response, Problem> {
    let place = app.hub.place(&caller)?;
    let watched = app.hub.watch(app, (caller.scope, watch))?;
    let events = events(app, watched, caller.expires_at).map(move |event| {
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
    expires_at: Option<UnixSeconds>,
) -> impl Stream<Item = Sse> + Send + use<> {
    let clock = app.clock.clone();
    let left = expires_at.map(|at| at.saturating_sub(clock.unix_seconds()));
    let left = left.map(|left| Duration::from_secs(left.try_into().unwrap_or_default()));
    let lifetime = app.hub.limits.lifetime;
    let ends_at = clock.monotonic() + left.map_or(lifetime, |left| left.min(lifetime));
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
