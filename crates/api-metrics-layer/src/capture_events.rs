//! Events of the host's own log: lines of the requests during which they happen, and events outside of any.
//!
//! A request that runs on a thread is known there (see `nested`), so that no spans are needed: an event is a line of
//! the innermost request around it that a log is interested in.
//!
//! # Re-entrance
//!
//! Storing the log logs itself at times. What these crates say is never captured, and neither is what happens on a
//! thread while it captures something, or while it polls a future [`without_events`]. Texts are written before
//! anything is touched that another event could want: no lock is held and no request is away meanwhile.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::VecDeque,
    fmt::{self, Write as _},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
    time::SystemTime,
};

use pin_project_lite::pin_project;
use tracing_core::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer;

use crate::{LogEvent, LogField, LogLevel, RequestLogSink, nested};

/// The bytes that the message of one event may take.
const MAX_MESSAGE_BYTES: usize = 1024;
/// The bytes that one field may take.
const MAX_FIELD_BYTES: usize = 512;
/// Fields of one event.
const MAX_FIELDS: usize = 16;
/// The bytes of one event outside of a request.
const MAX_EVENT_BYTES: usize = 4096;
/// Events that wait until there is a log.
const MAX_WAITING: usize = 256;
/// Where these crates log.
const OURS: [&str; 5] = [
    "api_metrics",
    "api_metrics_layer",
    "api_metrics_store",
    "api_metrics_routes",
    "api_metrics_cli",
];

thread_local! {
    /// Whether nothing that happens on this thread is captured for now.
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// A layer of `tracing_subscriber` that puts events into the log of requests: WARN and ERROR, unless another
/// [level](Self::level) is set.
///
/// An event that happens while a request is polled, or its response's body, is a line of that request: at most 20
/// lines and 4 KiB each, the rest is counted. It is kept where its request is kept. Requests that the log is not
/// interested in have no lines. All other events, of background work and of the start, are entries of their own; up
/// to 256 wait until there is a log. Tasks that a handler spawns are outside of its request.
///
/// ```
/// use std::sync::Arc;
///
/// use api_metrics_layer::{CaptureEvents, LogEvent, LoggedRequest, RequestCapture, RequestLogSink};
/// use tracing_subscriber::prelude::*;
///
/// /// Prints the lines of requests.
/// #[derive(Default)]
/// struct Lines(RequestCapture);
///
/// impl RequestLogSink for Lines {
///     fn capture(&self) -> &RequestCapture {
///         &self.0
///     }
///     fn log(&self, request: &LoggedRequest<'_>) {
///         for line in request.lines {
///             println!("{} {}: {}", request.record.endpoint, line.source, line.message);
///         }
///     }
///     fn event(&self, event: LogEvent) {
///         println!("{}: {}", event.source, event.message);
///     }
/// }
///
/// let events = CaptureEvents::new();
/// let subscriber = tracing_subscriber::registry().with(events.clone());
/// # let _ = subscriber;
/// let log: Arc<dyn RequestLogSink> = Arc::new(Lines::default());
/// events.deliver_to(&log);
/// ```
#[derive(Clone)]
pub struct CaptureEvents {
    level: LogLevel,
    destination: Arc<Mutex<Destination>>,
}

/// Where events outside of requests go.
enum Destination {
    /// Nowhere yet.
    Waiting {
        events: VecDeque<LogEvent>,
        left_out: u64,
    },
    /// To a log, as long as there is one.
    Log(Weak<dyn RequestLogSink>),
}

impl Default for CaptureEvents {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CaptureEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureEvents")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

fn lock(destination: &Mutex<Destination>) -> MutexGuard<'_, Destination> {
    destination.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CaptureEvents {
    /// Captures WARN and ERROR. Clones deliver to the same log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            level: LogLevel::Warn,
            destination: Arc::new(Mutex::new(Destination::Waiting {
                events: VecDeque::new(),
                left_out: 0,
            })),
        }
    }

    /// The same for events of this level and of all that are more severe. What a filter around all layers takes out
    /// is not seen.
    #[must_use]
    pub const fn level(mut self, level: LogLevel) -> Self {
        self.level = level;
        self
    }

    /// Delivers events outside of requests to a log from here on, those first that have waited. The log is not kept
    /// alive by it. A later call replaces the log.
    pub fn deliver_to(&self, log: &Arc<dyn RequestLogSink>) {
        let destination = Destination::Log(Arc::downgrade(log));
        let before = std::mem::replace(&mut *lock(&self.destination), destination);
        if let Destination::Waiting { events, left_out } = before {
            for event in events {
                log.event(event);
            }
            if left_out > 0 {
                log.events_left_out(left_out);
            }
        }
    }

    fn deliver(&self, event: LogEvent) {
        let log = match &mut *lock(&self.destination) {
            Destination::Waiting { events, left_out } => {
                if events.len() < MAX_WAITING {
                    events.push_back(event);
                } else {
                    *left_out += 1;
                }
                return;
            }
            Destination::Log(log) => log.upgrade(),
        };
        if let Some(log) = log {
            log.event(event);
        }
    }
}

/// Silence of this thread, until it is dropped: also where the host's own code panics within.
struct Silence(bool);

impl Silence {
    fn begin() -> Self {
        Self(SILENT.replace(true))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        SILENT.set(self.0);
    }
}

/// What becomes of an event.
enum Place {
    /// A line of a request, which has room for so many bytes.
    Line(usize),
    /// A request has no room for it.
    Full,
    /// The requests that run are of no interest.
    Nowhere,
    /// No request runs.
    Outside,
}

