//! `GET /api-metrics/export`: all rows and all metrics, streamed.
//!
//! Rows are read and written window by window, so an export of any length takes little memory. A
//! client that leaves ends the query.

mod csv;
mod name;
mod rows;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use self::rows::Rows;
use super::series::RowParams;
use crate::{
    auth::Caller,
    read::WindowedReader,
    request::{Context, OneOf, PLAIN_DIMENSIONS, ParamDocs, Params, QueryParams, Validated},
    response::Problem,
    router::App,
};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// A header and a line a row (RFC 4180).
    Csv,
    /// One array.
    Json,
    /// One object a line.
    Ndjson,
}

impl Format {
    /// The `Content-Type`.
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// The ending of the file's name.
    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

/// `format`.
const FORMAT: OneOf<Format> = OneOf {
    name: "format",
    description: "CSV with a header, a JSON array, or one JSON object a line.",
    options: &[
        ("csv", Format::Csv),
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
    ],
    default: Format::Csv,
};

/// The parameters of [`export`].
#[derive(Debug, Clone)]
pub(crate) struct ExportParams {
    /// How rows are written.
    format: Format,
    /// Which rows.
    rows: RowParams,
}

impl QueryParams for ExportParams {
    fn describe(docs: &mut ParamDocs) {
        FORMAT.describe(docs);
        RowParams::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            format: FORMAT.take(params)?,
            rows: RowParams::take_by(params, context, &PLAIN_DIMENSIONS)?,
        })
    }
}

/// All rows and all metrics, as a file
///
/// By every dimension unless `groupBy` names some. Rows are read window by window, so an export of
/// any length takes little memory; a failure on the way breaks the transfer off, so that a part is
/// never taken for the whole. Text in CSV that a spreadsheet would take for a formula begins with an
/// apostrophe.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/export",
    tag = "metrics",
    params(Validated<ExportParams>),
    responses((status = 200, description = "The file", content(
        (String = "text/csv", example = "periodStart,endpoint,requestCount,periodEnd,partial,approximate\r\n2026-05-17T00:00:00Z,/users/{id},1200,2026-05-17T01:00:00Z,false,false\r\n"),
        (Vec<crate::response::MetricRow> = "application/json"),
        (String = "application/x-ndjson", example = "{\"endpoint\":\"/users/{id}\",\"requestCount\":1200}\n"),
    ))),
))]
pub(super) async fn export(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<ExportParams>,
) -> Result<Response, Problem> {
    let ExportParams {
        format,
        rows: asked,
    } = params;
    let windows = WindowedReader::new(asked.query(&caller.scope), None);
    let mut rows = Rows::new(app.clone(), windows, asked.clone(), format);
    // The first piece now: a store that does not answer is a problem, not a broken file.
    let first = rows.piece().await?;
    app.client
        .found(&caller.scope, &asked.filter, rows.matched())
        .await?;
    let disposition = format!(
        "attachment; filename=\"{}\"",
        name::file_name(&asked, rows.granularity(), format.extension())
    );
    let body = Body::from_stream(rows.into_stream(first));
    Ok((
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(format.media_type()),
            ),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::try_from(disposition)
                    .unwrap_or_else(|_| HeaderValue::from_static("attachment")),
            ),
        ],
        body,
    )
        .into_response())
}
