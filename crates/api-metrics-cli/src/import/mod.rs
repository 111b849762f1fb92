//! `api-metrics import`: from lines to the store.

mod args;
mod decode;
mod filter;
mod lines;
mod rejects;
mod report;
mod routes;
mod source;
mod store;
mod tally;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use indicatif::ProgressBar;
use tokio::runtime::Runtime;

pub(crate) use args::{ImportArgs, ImportSettings};

use crate::{
    failure::Failure,
    format::{Format, Reading, Reject, detect, parse_line},
    terminal,
};
use filter::Filter;
use rejects::Rejects;
use routes::Routes;
use source::{Opened, Source, sources};
use store::{PATIENCE, Recording};
use tally::Tally;

/// Lines between two flushes: some megabytes of deltas at most, and a transaction that takes well
/// under a second.
const LINES_A_FLUSH: u64 = 50_000;
/// A file of which none of so many first lines can be read is no log.
const LINES_TO_TELL: u64 = 100;

/// All that does not change while lines are read.
struct Import<'a> {
    args: &'a ImportArgs,
    runtime: &'a Runtime,
    recording: Option<Recording>,
    routes: Option<Routes>,
    filter: Filter,
    reading: Reading,
    stop: Arc<AtomicBool>,
}

/// Imports what the arguments name.
pub(crate) fn run(args: &ImportArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let format = named_format(args)?;
    let routes = args.routes.as_deref().map(Routes::read).transpose()?;
    let sources = sources(&args.files)?;
    let rejects = Rejects::create(args.reject_file.as_deref(), &sources)?;
    let runtime = Runtime::new().map_err(|error| Failure::failed(error.to_string()))?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&runtime, &stop)?;
    // A file that isn't there is better known before the first of many is imported.
    for source in &sources {
        if *source != Source::Stdin {
            Opened::new(source, false, &stop)?
                .progress
                .finish_and_clear();
        }
    }
    let recording = if args.dry_run {
        None
    } else {
        let (service, environment) = (args.service.as_deref(), args.environment.as_deref());
        Some(runtime.block_on(Recording::open(args.database(), service, environment))?)
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

/// The first signal ends the reading in good order, a second one the program.
fn stop_on_signals(runtime: &Runtime, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let _inside = runtime.enter();
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| Failure::failed(error.to_string()))?;
    runtime.spawn(async move {
        loop {
            #[cfg(unix)]
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            #[cfg(not(unix))]
            let _ = tokio::signal::ctrl_c().await;
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
        let mut total = Tally::default();
        let mut logs = Vec::new();
        let mut outcome = Ok(());
        for (index, source) in sources.iter().enumerate() {
            let follow = self.args.follow && index + 1 == sources.len();
            let mut tally = Tally::default();
            let mut used = None;
            outcome = self.one(source, follow, format, &mut rejects, &mut tally, &mut used);
            total.add(&tally);
            logs.push(report::Log {
                name: source.name(),
                format: used,
                tally,
            });
            if outcome.is_err() || self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        let finished = rejects.finish();
        let is_interrupted = self.stop.load(Ordering::Relaxed) && !self.args.follow;
        let days = match &self.recording {
            Some(recording) => self.runtime.block_on(async {
                recording.deliver(PATIENCE).await?;
                recording.settle().await?;
                match total.span {
                    Some(span) => recording.days(span).await.map(Some),
                    None => Ok(None),
                }
            })?,
            None => None,
        };
        report::print(
            self.args,
            &logs,
            &total,
            days.as_deref(),
            self.recording.as_ref().map(Recording::service).as_deref(),
            started.elapsed(),
        );
        outcome?;
        finished?;
        if is_interrupted {
            return Err(Failure {
                code: Failure::INTERRUPTED,
                text: format!(
                    "interrupted after line {} of {}",
                    logs.last().map_or(0, |log| log.tally.lines),
                    logs.last().map_or("-", |log| &log.name)
                ),
            });
        }
        Ok(())
    }

    /// Reads one log.
    fn one(
        &self,
        source: &Source,
        follow: bool,
        format: Option<&Format>,
        rejects: &mut Rejects,
        tally: &mut Tally,
        used: &mut Option<String>,
    ) -> Result<(), Failure> {
        let mut opened = Opened::new(source, follow, &self.stop)?;
        let name = source.name();
        let format = match format {
            Some(format) => Some(format.clone()),
            None => self.detected(&name, &mut opened)?,
        };
        let Some(mut format) = format else {
            opened.progress.finish_and_clear();
            return Ok(());
        };
        *used = Some(format.name().to_owned());
        let read = self.lines(&name, &mut opened, &mut format, rejects, tally);
        opened.progress.finish_and_clear();
        read
    }

    /// The format that the first lines are in; `None` for an empty log.
    fn detected(&self, name: &str, opened: &mut Opened) -> Result<Option<Format>, Failure> {
        let sample = opened
            .lines
            .sample(opened.is_live)
            .map_err(|error| Failure::failed(format!("{name}: after line 0: {error}")))?;
        match detect(&sample, &self.reading) {
            Ok(found) => {
                say(
                    &opened.progress,
                    &format!(
                        "{name}: format {}, which {} of the first {} lines are in",
                        found.format, found.matching, found.lines
                    ),
                );
                Ok(Some(found.format))
            }
            Err(None) => Ok(None),
            Err(Some(why)) => Err(Failure::refused(format!(
                "{name}: this is no access log of a format that is known by its looks: none of its \
                 first {} lines is in any (in the combined format, {why} at the first one); name one \
                 with --format",
                sample.len()
            ))),
        }
    }

    fn lines(
        &self,
        name: &str,
        opened: &mut Opened,
        format: &mut Format,
        rejects: &mut Rejects,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let now = SystemTime::now();
        let progress = opened.progress.clone();
        loop {
            let line = opened.lines.next().map_err(|error| {
                Failure::failed(format!("{name}: after line {}: {error}", tally.lines))
            })?;
            let Some(line) = line else { break };
            tally.lines += 1;
            let parsed = if line.is_cut {
                Err(Reject::Malformed("it is longer than any server writes"))
            } else {
                parse_line(format, line.text, &self.reading)
            };
            match parsed {
                Ok(entry) if self.filter.wants(&entry) => {
                    if let Some(recording) = &self.recording {
                        recording.record(&entry, self.routes.as_ref());
                    }
                    tally.note(&entry, now);
                }
                Ok(_) => tally.left_out += 1,
                // A blank line says nothing, and so nothing is lost.
                Err(_) if line.text.trim_ascii().is_empty() || format.directive(line.text) => {}
                Err(why) => {
                    rejects.write(line.text)?;
                    let told = tally.unreadable.note(tally.lines, &why.to_string());
                    if let Some(message) = told {
                        say(&progress, &terminal::escaped_line(&message));
                    }
                    self.check_count(name, tally)?;
                }
            }
            tally.bytes = opened.lines.offset();
            if tally.lines == LINES_TO_TELL {
                told_apart(name, format, tally)?;
            }
            if tally.lines.is_multiple_of(LINES_A_FLUSH) {
                self.pause(name, &progress, tally)?;
            }
            if self.stop.load(Ordering::Relaxed) && !opened.is_live {
                break;
            }
        }
        told_apart(name, format, tally)?;
        self.check_share(name, tally)
    }

    /// What is due from time to time. Once the store has acknowledged a flush, everything before
    /// `tally.bytes` is durable.
    fn pause(&self, name: &str, progress: &ProgressBar, tally: &Tally) -> Result<(), Failure> {
        if let Some(recording) = &self.recording {
            self.runtime.block_on(recording.deliver(PATIENCE))?;
        }
        let rate = tally.lines as f64 / progress.elapsed().as_secs_f64().max(0.001);
        progress.set_message(format!("{} lines, {rate:.0} a second", tally.lines));
        self.check_share(name, tally)
    }

    fn check_count(&self, name: &str, tally: &Tally) -> Result<(), Failure> {
        match self.args.max_bad {
            Some(filter::MaxBad::Lines(_)) => self.check_share(name, tally),
            _ => Ok(()),
        }
    }

    fn check_share(&self, name: &str, tally: &Tally) -> Result<(), Failure> {
        let bad = tally.unreadable.count();
        match self.args.max_bad {
            Some(most) if most.is_passed(bad, tally.lines) => Err(Failure::refused(format!(
                "{name}: {bad} of {} lines can't be read, more than --max-bad {most} allows; what was \
                 read before is recorded",
                tally.lines
            ))),
            _ => Ok(()),
        }
    }
}

/// Whether this is a log of that format at all: an empty one is.
fn told_apart(name: &str, format: &Format, tally: &Tally) -> Result<(), Failure> {
    let bad = tally.unreadable.count();
    if tally.requests + tally.left_out == 0 && bad > 0 {
        return Err(Failure::refused(format!(
            "{name}: this is no access log in the format {format}: none of its first {} lines can be read",
            tally.lines
        )));
    }
    Ok(())
}

/// Tells something beside the progress bar.
fn say(progress: &ProgressBar, text: &str) {
    progress.suspend(|| terminal::err(text));
}
