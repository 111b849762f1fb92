//! `api-metrics import`: from lines to the store.

mod args;
mod decode;
mod filter;
mod ledger;
mod lines;
mod log;
mod recording;
mod rejects;
mod report;
mod routes;
mod source;
mod summary;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use tokio::runtime::Runtime;

pub(crate) use args::ImportArgs;

use crate::{
    failure::Failure,
    format::{Format, LineOptions},
    terminal,
};
use filter::Filter;
use log::Log;
use recording::Recording;
use rejects::Rejects;
use routes::Routes;
use source::{Opened, Source, sources};
use summary::LogSummary;

/// All that does not change while lines are read.
struct Import<'a> {
    args: &'a ImportArgs,
    runtime: &'a Runtime,
    recording: Option<Recording>,
    routes: Option<Routes>,
    filter: Filter,
    reading: LineOptions,
    stop: Arc<AtomicBool>,
}

/// Imports what the arguments name.
pub(crate) fn run(args: &ImportArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let format = named_format(args)?;
    let routes = args.routes.as_deref().map(Routes::read).transpose()?;
    let sources = sources(&args.files)?;
    if args.follow && sources.last() == Some(&Source::Stdin) {
        return Err(Failure::usage(
            "--follow is for files: stdin is read until its writer ends anyway",
        ));
    }
    let rejects = Rejects::new(args.reject_file.as_deref(), &sources)?;
    let runtime = Runtime::new().map_err(|error| Failure::failed(error.to_string()))?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&runtime, &stop)?;
    // A file that isn't there is better known before the first of many is imported.
    for source in &sources {
        if matches!(source, Source::File(path) if path.is_file() || !path.exists()) {
            drop(Opened::new(source, false, &stop)?);
        }
    }
    let recording = if args.dry_run {
        None
    } else {
        Some(runtime.block_on(Recording::open(
            args.database(),
            args.clickhouse.as_deref(),
            args.labels()?,
        ))?)
    };
    let mut import = Import {
        args,
        runtime: &runtime,
        recording,
        routes,
        filter: args.filter(),
        reading: args.reading(),
        stop,
    };
    let done = import.all(&sources, format.as_ref(), rejects, started);
    // What was read before a failure is in the store, and was reported as such.
    let closed = match import.recording.take() {
        Some(recording) => runtime.block_on(recording.close()),
        None => Ok(()),
    };
    // A thread that waits for stdin must not hold the program up.
    runtime.shutdown_background();
    done.and(closed)
}

fn named_format(args: &ImportArgs) -> Result<Option<Format>, Failure> {
    let Some(text) = &args.format else {
        if !args.fields.is_empty() {
            return Err(Failure::usage(
                "--field needs --format json, caddy or traefik",
            ));
        }
        return Ok(None);
    };
    let mut format = Format::named_or_written(text).map_err(Failure::usage)?;
    for field in &args.fields {
        format.map_field(field).map_err(Failure::usage)?;
    }
    Ok(Some(format))
}

/// The first signal ends the reading in good order, a second one the program. A terminal that is closed
/// ends nothing.
fn stop_on_signals(runtime: &Runtime, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let _inside = runtime.enter();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let failed = |error: std::io::Error| Failure::failed(error.to_string());
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(failed)?;
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hang_up.recv() => continue,
                }
                if stop.swap(true, Ordering::Relaxed) {
                    std::process::exit(Failure::INTERRUPTED.into());
                }
            }
        });
    }
    #[cfg(not(unix))]
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(Failure::INTERRUPTED.into());
            }
        }
    });
    Ok(())
}

impl Import<'_> {
    /// Reads one log after another, settles the store and tells the result.
    fn all(
        &self,
        sources: &[Source],
        format: Option<&Format>,
        mut rejects: Rejects,
        started: Instant,
    ) -> Result<(), Failure> {
        let mut logs = Vec::new();
        let mut outcome = Ok(());
        let mut known = 0;
        for (index, source) in sources.iter().enumerate() {
            let follow = self.args.follow && index + 1 == sources.len();
            outcome = self.source(source, follow, format, &mut rejects, &mut logs);
            if let Err(failure) = outcome.as_ref()
                && failure.code == Failure::KNOWN
            {
                // Among several files those that are new are imported.
                known += 1;
                if known < sources.len() {
                    terminal::err(&format!("api-metrics: {failure}"));
                    outcome = Ok(());
                }
            }
            if outcome.is_err() || self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        if self.args.undo {
            // Each log has told it already.
            return outcome;
        }
        let mut total = LogSummary::default();
        for log in &logs {
            total.add(&log.summary);
        }
        let flushed = rejects.flush();
        let days = match &self.recording {
            Some(recording) => self.runtime.block_on(async {
                recording.settle().await?;
                match (total.counts.first, total.counts.last) {
                    (Some(first), Some(last)) => recording.days((first, last)).await.map(Some),
                    _ => Ok(None),
                }
            })?,
            None => None,
        };
        report::print(
            self.args,
            &logs,
            &total,
            days.as_deref(),
            self.recording
                .as_ref()
                .map(|recording| recording.labels().service.as_str()),
            started.elapsed(),
        );
        outcome?;
        flushed?;
        if self.stop.load(Ordering::Relaxed) && !self.args.follow {
            let last = logs.last();
            return Err(Failure {
                code: Failure::INTERRUPTED,
                text: format!(
                    "interrupted after line {} of {}",
                    last.map_or(0, |log| log.summary.counts.lines),
                    last.map_or("-", |log| &log.name)
                ),
            });
        }
        Ok(())
    }

    /// Reads one log, and while it is followed those that take its place.
    fn source(
        &self,
        source: &Source,
        follow: bool,
        format: Option<&Format>,
        rejects: &mut Rejects,
        logs: &mut Vec<report::Log>,
    ) -> Result<(), Failure> {
        let mut opened = Opened::new(source, follow, &self.stop)?;
        let mut format = format.cloned();
        loop {
            let mut summary = LogSummary::default();
            let mut log = Log::new(self, source, follow, format.clone());
            let read = log.read(&mut opened, rejects, &mut summary);
            opened.progress.clear();
            if !matches!(&read, Err(failure) if failure.code == Failure::KNOWN) {
                logs.push(report::Log {
                    name: source.name(),
                    format: log.format_name(),
                    summary,
                });
            }
            read?;
            let Some(successor) = opened.successor(source, &self.stop) else {
                return Ok(());
            };
            // Whoever writes the successor writes it in the same format.
            format = log.into_format();
            opened = successor;
        }
    }
}

/// How far a request may be ahead of this machine's clock: the store takes anything later for a mistake and
/// counts it in the current minute.
const MOST_AHEAD: std::time::Duration = std::time::Duration::from_secs(3_600);

/// What tells requests that have not happened yet.
struct Now(SystemTime);

impl Now {
    fn is_passed_by(&mut self, at: SystemTime) -> bool {
        if at <= self.0 + MOST_AHEAD {
            return false;
        }
        self.0 = SystemTime::now();
        at > self.0 + MOST_AHEAD
    }
}
