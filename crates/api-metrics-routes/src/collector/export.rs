//! `GET /export/json` and `/export/csv`: all windows as a file, read and written part by part.
//!
//! An error on the way breaks the transfer off, so that a part is never taken for the whole.
//! | format | named numbers | what is not known |
//! |---|---|---|
//! | `json` | an object of gauges, as in `/aggregated` | null |
//! | `csv` | one column of `name:mean`, with semicolons between | an empty field |
//!
//! Parts of 500 windows are read one after the other, each within the limits of a query, so that a file of any length
//! takes little memory and a client that leaves ends the reading. The first part is read before the answer begins: a
//! store that does not answer, or a window that is not kept, is a problem and no broken file.

use std::{collections::VecDeque, io};

use api_metrics_store::query::{AxisWindow, Scope};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use serde_json::Value;

use super::{
    figures::WindowRow,
    params::{Windowed, filter},
    windows::Question,
};
use crate::{
    auth::Caller,
    request::Validated,
    response::{Problem, csv_field},
    router::App,
};

/// How many windows are read at once.
const PART: usize = 500;

/// How windows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// One array.
    Json,
    /// A header and a line a window (RFC 4180).
    Csv,
}

/// All windows as a JSON array
#[cfg_attr(test, utoipa::path(
    get,
    path = "/export/json",
    tag = "read",
    params(Validated<Windowed>),
    responses((status = 200, description = "The windows of `/aggregated`, the earliest first",
        body = Vec<WindowRow>, example = json!([super::figures::example()]))),
))]
pub(super) async fn export_json(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<Windowed>,
) -> Result<Response, Problem> {
    export(app, caller.scope, params, Format::Json).await
}

/// All windows as CSV
///
/// With a header. Named numbers are one column, as `name:mean` with semicolons between them. Text that a spreadsheet
/// would take for a formula begins with an apostrophe.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/export/csv",
    tag = "read",
    params(Validated<Windowed>),
    responses((status = 200, description = "The windows of `/aggregated`, the earliest first",
        content_type = "text/csv", body = String,
        example = "window_start,window_end,partial,total_count,…\r\n")),
))]
pub(super) async fn export_csv(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<Windowed>,
) -> Result<Response, Problem> {
    export(app, caller.scope, params, Format::Csv).await
}

/// What is still to be written. Dropped with the response body, so a client that leaves stops it.
struct Export {
    /// Reads the windows, and ends with the service.
    app: App,
    /// What the caller may see.
    scope: Scope,
    /// Which windows.
    asked: Windowed,
    /// How they are written.
    format: Format,
    /// Where the next part begins; `None` after the last.
    next: Option<i64>,
    /// Whether anything is written.
    begun: bool,
    /// Windows written so far.
    written: u64,
}

impl Export {
    /// The next part; `None` after the last.
    ///
    /// # Errors
    /// Those of the store.
    async fn part(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(from) = self.next else {
            return Ok(None);
        };
        let question = Question {
            scope: &self.scope,
            filter: filter(self.asked.user.as_ref(), None),
            range: self.asked.range,
            step: Some(self.asked.step),
            window: Some(AxisWindow::new(from, PART)),
            quantiles: true,
        };
        let windows = question.read(&self.app.client).await?;
        // Windows go forward: whatever an axis is like, nothing is read for ever.
        self.next = windows.next.filter(|next| from < *next);
        let mut out = Vec::with_capacity(32 * 1024);
        if !std::mem::replace(&mut self.begun, true) {
            match self.format {
                Format::Json => out.push(b'['),
                Format::Csv => {
                    out.extend_from_slice(WindowRow::COLUMNS.join(",").as_bytes());
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
        for row in &windows.rows {
            match self.format {
                Format::Json => {
                    if self.written > 0 {
                        out.extend_from_slice(b",\n");
                    }
                    // Writing JSON values into memory does not fail.
                    let _ = serde_json::to_writer(&mut out, row);
                }
                Format::Csv => line(row, &mut out),
            }
            self.written += 1;
        }
        if self.next.is_none() && self.format == Format::Json {
            out.extend_from_slice(b"]\n");
        }
        Ok(Some(out.into()))
    }

    /// The next part while the service runs. An export may take longer than a shutdown can wait.
    ///
    /// # Errors
    /// The store's, and the end of the service.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let shutdown = self.app.shutdown.clone();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(io::Error::other("the service stops")),
            part = self.part() => part.map_err(|problem| io::Error::other(problem.detail().to_owned())),
        }
    }
}

/// Answers with the first part at once: a store that does not answer is a problem, not a broken file.
///
/// # Errors
/// 404 for a user that the caller can't see, 400 for windows that are not kept; those of the store.
async fn export(
    app: App,
    scope: Scope,
    asked: Windowed,
    format: Format,
) -> Result<Response, Problem> {
    let mut export = Export {
        next: Some(asked.range.from),
        app,
        scope,
        asked,
        format,
        begun: false,
        written: 0,
    };
    let first: VecDeque<Bytes> = export.part().await?.into_iter().collect();
    let parts = stream::unfold((export, first), |(mut export, mut first)| async move {
        let part = match first.pop_front() {
            Some(part) => Ok(part),
            None => export.next().await.transpose()?,
        };
        if part.is_err() {
            export.next = None;
        }
        Some((part, (export, first)))
    });
    let (kind, name) = match format {
        Format::Json => (
            "application/json",
            "attachment; filename=\"collector.json\"",
        ),
        Format::Csv => (
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"collector.csv\"",
        ),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    // A compressing body asks once more after the end.
    Ok((headers, Body::from_stream(parts.fuse())).into_response())
}

/// Writes a window as a record.
fn line(row: &WindowRow, out: &mut Vec<u8>) {
    let members = row.numbers();
    for (i, column) in WindowRow::COLUMNS.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let text = match members.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(_)) => {
                let means = row.metrics.iter();
                let means: Vec<String> = means
                    .map(|(name, gauge)| format!("{name}:{}", gauge.mean()))
                    .collect();
                means.join(";")
            }
            Some(other) => other.to_string(),
        };
        out.extend_from_slice(csv_field(&text).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}
