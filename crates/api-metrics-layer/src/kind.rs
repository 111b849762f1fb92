//! Kinds of events: what is counted beside requests, as series of a protocol of their own.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::label::OTHER_METHOD;

/// The longest name of a kind, in bytes.
const MAX_KIND_BYTES: usize = 32;
/// Different names that a process remembers, of kinds and of labels each. Names live as long as the process, so
/// that series can share them; this bounds what they take.
const MAX_NAMES: usize = 1_000;
/// Names that mean something else where a protocol is asked for.
const RESERVED: [&str; 4] = ["http", "grpc", "any", "billed"];

static KINDS: Names = Names::new();
static LABELS: Names = Names::new();

/// What kind of event a record is of, where it is no request: a command, an agent's answer, a session, a connection
/// of WebRTC, a job, or a kind of one's own. The kind is the protocol of its series.
///
/// ```
/// use api_metrics_layer::{EventKind, Protocol};
///
/// let kind = EventKind::new("render-frame")?;
/// assert_eq!(Protocol::Event(kind).as_str(), "render-frame");
/// assert!(EventKind::new("http").is_err(), "requests are no events");
/// # Ok::<(), api_metrics_layer::InvalidEventKind>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(&'static str);

impl EventKind {
    /// A command that somebody has run.
    pub const COMMAND: Self = Self("command");
    /// What an agent was asked.
    pub const AGENT: Self = Self("agent");
    /// A session that has begun or ended.
    pub const SESSION: Self = Self("session");
    /// A connection of WebRTC, looked at once in a while.
    pub const WEBRTC: Self = Self("webrtc");
    /// Work in the background.
    pub const JOB: Self = Self("job");
    /// A request that the service itself has made of others.
    pub const HTTP_CLIENT: Self = Self("http-client");
    /// Kinds beyond the 1,000 that a process remembers.
    pub const OTHER: Self = Self("other");

    /// The kind of this name: 1 to 32 lower-case letters, digits and `-`, beginning with a letter. One beyond the
    /// 1,000 that a process remembers is [`OTHER`](Self::OTHER).
    ///
    /// # Errors
    /// [`InvalidEventKind`] where it is none, or means something else: `http`, `grpc`, `any` and `billed`.
    pub fn new(name: &str) -> Result<Self, InvalidEventKind> {
        if !Self::is_name(name) {
            return Err(InvalidEventKind);
        }
        let known = [
            Self::COMMAND,
            Self::AGENT,
            Self::SESSION,
            Self::WEBRTC,
            Self::JOB,
            Self::HTTP_CLIENT,
            Self::OTHER,
        ];
        let known = known.into_iter().find(|kind| kind.0 == name);
        Ok(known.unwrap_or_else(|| KINDS.find(name).map_or(Self::OTHER, Self)))
    }

    /// Whether a kind can have this name. Nothing is remembered of it.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=MAX_KIND_BYTES).contains(&name.len())
            && name.bytes().all(plain)
            && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && !RESERVED.contains(&name)
    }

    /// The name under which stores keep it as a protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A name that no [`EventKind`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidEventKind;

impl fmt::Display for InvalidEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a kind of events has 1 to 32 lower-case letters, digits and `-`, begins with a letter, and is none of \
             http, grpc, any and billed",
        )
    }
}

impl Error for InvalidEventKind {}

/// What stands where a request has its method: the model of an agent, for example. A text beyond the 1,000 that a
/// process remembers is [`_OTHER`](OTHER_METHOD), as an unknown method is.
///
/// ```
/// assert_eq!(api_metrics_layer::event_label("small-model"), "small-model");
/// ```
#[must_use]
pub fn event_label(text: &str) -> &'static str {
    LABELS.find(text).unwrap_or(OTHER_METHOD)
}

/// Texts that live as long as the process, up to a bound.
struct Names(Mutex<BTreeSet<&'static str>>);

impl Names {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    /// The text, where it is remembered or there is room for it.
    fn find(&self, text: &str) -> Option<&'static str> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(text) {
            return Some(known);
        }
        if names.len() >= MAX_NAMES {
            return None;
        }
        let name: &'static str = Box::leak(text.into());
        names.insert(name);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_kind_is_a_short_plain_name_that_means_nothing_else() {
        for name in ["command", "render-frame", "x", "job2"] {
            assert_eq!(EventKind::new(name).unwrap().as_str(), name);
        }
        assert_eq!(EventKind::new("agent"), Ok(EventKind::AGENT));
        let long = "x".repeat(33);
        for name in [
            "", "Job", "2d", "-x", "a b", "a_b", "ü", "http", "grpc", "any", "billed", &long,
        ] {
            assert_eq!(EventKind::new(name), Err(InvalidEventKind), "{name}");
        }
    }

    #[test]
    fn names_are_remembered_up_to_a_bound_and_found_again() {
        let names = Names::new();
        for n in 0..MAX_NAMES {
            let name = n.to_string();
            assert_eq!(names.find(&name), Some(name.as_str()));
        }
        assert_eq!(names.find("one more"), None);
        let (first, again) = (names.find("7").unwrap(), names.find("7").unwrap());
        assert!(std::ptr::eq(first, again));
    }
}
