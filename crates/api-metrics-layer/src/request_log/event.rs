//! What the host's own log says: a line of a request, or an event outside of any.

use std::{borrow::Cow, fmt, time::SystemTime};

/// How severe an event is: the levels of `tracing`, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What happens.
    Info,
    /// Details for developers.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// All of them, the most severe first.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// Its name in small letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level of such a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An event of the host's own log: one of the lines of a [request](super::LoggedRequest::lines), or one that
/// happened outside of any.
///
/// Its texts are bounded, and nothing is taken out of them yet: a sink scrubs what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent {
    /// When it happened.
    pub at: SystemTime,
    /// How severe it is.
    pub level: LogLevel,
    /// Where it comes from: the target of the event, such as `shop::ledger`.
    pub source: Cow<'static, str>,
    /// What it says.
    pub message: String,
    /// Its fields but for the message, as texts.
    pub fields: Vec<LogField>,
}

/// A field of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogField {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value, as a text.
    pub value: String,
}

impl LogEvent {
    /// An event without fields.
    #[must_use]
    pub fn new(
        at: SystemTime,
        level: LogLevel,
        source: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            at,
            level,
            source: source.into(),
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The same with one more field.
    #[must_use]
    pub fn with_field(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.fields.push(LogField {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// The bytes of its texts.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let fields = self.fields.iter();
        let fields: usize = fields
            .map(|field| field.name.len() + field.value.len())
            .sum();
        self.source.len() + self.message.len() + fields
    }
}
