//! One log, from its first line to its last, in steps that the ledger knows.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant, SystemTime},
};

use api_metrics::store::control::imports::ImportUndo;
use chrono::{DateTime, SecondsFormat};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Import, Now,
    filter::MaxBad,
    ledger::{self, Mark, State},
    lines::{Next, hex},
    recording::{Imported, Recording},
    rejects::Rejects,
    source::{Opened, Source},
    summary::LogSummary,
};
use crate::{
    failure::Failure,
    format::{Format, Reject, detect, parse_line},
    terminal,
};

/// Lines between two flushes: some megabytes of deltas at most, and a transaction that takes well
/// under a second.
const LINES_A_FLUSH: u64 = 50_000;
/// Lines between two looks at the clock while a log is followed.
const LINES_A_LOOK: u64 = 256;
/// A file of which none of so many first lines can be read is no log.
const LINES_TO_TELL: u64 = 100;

/// An import that was taken back.
struct Undone {
    name: String,
    requests: u64,
    /// The periods that were emptied.
    from: String,
    to: String,
}

impl Undone {
    fn tell(&self, json: bool) {
        let Self {
            name,
            requests,
            from,
            to,
        } = self;
        if json {
            let told = json!({"name": name, "undone": requests, "from": from, "to": to});
            return terminal::out(&told.to_string());
        }
        let told = format!("{name}: {requests} requests taken back, from {from} to {to}");
        terminal::out(&terminal::escaped_line(&told));
    }
}

/// A log that is read.
pub(super) struct Log<'a> {
    import: &'a Import<'a>,
    name: String,
    /// Whether it has a place in the ledger: what comes by a pipe can't be read again.
    has_ledger: bool,
    /// As it was before the first line.
    fresh: Option<Format>,
    flushed: Instant,
    /// Whether the database did not take what was read.
    is_broken: bool,
}

/// Where the lines of a log go.
struct Target<'a> {
    recording: &'a Recording,
    imported: Imported,
    ledger: Option<ledger::Import>,
}

impl<'a> Log<'a> {
    pub(super) fn new(
        import: &'a Import<'a>,
        source: &Source,
        follow: bool,
        format: Option<Format>,
    ) -> Self {
        let is_file = match source {
            Source::Stdin => false,
            Source::File(path) => follow || path.is_file(),
        };
        Self {
            import,
            name: source.name(),
            has_ledger: is_file,
            fresh: format,
            flushed: Instant::now(),
            is_broken: false,
        }
    }

    pub(super) fn format_name(&self) -> Option<String> {
        self.fresh.as_ref().map(|format| format.name().to_owned())
    }

    pub(super) fn into_format(self) -> Option<Format> {
        self.fresh
    }

    /// Reads it all.
    pub(super) fn read(
        &mut self,
        opened: &mut Opened,
        rejects: &mut Rejects,
        summary: &mut LogSummary,
    ) -> Result<(), Failure> {
        let Some((mut format, head)) = self.first_lines(opened)? else {
            return Ok(());
        };
        if let Some(recording) = self
            .import
            .recording
            .as_ref()
            .filter(|_| self.import.args.undo)
        {
            let undone = self.undo(recording, opened, &mut format, &head)?;
            opened.progress.clear();
            undone.tell(self.import.args.json);
            return Ok(());
        }
        let mut target = match &self.import.recording {
            None => None,
            Some(recording) => {
                Some(self.target(recording, opened, &mut format, &head, rejects, summary)?)
            }
        };
        let read = self.lines(opened, &mut format, rejects, summary, target.as_mut());
        let Some(target) = &mut target else {
            return read;
        };
        let counts = &summary.counts;
        if self.is_broken || (read.is_err() && counts.requests + counts.left_out == 0) {
            // Of what is no log, the ledger knows nothing either.
            return read;
        }
        // What was read before a failure is kept, and the ledger says where to go on.
        self.flush(opened, rejects, summary, target)?;
        summary.overflow = target.imported.overflow();
        let is_whole = read.is_ok() && !self.import.stop.load(Ordering::Relaxed);
        self.import.runtime.block_on(async {
            if let Some(ledger) = target.ledger.as_mut().filter(|_| is_whole) {
                target.recording.put(ledger.now(State::Complete)).await?;
            }
            target.recording.end(&target.imported).await
        })?;
        read
    }

