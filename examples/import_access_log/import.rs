//! From lines to the store.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use api_metrics::{
    ApiMetrics, MetricSink, Outcome, RequestRecord,
    layer::UNMATCHED,
    store::{
        store::FlushError,
        text::{shown, without_password},
    },
};

use crate::{
    Failure,
    args::Args,
    line::Line,
    report::{self, Unreadable},
    routes::Routes,
    source::Source,
};

/// Lines between two flushes: some megabytes of deltas at most, and a transaction that takes well
/// under a second.
const LINES_A_FLUSH: u64 = 50_000;
/// A file of which none of so many first lines can be read is no log.
const LINES_TO_TELL: u64 = 100;
/// How long a database may stay away in the middle of an import.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an import has done.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) lines: u64,
    pub(crate) requests: u64,
    pub(crate) unreadable: Unreadable,
    /// The earliest and the latest request.
    pub(crate) span: Option<(SystemTime, SystemTime)>,
}

pub(crate) async fn import(
    metrics: &ApiMetrics,
    mut source: Source,
    routes: Option<&Routes>,
    args: &Args,
) -> Result<(), Failure> {
    let started = Instant::now();
    // A database that isn't there is better known before an hour of reading.
    deliver(metrics, args, Duration::ZERO).await?;
    let mut done = Imported::default();
    let read = read_all(metrics, &mut source, routes, args, &mut done).await;
    source.progress.finish_and_clear();
    deliver(metrics, args, PATIENCE).await?;
    settle(metrics).await?;
    report::print(metrics, args, &done, started.elapsed()).await?;
    read
}

async fn read_all(
    metrics: &ApiMetrics,
    source: &mut Source,
    routes: Option<&Routes>,
    args: &Args,
    done: &mut Imported,
) -> Result<(), Failure> {
    let sink = metrics.sink();
    let mut line = Vec::new();
    while source.next(&mut line).map_err(|error| {
        let after = done.lines;
        format!("{}: after line {after}: {error}", name(&args.file))
    })? {
        done.lines += 1;
        let text = String::from_utf8_lossy(&line);
        match Line::parse(&text) {
            // A blank line says nothing, and so nothing is lost.
            Err(_) if text.trim().is_empty() => {}
            Err(why) => {
                let told = done.unreadable.note(done.lines, why);
                if let Some(message) = told {
                    source.progress.suspend(|| eprintln!("{}", shown(&message)));
                }
            }
            Ok(parsed) => {
                record(&sink, &parsed, routes);
                done.requests += 1;
                let at = parsed.finished_at;
                done.span = Some(match done.span {
                    Some((first, last)) => (first.min(at), last.max(at)),
                    None => (at, at),
                });
            }
        }
        if done.lines == LINES_TO_TELL {
            told_apart(&args.file, done)?;
        }
        if done.lines.is_multiple_of(LINES_A_FLUSH) {
            deliver(metrics, args, PATIENCE).await?;
            let (requests, seconds) = (done.requests, source.progress.elapsed().as_secs_f64());
            source.progress.set_message(format!(
                "{requests} requests, {:.0} a second",
                requests as f64 / seconds.max(0.001)
            ));
        }
    }
    told_apart(&args.file, done)
}

fn record(sink: &impl MetricSink, line: &Line<'_>, routes: Option<&Routes>) {
    let template = routes.map(|routes| routes.template(line.path));
    let endpoint = match template {
        Some(template) => template.unwrap_or(UNMATCHED),
        None => line.path,
    };
    let mut record = RequestRecord::new(line.method, endpoint, line.finished_at);
    record.unmatched_path = (template == Some(None)).then_some(line.path);
    record.status = line.status;
    if line.status.is_none() {
        record.outcome = Outcome::Aborted;
    }
    record.response_bytes = line.response_bytes;
    record.latency = line.latency;
    sink.record(&record);
}

/// Whether this is a log at all: an empty one is.
fn told_apart(file: &Path, done: &Imported) -> Result<(), Failure> {
    if done.requests == 0 && done.unreadable.count() > 0 {
        return Err(format!(
            "{}: this is no access log: none of its first {} lines is in the combined format",
            name(file),
            done.lines
        ));
    }
    Ok(())
}

/// Flushes until the store has acknowledged everything.
async fn deliver(metrics: &ApiMetrics, args: &Args, patience: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        match metrics.flush().await {
            Ok(_) => return Ok(()),
            Err(error) if started.elapsed() >= patience || is_final(&error) => {
                return Err(format!("{}: {error}", without_password(&args.database)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

fn is_final(error: &FlushError) -> bool {
    matches!(error, FlushError::Superseded { .. })
}

/// Folds and rolls up until nothing is left to do, or another process is seen to do it.
async fn settle(metrics: &ApiMetrics) -> Result<(), Failure> {
    for _ in 0..20 {
        let done = metrics
            .maintain()
            .await
            .map_err(|error| error.to_string())?;
        if done.led {
            break;
        }
        // The other leader may have looked before our last flush.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// A file as it is shown: a URL that was given in its place keeps its password.
pub(crate) fn name(file: &Path) -> String {
    let name = without_password(&file.display().to_string());
    shown(&name).to_string()
}