fn place() -> Place {
    let mut place = Place::Outside;
    nested::find(|state| {
        place = Place::Nowhere;
        let captured = state.captured().filter(|captured| captured.is_logged());
        let Some(captured) = captured else {
            return false;
        };
        let lines = captured.lines();
        place = match lines.room() {
            Some(room) => Place::Line(room),
            None => {
                lines.leave_out();
                Place::Full
            }
        };
        true
    });
    place
}

fn add_line(line: LogEvent) {
    let mut line = Some(line);
    nested::find(|state| {
        let captured = state.captured().filter(|captured| captured.is_logged());
        let Some(captured) = captured else {
            return false;
        };
        if let Some(line) = line.take() {
            captured.lines().add(line);
        }
        true
    });
}

impl<S: Subscriber> layer::Layer<S> for CaptureEvents {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let metadata = event.metadata();
        let level = level_of(*metadata.level());
        if level > self.level || is_ours(metadata.target()) || SILENT.get() {
            return;
        }
        let _silence = Silence::begin();
        let (room, is_line) = match place() {
            Place::Line(room) => (room, true),
            Place::Outside => (MAX_EVENT_BYTES, false),
            Place::Full | Place::Nowhere => return,
        };
        let mut found = Fields {
            event: LogEvent::new(SystemTime::now(), level, metadata.target(), String::new()),
            room: room.saturating_sub(metadata.target().len()),
        };
        event.record(&mut found);
        // Of a record of the crate `log`, whose target comes as a field.
        if is_ours(&found.event.source) || is_of_our_statement(&found.event) {
            return;
        }
        if is_line {
            add_line(found.event);
        } else {
            self.deliver(found.event);
        }
    }
}

fn is_ours(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    OURS.contains(&name)
}

/// Whether the driver of the database tells of a statement of ours, such as a slow one. SQLite's does so on a thread of
/// its own.
fn is_of_our_statement(event: &LogEvent) -> bool {
    let by_driver = event.source.split("::").next() == Some("sqlx");
    let names_us = |text: &str| text.contains("api_metrics");
    by_driver
        && (names_us(&event.message) || event.fields.iter().any(|field| names_us(&field.value)))
}

const fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// Writes out the fields of an event, as far as there is room.
struct Fields {
    event: LogEvent,
    /// Bytes that are left.
    room: usize,
}

impl Fields {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        match field.name() {
            "message" => {
                self.event.message = written(value, self.room.min(MAX_MESSAGE_BYTES));
                self.room = self.room.saturating_sub(self.event.message.len());
            }
            // How `tracing-log` hands on a record of the crate `log`.
            "log.target" => self.event.source = Cow::Owned(written(value, 256)),
            "log.module_path" | "log.file" | "log.line" => {}
            name => {
                let name = name.strip_prefix("r#").unwrap_or(name);
                let room = self.room.saturating_sub(name.len());
                if room > 0 && self.event.fields.len() < MAX_FIELDS {
                    let value = written(value, room.min(MAX_FIELD_BYTES));
                    self.room = room.saturating_sub(value.len());
                    let name = Cow::Borrowed(name);
                    self.event.fields.push(LogField { name, value });
                }
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.write(field, format_args!("{value}"));
    }
}

/// A text of at most `max` bytes. One that is longer ends with its last whole word and `…`: half of a secret would be
/// taken for none.
fn written(value: fmt::Arguments<'_>, max: usize) -> String {
    let mut out = Cut {
        text: String::new(),
        max,
        is_cut: false,
    };
    // The host's own `Debug` may fail; what it has written until then stays.
    let _ = out.write_fmt(value);
    let Cut {
        mut text, is_cut, ..
    } = out;
    if is_cut {
        const MARK: &str = "…";
        let mut end = max.saturating_sub(MARK.len()).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let word = before.rfind(char::is_whitespace).unwrap_or(0);
        text.truncate(word);
        if MARK.len() <= max {
            text.push_str(MARK);
        }
    }
    text
}

/// A text that takes no more than its bound. What is beyond is not refused: not every `Debug` could bear that.
struct Cut {
    text: String,
    max: usize,
    is_cut: bool,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.is_cut {
            return Ok(());
        }
        let mut end = piece.len().min(self.max - self.text.len());
        self.is_cut = end < piece.len();
        while !piece.is_char_boundary(end) {
            end -= 1;
        }
        self.text.push_str(piece.get(..end).unwrap_or_default());
        Ok(())
    }
}

pin_project! {
    /// The future of [`without_events`].
    #[derive(Debug)]
    pub struct WithoutEvents<F> {
        #[pin]
        inner: F,
    }
}

/// A future during whose polls no event is captured: for what stores a log, which would fill itself otherwise.
pub const fn without_events<F>(future: F) -> WithoutEvents<F> {
    WithoutEvents { inner: future }
}

impl<F: Future> Future for WithoutEvents<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _silence = Silence::begin();
        self.project().inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_ends_with_a_whole_word() {
        for (text, max, expected) in [
            ("short", 5, "short"),
            ("ann owes 4111111111111111", 20, "ann owes…"),
            ("4111111111111111", 10, "…"),
            ("\u{fc}\u{fc} \u{fc}\u{fc}\u{fc}", 9, "\u{fc}\u{fc}…"),
            ("long", 2, ""),
            ("long", 0, ""),
        ] {
            let found = written(format_args!("{text}"), max);
            assert_eq!(found, expected, "{text} {max}");
            assert!(found.len() <= max);
        }
    }

    #[test]
    fn only_these_crates_are_ours() {
        for ours in [
            "api_metrics",
            "api_metrics::background",
            "api_metrics_store::postgres",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "shop",
            "api_metrics_demo",
            "my_api_metrics",
            "::api_metrics",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
