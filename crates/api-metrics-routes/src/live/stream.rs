//! One client's stream.
//!
//! A stream begins with how often it is updated and the latest event, so a client never waits for the next update to show
//! something. It ends with its lifetime, with the caller's credentials, and with the service;
//! browsers come back by themselves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event as Sse, KeepAlive},
};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use tokio_stream::wrappers::WatchStream;

use super::{Hub, Subscription, hub::Event, open_streams::Place};
use crate::{auth::Caller, response::Problem};

/// How soon a client comes back when its stream ends.
const RETRY: Duration = Duration::from_secs(3);
/// Comments keep idle proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams a subscription to `caller` until the client leaves, its credentials or the stream's
/// lifetime are over, or the process ends.
///
/// # Errors
/// 503 with `Retry-After` where a bound of streams is reached.
pub(crate) fn stream(
    hub: &Arc<Hub>,
    caller: &Caller,
    subscription: Subscription,
) -> Result<Response, Problem> {
    let place = hub.place(caller)?;
    let latest = hub.subscribe(subscription)?;
    // So that a client can tell a stream that is silent from one that has died without a word.
    let update_seconds = hub.limits.update_interval.as_secs_f64();
    let hello = hello(
        "metrics-stream",
        &format!(r#"{{"updateSeconds":{update_seconds}}}"#),
    );
    let updates = WatchStream::new(latest)
        .filter_map(|latest| async { latest })
        .map(|event: Event| {
            Sse::default()
                .event(event.name)
                .id(event.id)
                .data(event.data)
        });
    let updates = while_allowed(hub, caller, updates);
    Ok(respond(hub, place, hello, updates))
}

/// The first event of a stream: what it is, and how soon a client comes back when it ends.
pub(crate) fn hello(name: &'static str, data: &str) -> Sse {
    Sse::default().retry(RETRY).event(name).data(data)
}

/// Answers with a stream of events, which ends with the service.
pub(crate) fn respond(
    hub: &Hub,
    place: Place,
    hello: Sse,
    events: impl Stream<Item = Sse> + Send + 'static,
) -> Response {
    let events = stream::once(std::future::ready(hello))
        .chain(events)
        .take_until(hub.shutdown.clone().cancelled_owned())
        .map(move |event| {
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
    response
}

/// The events until the stream's lifetime or the caller's credentials are over.
pub(crate) fn while_allowed<E: Stream<Item = Sse> + Send>(
    hub: &Hub,
    caller: &Caller,
    events: E,
) -> impl Stream<Item = Sse> + Send + use<E> {
    let clock = hub.clock.clone();
    let left = caller
        .expires_at
        .map(|at| at.saturating_sub(clock.unix_seconds()));
    let left = left.map(|left| Duration::from_secs(left.try_into().unwrap_or_default()));
    let lifetime = hub.limits.lifetime;
    let ends_at = clock.monotonic() + left.map_or(lifetime, |left| left.min(lifetime));
    let session = caller.session.clone();
    events
        // The clock is looked at with each event, at most one update late.
        .take_while(move |_| std::future::ready(clock.monotonic() < ends_at))
        // So is the session: who signs out elsewhere has signed out here.
        .take_while(move |_| {
            let session = session.clone();
            async move {
                match session {
                    Some(session) => !session.has_ended().await,
                    None => true,
                }
            }
        })
}
