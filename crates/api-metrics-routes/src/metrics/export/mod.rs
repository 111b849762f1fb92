//! `GET /api-metrics/export`: all rows and all metrics, streamed.

mod csv;
mod name;
mod rows;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use utoipa::IntoParams;

use self::rows::Rows;
use super::series::Asked;
use crate::{
    auth::Caller,
    read::WindowedReader,
    request::{DIMENSIONS, FilterParams, GroupParams, Params, StepParams, TimeParams, ZoneParams},
    response::Problem,
    router::App,
};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
    Ndjson,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

/// `format`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct FormatParams {
    /// CSV with a header, a JSON array, or one JSON object a line.
    #[param(inline, schema_with = format_schema)]
    format: Option<String>,
}

fn format_schema() -> utoipa::openapi::schema::Object {
    crate::request::choice(
        "CSV with a header, a JSON array, or one JSON object a line.",
        &["csv", "json", "ndjson"],
        Some("csv"),
    )
}

/// All rows and all metrics, as a file
///
/// By every dimension unless `groupBy` names some. Rows are read window by window, so an export of
/// any length takes little memory; a failure on the way breaks the transfer off, so that a part is
/// never taken for the whole. Text in CSV that a spreadsheet would take for a formula begins with an
/// apostrophe.
#[utoipa::path(
    get,
    path = "/api-metrics/export",
    tag = "metrics",
    params(FormatParams, TimeParams, StepParams, ZoneParams, GroupParams, FilterParams),
    responses((status = 200, description = "The file", content(
        (String = "text/csv", example = "periodStart,endpoint,requestCount\r\n2026-05-17T00:00:00Z,/users/{id},1200\r\n"),
        (Vec<crate::response::MetricRow> = "application/json"),
        (String = "application/x-ndjson", example = "{\"endpoint\":\"/users/{id}\",\"requestCount\":1200}\n"),
    ))),
)]
pub(super) async fn export(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let formats = [
        ("csv", Format::Csv),
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
    ];
    let format = params.choice("format", &formats, Format::Csv)?;
    let asked = Asked::take(&mut params, now, &DIMENSIONS)?;
    params.finish()?;
    let disposition = format!(
        "attachment; filename=\"{}\"",
        name::file_name(&asked, format.extension())
    );
    let windows = WindowedReader::new(asked.query(&caller.scope));
    let mut rows = Rows::new(app.clone(), windows, asked, format);
    // The first piece now: a store that does not answer is a problem, not a broken file.
    let first = rows.piece().await?;
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
