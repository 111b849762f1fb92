//! `GET /api-requests/export`: all requests of a range, streamed page by page.
//!
//! The next page is read when the client has taken the last one, so that an export takes the memory of one page
//! whatever its length, and a client that leaves ends it. Pages follow each other by the cursor of the list:
//! requests that arrive meanwhile are neither repeated nor do they shift others.
//!
//! A failure after the first page breaks the transfer off, which clients see as an error; a file that ended in
//! order would pass for the whole.

use std::io;

use api_metrics_store::{query::Scope, request_log::RequestQuery};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header;
use serde_json::Value;

use super::{selection::Selection, view::RequestView};
use crate::{
    auth::Caller,
    request::{Context, OneOf, ParamDocs, Params, QueryParams, Validated},
    response::{Problem, csv_field},
    router::App,
};

/// Requests read at a time.
const PAGE: u32 = 1_000;

/// How requests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// A header and a line a request (RFC 4180).
    Csv,
    /// One object a line, as the list has them.
    Ndjson,
}

/// `format`.
const FORMAT: OneOf<Format> = OneOf {
    name: "format",
    description: "CSV with a header, or one JSON object a line.",
    options: &[("csv", Format::Csv), ("ndjson", Format::Ndjson)],
    default: Format::Csv,
};

/// The columns of CSV: the members of a request, in the order of their declaration. A test compares them with what
/// the list answers.
const COLUMNS: [&str; 42] = [
    "id",
    "kind",
    "at",
    "service",
    "environment",
    "version",
    "instance",
    "protocol",
    "method",
    "endpoint",
    "path",
    "status",
    "countedStatus",
    "outcome",
    "latencyMs",
    "timeToHeadersMs",
    "queueWaitMs",
    "requestBytes",
    "responseBytes",
    "apiKeyId",
    "apiKey",
    "user",
    "address",
    "userAgent",
    "requestId",
    "traceId",
    "spanId",
    "errorType",
    "message",
    "group",
    "weight",
    "reason",
    "source",
    "level",
    "fields",
    "lines",
    "linesLeftOut",
    "country",
    "region",
    "city",
    "latitude",
    "longitude",
];

/// The parameters of [`export`].
#[derive(Debug, Clone)]
pub(crate) struct ExportParams {
    /// How requests are written.
    format: Format,
    /// Which requests.
    selection: Selection,
}

impl QueryParams for ExportParams {
    fn describe(docs: &mut ParamDocs) {
        FORMAT.describe(docs);
        Selection::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            format: FORMAT.take(params)?,
            selection: QueryParams::take(params, context)?,
        })
    }
}

/// All requests of a range, as a file
///
/// Newest first. Requests are read page by page, so an export of any length takes little memory; a failure on the
/// way breaks the transfer off, so that a part is never taken for the whole. Text in CSV that a spreadsheet would
/// take for a formula begins with an apostrophe.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/export",
    operation_id = "export_requests",
    tag = "requests",
    params(Validated<ExportParams>),
    responses((status = 200, description = "The file", content(
        (String = "text/csv", example = "id,at,method,endpoint\r\n"),
        (String = "application/x-ndjson", example = "{\"method\":\"GET\",\"endpoint\":\"/users/{id}\"}\n"),
    ))),
))]
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<ExportParams>,
) -> Result<Response, Problem> {
    let ExportParams { format, selection } = params;
    let mut pages = Pages {
        app,
        query: Some(selection.query(&caller.scope, PAGE)),
        scope: caller.scope,
        format,
    };
    let mut head = Vec::new();
    if format == Format::Csv {
        head.extend_from_slice(COLUMNS.join(",").as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    // The first page now: a store that does not answer is a problem, not a broken file.
    pages.write(&mut head).await?;
    let (media_type, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "requests.csv"),
        Format::Ndjson => ("application/x-ndjson", "requests.ndjson"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    let first = stream::once(async { Ok(Bytes::from(head)) });
    let body = Body::from_stream(first.chain(pages.into_stream()));
    Ok((headers, body).into_response())
}

/// What is left to write.
struct Pages {
    /// The way to the store.
    app: App,
    /// The next page; `None` after the last.
    query: Option<RequestQuery>,
    /// What the caller may see.
    scope: Scope,
    /// How requests are written.
    format: Format,
}

impl Pages {
    /// Writes the next page, if there is one.
    ///
    /// # Errors
    /// Those of the store.
    async fn write(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Some(mut query) = self.query.take() else {
            return Ok(());
        };
        let store = self.app.client.requests()?;
        let work = store.requests(&query);
        let page = self.app.client.bounded("export requests", work).await?;
        for request in page.requests {
            let view = RequestView::seen_by(request, &self.scope);
            // Texts and numbers always serialise.
            let value = serde_json::to_value(view).unwrap_or_default();
            match self.format {
                Format::Ndjson => out.extend_from_slice(value.to_string().as_bytes()),
                Format::Csv => {
                    let fields = COLUMNS.iter().map(|name| field(value.get(*name)));
                    out.extend_from_slice(fields.collect::<Vec<_>>().join(",").as_bytes());
                    out.push(b'\r');
                }
            }
            out.push(b'\n');
        }
        if let Some(next) = page.next {
            query.before = Some(next);
            self.query = Some(query);
        }
        Ok(())
    }

    /// What is left, piece by piece. The stream ends with an error where the store fails.
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
        stream::try_unfold(self, |mut pages| async move {
            if pages.query.is_none() {
                return Ok(None);
            }
            let mut out = Vec::new();
            let written = pages.write(&mut out).await;
            written.map_err(|problem| io::Error::other(problem.detail().to_owned()))?;
            Ok(Some((Bytes::from(out), pages)))
        })
    }
}

/// A field: numbers as they are, texts quoted where they must be.
fn field(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => csv_field(text).into_owned(),
        Some(Value::Array(items)) if items.is_empty() => String::new(),
        Some(items @ Value::Array(_)) => csv_field(&items.to_string()).into_owned(),
        Some(other) => other.to_string(),
    }
}
