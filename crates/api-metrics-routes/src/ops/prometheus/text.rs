//! The two text formats: families with help and type, samples with escaped labels, exemplars where the format has them.
//!
//! Written by hand: the formats are small, and labels are all that needs care.
//!
//! | in a label | is written as |
//! |---|---|
//! | a backslash | two |
//! | a quotation mark | one behind a backslash |
//! | a line feed | a backslash and an `n` |
//!
//! Other control characters are left as they are: both formats allow them, and whoever shows a label escapes it.

use std::fmt::Write as _;

use super::exemplars::Exemplar;

/// What a scraper reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    /// The exposition format that every Prometheus reads.
    #[default]
    Text,
    /// OpenMetrics 1.0, which has exemplars.
    OpenMetrics,
}

impl Format {
    /// Its media type.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The best that is accepted. Where the header names several, the heaviest wins, and OpenMetrics at equal
    /// weight; who names neither, or another version alone, gets the text.
    pub(super) fn accepted(header: &str) -> Self {
        let (mut text, mut open) = (0.0_f64, 0.0_f64);
        for one in header.split(',') {
            let mut parts = one.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let (mut weight, mut is_known) = (1.0, true);
            for part in parts {
                match part.split_once('=') {
                    Some(("q", q)) => weight = q.trim().parse().unwrap_or(0.0),
                    Some(("version", version)) if kind == "application/openmetrics-text" => {
                        is_known = matches!(version.trim_matches('"'), "1.0.0" | "0.0.1");
                    }
                    _ => {}
                }
            }
            match kind.as_str() {
                "application/openmetrics-text" if is_known => open = open.max(weight),
                "text/plain" | "text/*" | "*/*" => text = text.max(weight),
                _ => {}
            }
        }
        if open > 0.0 && open >= text {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// What is written.
#[derive(Debug, Default)]
pub(super) struct MetricsText {
    format: Format,
    text: String,
}

impl MetricsText {
    /// Nothing yet, in this format.
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            text: String::new(),
        }
    }

    /// Begins a family; its samples follow. A counter's name ends with `_total`, in both formats.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let family = match (self.format, kind) {
            (Format::OpenMetrics, "counter") => name.strip_suffix("_total").unwrap_or(name),
            _ => name,
        };
        // Writing into a string does not fail.
        let _ = writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} {kind}");
    }

    /// Adds a sample to the family that was begun last.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.sample_like(name, labels, value, None);
    }

    /// The same with one of the requests that it counts, where the format has that.
    pub(super) fn sample_like(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        value: f64,
        exemplar: Option<&Exemplar>,
    ) {
        self.text.push_str(name);
        if !labels.is_empty() {
            self.labels(labels);
        }
        let _ = write!(self.text, " {value}");
        if let Some(exemplar) = exemplar.filter(|_| self.format == Format::OpenMetrics) {
            self.text.push_str(" # ");
            self.labels(&exemplar.labels());
            let _ = write!(self.text, " {} {}", exemplar.seconds(), exemplar.at());
        }
        self.text.push('\n');
    }

    fn labels(&mut self, labels: &[(&str, &str)]) {
        for (i, (label, value)) in labels.iter().enumerate() {
            self.text.push(if i == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{label}=\"");
            self.escaped(value);
            self.text.push('"');
        }
        self.text.push('}');
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A label may hold what a caller has sent.
    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
    }

    /// The whole text.
    pub(super) fn into_string(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// A count as a sample; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus has no other numbers"
)]
pub(super) const fn count(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_can_not_leave_its_quotes_or_its_line() {
        let mut text = MetricsText::default();
        text.sample("m", &[("route", "a\"} 1\nb\\")], 2.0);
        assert_eq!(text.into_string(), "m{route=\"a\\\"} 1\\nb\\\\\"} 2\n");
    }

    #[test]
    fn openmetrics_names_a_counter_without_its_ending_and_has_an_end() {
        let mut text = MetricsText::new(Format::OpenMetrics);
        text.single("a_total", "counter", "As.", 1.0);
        let expected = "# HELP a As.\n# TYPE a counter\na_total 1\n# EOF\n";
        assert_eq!(text.into_string(), expected);
    }

    #[test]
    fn a_scraper_gets_the_format_that_it_prefers() {
        use Format::{OpenMetrics, Text};

        for (header, format) in [
            ("", Text),
            ("*/*", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("application/openmetrics-text; version=2.0.0", Text),
            ("application/openmetrics-text;q=0, text/plain", Text),
            ("text/plain;q=0.5,application/openmetrics-text;q=0.4", Text),
            // Prometheus 2 and 3, and what a browser sends.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OpenMetrics,
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Text,
            ),
        ] {
            assert_eq!(Format::accepted(header), format, "{header}");
        }
    }
}
