//! `GET /api/reports/{year}`: twelve lines, streamed slowly.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;

use super::AppState;

const PAUSE: Duration = Duration::from_millis(40);

pub(super) async fn of_year(State(state): State<AppState>, Path(year): Path<u16>) -> Response {
    if !(2000..=2100).contains(&year) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let lines = stream::unfold(1_u32, move |month| {
        let stopping = state.stopping.clone();
        async move {
            if month > 12 {
                return None;
            }
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let total = u32::from(year) * 7 + month * month;
            let line = format!("{year}-{month:02},{total}\n");
            Some((Ok::<_, Infallible>(line), month + 1))
        }
    });
    (
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8")],
        Body::from_stream(lines),
    )
        .into_response()
}
