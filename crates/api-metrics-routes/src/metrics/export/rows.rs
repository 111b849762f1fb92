//! The file, piece by piece.
//!
//! An error on the way breaks the transfer off, so that a part is never taken for the whole.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use super::{Format, csv};
use crate::{
    metrics::series::RowParams,
    read::WindowedReader,
    response::{Columns, Problem, column_names, metric_row},
    router::App,
};

/// How large a piece is grown before it is sent.
const PIECE_BYTES: usize = 32 * 1024;

/// Rows that are still to be written. Dropped with the response body, so a client that leaves stops
/// the query.
pub(super) struct Rows {
    /// Reads the rows, and ends with the service.
    app: App,
    /// The rows that are left.
    windows: WindowedReader,
    /// Dimensions and metrics, in the order of columns.
    asked: RowParams,
    /// How rows are written.
    format: Format,
    /// Rows so far.
    written: u64,
    /// After the last piece, or an error.
    done: bool,
}

impl Rows {
    /// Writes the rows of `windows` in this format.
    pub(super) fn new(app: App, windows: WindowedReader, asked: RowParams, format: Format) -> Self {
        Self {
            app,
            windows,
            asked,
            format,
            written: 0,
            done: false,
        }
    }

    /// The length of a point, as it was chosen for `auto`.
    pub(super) fn granularity(&self) -> &'static str {
        self.windows.axis().map_or("none", |axis| axis.step.into())
    }

    /// Whether any series meets the filter; `true` before the first piece.
    pub(super) fn matched(&self) -> bool {
        self.windows.matched()
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.done {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(PIECE_BYTES + 4_096);
        if self.written == 0 {
            self.head(&mut out);
        }
        while out.len() < PIECE_BYTES {
            let Some((row, period)) = self.windows.row(&self.app.client).await? else {
                if self.format == Format::Json {
                    out.extend_from_slice(b"]\n");
                }
                self.done = true;
                break;
            };
            let row = metric_row(&self.asked.group_by, &self.asked.metrics, &row, period);
            match self.format {
                Format::Csv => csv::line(row.values(), &mut out),
                Format::Ndjson => {
                    json(&row, &mut out);
                    out.push(b'\n');
                }
                Format::Json => {
                    if self.written > 0 {
                        out.extend_from_slice(b",\n");
                    }
                    json(&row, &mut out);
                }
            }
            self.written += 1;
        }
        Ok(Some(out.into()))
    }

    /// The next piece while the service runs. An export may take longer than a shutdown can wait.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        let shutdown = self.app.shutdown.clone();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(io::Error::other("the service stops")),
            piece = self.piece() => piece.map_err(|problem| io::Error::other(problem.detail().to_owned())),
        }
    }

    /// Writes what stands before the first row.
    fn head(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                let names = column_names(&self.asked.group_by, &self.asked.metrics);
                let names: Vec<serde_json::Value> = names.into_iter().map(Into::into).collect();
                csv::line(names.iter(), out);
            }
            Format::Json => out.push(b'['),
            Format::Ndjson => {}
        }
    }

    /// What is left, after `first`. An error ends the transfer without its end.
    pub(super) fn into_stream(
        self,
        first: Option<Bytes>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::unfold((self, first), |(mut rows, first)| async move {
            let piece = match first {
                Some(first) => Ok(first),
                None => rows.next().await.transpose()?,
            };
            if piece.is_err() {
                rows.done = true;
            }
            Some((piece, (rows, None)))
        })
        // A compressing body asks once more after the end.
        .fuse()
    }
}

/// Writes a row as an object.
fn json(row: &Columns, out: &mut Vec<u8>) {
    // Writing JSON values into memory does not fail.
    let _ = serde_json::to_writer(out, row);
}
