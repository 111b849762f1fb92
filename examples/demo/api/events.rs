//! `GET /api/events`: server-sent events, one a second, until the client or the service leaves.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};

use super::AppState;

pub(super) async fn events(
    State(state): State<AppState>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold(0_u64, move |tick| {
        let stopping = state.stopping.clone();
        async move {
            if tick > 0 {
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
            let event = Event::default().event("tick").data(tick.to_string());
            Some((Ok(event), tick + 1))
        }
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}
