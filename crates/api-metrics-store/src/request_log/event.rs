//! Events of the host's log as they are stored: scrubbed, as texts, with the bits of their levels.

use api_metrics_layer::{LogEvent, LogField, LogLevel};
use serde_json::{Value, json};

use super::{
    entry::{millis, plain},
    query::StoredLine,
    scrub::{hides, scrubbed},
};

/// The longest source, in bytes.
const MAX_SOURCE_BYTES: usize = 128;

/// The bit of a level: 1 for ERROR, 16 for TRACE.
pub(crate) fn bit(level: LogLevel) -> i64 {
    let at = LogLevel::ALL.iter().position(|known| *known == level);
    1 << at.unwrap_or_default()
}

/// The most severe level among some bits.
pub(crate) fn most_severe(levels: i64) -> Option<LogLevel> {
    LogLevel::ALL
        .into_iter()
        .find(|level| levels & bit(*level) != 0)
}

/// The memory that an event takes, roughly and never less.
pub(crate) fn bytes(event: &LogEvent) -> usize {
    let fields = event.fields.iter();
    let fields: usize = fields
        .map(|field| size_of::<LogField>() + field.value.capacity())
        .sum();
    size_of::<LogEvent>() + event.source.len() + event.message.capacity() + fields + 64
}

/// The texts of an event without what must not be stored.
#[derive(Debug)]
pub(crate) struct EventText {
    at_ms: i64,
    level: LogLevel,
    pub(crate) source: String,
    pub(crate) message: String,
    /// `name=value name="more words"`.
    pub(crate) fields: String,
}

impl EventText {
    pub(crate) fn of(event: &LogEvent) -> Self {
        let clean = |text: &str| scrubbed(&plain(text)).into_owned();
        let mut fields = String::new();
        for field in &event.fields {
            if !fields.is_empty() {
                fields.push(' ');
            }
            fields.push_str(&clean(&field.name));
            fields.push('=');
            // Its name says what the whole of it is, words after a blank included.
            let value = if hides(&field.name) {
                "[hidden]".to_owned()
            } else {
                clean(&field.value)
            };
            if value.contains([' ', '"', '=']) || value.is_empty() {
                fields.push_str(&format!("{value:?}"));
            } else {
                fields.push_str(&value);
            }
        }
        let source = api_metrics_layer::bounded(&event.source, MAX_SOURCE_BYTES).into_owned();
        Self {
            at_ms: millis(event.at),
            level: event.level,
            source: clean(&source),
            message: clean(&event.message),
            fields,
        }
    }

    /// What it is found by.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        [
            self.source.as_str(),
            self.message.as_str(),
            self.fields.as_str(),
        ]
        .into_iter()
    }
}

/// The lines of a request as they are stored; `None` where it has none.
pub(crate) fn json(lines: &[EventText]) -> Option<String> {
    if lines.is_empty() {
        return None;
    }
    let line = |line: &EventText| {
        json!({
            "at": line.at_ms, "level": line.level.as_str(), "source": line.source,
            "message": line.message, "fields": line.fields,
        })
    };
    Some(Value::Array(lines.iter().map(line).collect()).to_string())
}

/// The lines of such a text; what is no line is left out.
pub(crate) fn lines(json: &str) -> Vec<StoredLine> {
    let Ok(Value::Array(lines)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    let line = |line: &Value| {
        let text = |name: &str| line.get(name)?.as_str().map(str::to_owned);
        Some(StoredLine {
            at_ms: line.get("at")?.as_i64()?,
            level: LogLevel::of(&text("level")?)?,
            source: text("source")?,
            message: text("message")?,
            fields: text("fields")?,
        })
    };
    lines.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_without_its_secrets() {
        let at = UNIX_EPOCH + Duration::from_millis(1_773_144_000_123);
        let event = LogEvent::new(
            at,
            LogLevel::Error,
            "shop::ledger",
            "ann@example.org\0 waits",
        )
        .with_field("order", "17")
        .with_field("db.password", "correct horse battery")
        .with_field("why", "a \"lock\"")
        .with_field("header", "Bearer abc");
        let text = EventText::of(&event);
        let stored = json(std::slice::from_ref(&text));
        let found = lines(&stored.unwrap_or_default());
        let expected = StoredLine {
            at_ms: 1_773_144_000_123,
            level: LogLevel::Error,
            source: "shop::ledger".to_owned(),
            message: "[email]\u{fffd} waits".to_owned(),
            fields:
                "order=17 db.password=[hidden] why=\"a \\\"lock\\\"\" header=\"Bearer [token]\""
                    .to_owned(),
        };
        assert_eq!(found, [expected]);
        assert_eq!(lines("{}"), []);
        assert_eq!(lines("[{\"at\":1}]"), []);
    }

    #[test]
    fn each_level_has_its_bit_and_the_most_severe_is_found() {
        let bits = LogLevel::ALL.map(bit);
        assert_eq!(bits, [1, 2, 4, 8, 16]);
        assert_eq!(most_severe(0b1_1010), Some(LogLevel::Warn));
        assert_eq!(most_severe(0), None);
    }
}
