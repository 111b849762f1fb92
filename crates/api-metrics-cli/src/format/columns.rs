//! The W3C extended format, whose directive `#Fields` names the columns: IIS and CloudFront.

use memchr::memchr;

use super::{
    entry::{Draft, Entry, LineOptions, Reject},
    field::{Field, Unit},
};

/// Whose columns they are: it decides the unit of `time-taken`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// Nobody knows until a directive names the software.
    Unknown,
    /// IIS writes milliseconds.
    Iis,
    /// CloudFront writes seconds.
    CloudFront,
}

/// The columns that the last `#Fields` named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    writer: Writer,
    columns: Vec<Field>,
    separator: u8,
}

impl Columns {
    pub(super) const fn new(writer: Writer) -> Self {
        Self {
            writer,
            columns: Vec::new(),
            separator: b' ',
        }
    }

    pub(super) fn has_latency(&self) -> bool {
        self.columns.iter().any(Field::is_latency)
    }

    /// Takes a directive in; true when the line was one.
    pub(super) fn directive(&mut self, line: &[u8]) -> bool {
        let Some(text) = line.strip_prefix(b"#") else {
            return false;
        };
        let text = String::from_utf8_lossy(text);
        if let Some(software) = text.strip_prefix("Software:") {
            if software.contains("Microsoft") {
                self.writer = Writer::Iis;
            }
        } else if let Some(names) = text.strip_prefix("Fields:") {
            if names.contains("x-edge-location") {
                self.writer = Writer::CloudFront;
            }
            self.separator = if self.writer == Writer::CloudFront {
                b'\t'
            } else {
                b' '
            };
            self.columns = names
                .split_ascii_whitespace()
                .map(|name| self.column(name))
                .collect();
        }
        true
    }

    fn column(&self, name: &str) -> Field {
        match name {
            "date" => Field::Date,
            "time" => Field::Clock,
            "cs-method" => Field::Method,
            "cs-uri-stem" | "cs-uri" => Field::Target,
            "sc-status" => Field::Status,
            "sc-bytes" => Field::ResponseTotal,
            "cs-bytes" => Field::RequestTotal,
            "cs(User-Agent)" => Field::UserAgent,
            "time-taken" => Field::Latency(match self.writer {
                Writer::Unknown => None,
                Writer::Iis => Some(Unit::Milliseconds),
                Writer::CloudFront => Some(Unit::Seconds),
            }),
            _ => Field::Ignored,
        }
    }

    pub(super) fn parse<'a>(
        &self,
        line: &'a [u8],
        reading: &LineOptions,
    ) -> Result<Entry<'a>, Reject> {
        if self.columns.is_empty() {
            return Err(Reject::Malformed("no #Fields directive came before it"));
        }
        let mut draft = Draft::default();
        let mut rest = Some(line);
        for field in &self.columns {
            let text = rest.ok_or(Reject::Malformed("it has fewer fields than #Fields names"))?;
            let end = memchr(self.separator, text).unwrap_or(text.len());
            field.put(&text[..end], &mut draft, reading)?;
            rest = text.get(end + 1..);
        }
        if rest.is_some_and(|rest| !rest.trim_ascii().is_empty()) {
            return Err(Reject::Malformed("it has more fields than #Fields names"));
        }
        draft.finish(reading)
    }
}