    /// The format that the first lines are in, and what the log is looked up by. `None` for an empty log.
    fn first_lines(&mut self, opened: &mut Opened) -> Result<Option<(Format, String)>, Failure> {
        let failed = |error| Failure::failed(format!("{}: after line 0: {error}", self.name));
        let sample = opened.lines.sample(opened.is_live).map_err(failed)?;
        let is_blank = |line: &&&[u8]| line.trim_ascii().is_empty() || line.starts_with(b"#");
        let first = sample.iter().find(|line| !is_blank(line));
        let Some(head) = first.map(|line| hex(&Sha256::digest(line))) else {
            return Ok(None);
        };
        if let Some(format) = &self.fresh {
            return Ok(Some((format.clone(), head)));
        }
        match detect(&sample, &self.import.reading) {
            Ok(found) => {
                let said = format!(
                    "{}: format {}, which {} of the first {} lines are in",
                    self.name, found.format, found.matching, found.lines
                );
                opened.progress.say(&terminal::escaped_line(&said));
                self.fresh = Some(found.format.clone());
                Ok(Some((found.format, head)))
            }
            Err(None) => Ok(None),
            Err(Some(why)) => Err(Failure::refused(format!(
                "{}: this is no access log of a format that is known by its looks: none of its \
                 first {} lines is in any (in the combined format, {why} at the first one); name one \
                 with --format",
                self.name,
                sample.len()
            ))),
        }
    }

    /// Where the lines go, after those that the database holds already were passed over.
    fn target<'t>(
        &self,
        recording: &'t Recording,
        opened: &mut Opened,
        format: &mut Format,
        head: &str,
        rejects: &mut Rejects,
        summary: &mut LogSummary,
    ) -> Result<Target<'t>, Failure> {
        if !self.has_ledger {
            return Ok(Target {
                imported: recording.writer(uuid::Uuid::new_v4(), 0),
                recording,
                ledger: None,
            });
        }
        let options = self
            .import
            .args
            .options(format, self.import.routes.as_ref());
        let labels = recording.labels();
        let fresh = || {
            let labels = (labels.service.as_str(), labels.environment.as_str());
            ledger::Import::new(head, labels, &self.name, &options)
        };
        let known = if self.import.args.force {
            None
        } else {
            self.known(recording, opened, format, head)?
        };
        let ledger = match known {
            None => fresh(),
            Some(known) => {
                self.may_go_on(&known, &options, opened, recording)?;
                rejects.go_on();
                *summary = LogSummary::after(known.at.counts, known.at.offset);
                opened.progress.say(&terminal::escaped_line(&format!(
                    "{}: goes on after line {}, up to which it was imported before, as {}",
                    self.name, known.at.counts.lines, known.record.name
                )));
                if !opened.lines.is_at_line_start() {
                    // The start of this line was the end of the log, and counted as a line.
                    let rest = opened.lines.next();
                    rest.map_err(|error| Failure::failed(format!("{}: {error}", self.name)))?;
                }
                known
            }
        };
        let fence = self
            .import
            .runtime
            .block_on(recording.fence(ledger.record.id))?;
        Ok(Target {
            imported: recording.writer(ledger.record.id, fence),
            recording,
            ledger: Some(ledger),
        })
    }

    /// Takes the import of this log back, or says why that can't be done.
    fn undo(
        &mut self,
        recording: &Recording,
        opened: &mut Opened,
        format: &mut Format,
        head: &str,
    ) -> Result<Undone, Failure> {
        if !self.has_ledger {
            return Err(Failure::usage(
                "--undo is for files: what comes by a pipe is in no ledger",
            ));
        }
        let Some(known) = self.known(recording, opened, format, head)? else {
            return Err(Failure::failed(format!(
                "{}: the ledger of this database knows no import of it",
                self.name
            )));
        };
        let (requests, service) = (known.at.counts.requests, &known.record.service);
        let day = |at: i64| {
            let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
            at.to_rfc3339_opts(SecondsFormat::Secs, true)
        };
        let undo = recording.undo(&known);
        match self.import.runtime.block_on(undo)? {
            Some(ImportUndo::Done { from, to }) => Ok(Undone {
                name: self.name.clone(),
                requests,
                from: day(from),
                to: day(to),
            }),
            Some(ImportUndo::Mixed {
                from,
                to,
                requests: all,
            }) => Err(Failure::known(format!(
                "{}: its {requests} requests of service {service} can't be taken back: the periods that they fell \
                 into, from {} to {}, hold {all} requests of that service, and buckets hold sums, in which one \
                 request can't be told from another; restore a backup from before, or let that service's data \
                 expire",
                self.name,
                day(from),
                day(to)
            ))),
            Some(ImportUndo::Running) => Err(Failure::failed(format!(
                "{}: a process still imports it; nothing was changed",
                self.name
            ))),
            _ => Err(Failure::failed(format!(
                "{}: another process kept the database busy; nothing was changed",
                self.name
            ))),
        }
    }

    /// The import of this log that came furthest. Reads as much of the log as the ledger knows of any, and
    /// goes behind what the found one holds.
    fn known(
        &self,
        recording: &Recording,
        opened: &mut Opened,
        format: &mut Format,
        head: &str,
    ) -> Result<Option<ledger::Import>, Failure> {
        let mut imports = self.import.runtime.block_on(recording.imports(head))?;
        imports.retain(|import| import.at.offset > 0);
        imports.sort_by_key(|import| import.at.offset);
        let mut found = None;
        let mut passed = format.clone();
        for import in imports {
            if !self.pass_over(opened, &mut passed, import.at.offset)? {
                break;
            }
            let is_further = |found: &ledger::Import| found.at.offset < import.at.offset;
            if opened.lines.digest() == import.at.digest && found.as_ref().is_none_or(is_further) {
                *format = passed.clone();
                found = Some(import);
            }
        }
        let behind = found.as_ref().map_or(0, |found| found.at.offset);
        if opened.lines.offset() != behind {
            // Another log that begins alike: once more from the start.
            self.reopen(opened)?;
            let mut again = self.fresh.clone().unwrap_or_else(|| format.clone());
            self.pass_over(opened, &mut again, behind)?;
            *format = again;
        }
        Ok(found)
    }

    fn reopen(&self, opened: &mut Opened) -> Result<(), Failure> {
        let source = Source::File(self.name.clone().into());
        *opened = Opened::new(&source, opened.is_live, &self.import.stop)?;
        Ok(())
    }

    /// Goes on to `offset` without importing anything; false where the text is shorter.
    fn pass_over(
        &self,
        opened: &mut Opened,
        format: &mut Format,
        offset: u64,
    ) -> Result<bool, Failure> {
        opened.lines.stop_at(Some(offset));
        while opened.lines.offset() < offset {
            let next = opened.lines.next();
            let next = next.map_err(|error| Failure::failed(format!("{}: {error}", self.name)))?;
            match next {
                Next::Line(line) => drop(format.directive(line.text)),
                Next::End | Next::Idle => break,
            }
        }
        opened.lines.stop_at(None);
        Ok(opened.lines.offset() == offset)
    }

    /// Whether what is left of a known log may be imported.
    fn may_go_on(
        &self,
        known: &ledger::Import,
        options: &str,
        opened: &mut Opened,
        recording: &Recording,
    ) -> Result<(), Failure> {
        let Mark { counts, .. } = &known.at;
        let again = "--force imports it once more";
        let is_complete = known.progress.state == State::Complete;
        if is_complete && !opened.is_live && opened.lines.is_at_end().unwrap_or(false) {
            return Err(Failure::known(format!(
                "{}: it was imported before, as {}, with {} requests of service {}: {again}",
                self.name,
                known.record.name,
                counts.requests,
                recording.labels().service
            )));
        }
        if known.progress.options != options {
            return Err(Failure::known(format!(
                "{}: its first {} lines were imported with other options ({}) than these ({options}): \
                 use the same to go on; {again}",
                self.name, counts.lines, known.progress.options
            )));
        }
        Ok(())
    }

    fn lines(
        &mut self,
        opened: &mut Opened,
        format: &mut Format,
        rejects: &mut Rejects,
        summary: &mut LogSummary,
        mut target: Option<&mut Target<'_>>,
    ) -> Result<(), Failure> {
        let mut now = Now(SystemTime::now());
        self.flushed = Instant::now();
        loop {
            let next = opened.lines.next().map_err(|error| {
                let lines = summary.counts.lines;
                Failure::failed(format!("{}: after line {lines}: {error}", self.name))
            })?;
            let line = match next {
                Next::Line(line) => line,
                Next::End => break,
                Next::Idle => {
                    self.flush_in_time(opened, rejects, summary, target.as_deref_mut())?;
                    continue;
                }
            };
            summary.counts.lines += 1;
            let parsed = if line.is_cut {
                Err(Reject::Malformed("it is longer than any server writes"))
            } else {
                parse_line(format, line.text, &self.import.reading)
            };
            let refused = match parsed {
                Ok(entry) if !self.import.filter.wants(&entry) => {
                    summary.counts.left_out += 1;
                    None
                }
                Ok(entry) if now.is_passed_by(entry.finished_at) => {
                    Some(Reject::Future(entry.finished_at))
                }
                Ok(entry) => {
                    if let Some(target) = &target {
                        target.imported.record(&entry, self.import.routes.as_ref());
                    }
                    summary.counts.note(&entry);
                    None
                }
                // A blank line says nothing, and so nothing is lost.
                Err(_) if line.text.trim_ascii().is_empty() || format.directive(line.text) => None,
                Err(why) => Some(why),
            };
            if let Some(why) = refused {
                summary.counts.in_future += u64::from(matches!(why, Reject::Future(_)));
                rejects.write(line.text)?;
                let told = summary.note_unreadable(&why.to_string());
                self.tell_unreadable(opened, summary, told)?;
            }
            summary.offset = opened.lines.offset();
            let lines = summary.counts.lines;
            if lines == LINES_TO_TELL {
                self.told_apart(summary)?;
            }
            if lines.is_multiple_of(LINES_A_FLUSH) {
                if let Some(target) = target.as_deref_mut() {
                    self.flush(opened, rejects, summary, target)?;
                }
                self.check_share(summary)?;
            } else if lines.is_multiple_of(LINES_A_LOOK) {
                opened.progress.show(lines);
                if opened.is_live {
                    self.flush_in_time(opened, rejects, summary, target.as_deref_mut())?;
                }
            }
            if self.import.stop.load(Ordering::Relaxed) && !opened.is_live {
                break;
            }
        }
        self.told_apart(summary)?;
        self.check_share(summary)
    }

    /// Flushes what has waited long enough, from a log that is still written.
    fn flush_in_time(
        &mut self,
        opened: &mut Opened,
        rejects: &mut Rejects,
        summary: &LogSummary,
        target: Option<&mut Target<'_>>,
    ) -> Result<(), Failure> {
        match target {
            Some(target) if self.flushed.elapsed() >= self.import.args.flush_interval() => {
                self.flush(opened, rejects, summary, target)
            }
            _ => Ok(()),
        }
    }

    /// Hands over what was read. Once it returns, everything before the next line is durable, and the
    /// ledger says so.
    fn flush(
        &mut self,
        opened: &mut Opened,
        rejects: &mut Rejects,
        summary: &LogSummary,
        target: &mut Target<'_>,
    ) -> Result<(), Failure> {
        self.flushed = Instant::now();
        // A rejected line that counts as seen is in its file.
        rejects.flush()?;
        let to = Mark {
            offset: opened.lines.offset(),
            digest: opened.lines.digest(),
            counts: summary.counts,
        };
        let Target {
            recording,
            imported,
            ledger,
        } = target;
        let flushed = self.import.runtime.block_on(async {
            if let Some(ledger) = ledger {
                if ledger.at.offset == to.offset {
                    return Ok(());
                }
                let record = ledger.begin_flush(imported.next_flush(), to);
                recording.put(record).await?;
            }
            recording.deliver(imported).await?;
            if let Some(ledger) = ledger {
                ledger.acknowledge();
            }
            Ok(())
        });
        self.is_broken = flushed.is_err();
        flushed
    }

    fn tell_unreadable(
        &self,
        opened: &mut Opened,
        summary: &LogSummary,
        told: Option<String>,
    ) -> Result<(), Failure> {
        if let Some(message) = told {
            opened.progress.say(&terminal::escaped_line(&message));
        }
        match self.import.args.max_bad {
            Some(MaxBad::Lines(_)) => self.check_share(summary),
            _ => Ok(()),
        }
    }

    fn check_share(&self, summary: &LogSummary) -> Result<(), Failure> {
        let (bad, lines) = (summary.counts.unreadable, summary.counts.lines);
        match self.import.args.max_bad {
            Some(most) if most.is_passed(bad, lines) => Err(Failure::refused(format!(
                "{}: {bad} of {lines} lines can't be read, more than --max-bad {most} allows; what was \
                 read before is recorded",
                self.name
            ))),
            _ => Ok(()),
        }
    }

    /// Whether this is a log of that format at all: an empty one is.
    fn told_apart(&self, summary: &LogSummary) -> Result<(), Failure> {
        let counts = &summary.counts;
        let readable = counts.requests + counts.left_out + counts.in_future;
        if readable == 0 && counts.unreadable > 0 {
            return Err(Failure::refused(format!(
                "{}: this is no access log in the format {}: none of its first {} lines can be read",
                self.name,
                self.format_name().unwrap_or_default(),
                counts.lines
            )));
        }
        Ok(())
    }
}

/// How often a log that is followed is flushed, unless the settings say otherwise.
pub(super) const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
