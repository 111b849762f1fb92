//! What a notice says to people, in parts that each kind of message lays out in its own way.

use super::{Notice, NoticeKind};
use crate::{control::alerts::Severity, text::shown};

/// A notice in parts. All texts are as they were recorded, with control characters and marks of direction written
/// out; what else a kind of message gives a meaning is escaped by that kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    /// The headline: the rule's name, or what happened.
    pub(super) title: String,
    /// What belongs behind it: how much it matters, or that it is over.
    pub(super) tail: String,
    /// All of it in one sentence.
    pub(super) text: String,
    /// Single facts: a name and a value.
    pub(super) short: Vec<(String, String)>,
    /// Lists: a name and lines.
    pub(super) lists: Vec<(String, Vec<String>)>,
    /// Red, orange, yellow, blue, and green for what is over.
    pub(super) color: u32,
}

impl Facts {
    /// What a notice says.
    pub(super) fn of(notice: &Notice) -> Self {
        let over = notice.kind == NoticeKind::AlertResolved;
        let severity = notice.severity.as_str();
        let is_digest = notice.kind == NoticeKind::WeeklyDigest;
        let tail = if is_digest {
            String::new()
        } else if over {
            " is over".to_owned()
        } else {
            format!(" ({severity})")
        };
        let rule = notice.rule.as_ref();
        let key = notice.api_key.as_ref();
        let short = [
            ("Severity", Some(severity.to_owned())),
            (
                "Event",
                Some(notice.event_id.unwrap_or(notice.id).to_string()),
            ),
            ("Service", rule.and_then(|rule| rule.service.clone())),
            (
                "Environment",
                rule.and_then(|rule| rule.environment.clone()),
            ),
            ("Endpoint", rule.and_then(|rule| rule.endpoint.clone())),
            (
                "Consumer",
                key.map(|key| key.name.clone().unwrap_or_else(|| key.external_id.clone())),
            ),
            ("Tenant", notice.tenant_id.clone()),
            ("Value", notice.value.map(number)),
            ("Threshold", Some(number(notice.threshold))),
        ];
        let causes = notice.causes.as_ref();
        let groups = causes.and_then(|causes| causes.groups.as_ref());
        let consumers = causes.and_then(|causes| causes.consumers.as_ref());
        let digest = notice.digest.iter();
        let sections = digest.flat_map(|digest| &digest.sections);
        let lists = [
            (
                "Alerts",
                notice.alerts.iter().map(|alert| alert.line()).collect(),
            ),
            (
                "Largest errors",
                groups
                    .into_iter()
                    .flatten()
                    .map(|group| group.line())
                    .collect::<Vec<_>>(),
            ),
            (
                "Largest consumers",
                consumers
                    .into_iter()
                    .flatten()
                    .map(|who| who.line())
                    .collect(),
            ),
        ];
        Self {
            title: shown(&notice.title).to_string(),
            tail,
            text: shown(&notice.message).to_string(),
            short: short
                .into_iter()
                // What a digest says, it says in lists.
                .filter(|_| !is_digest)
                .filter_map(|(name, value)| Some((name.to_owned(), shown(&value?).to_string())))
                .collect(),
            lists: lists
                .into_iter()
                .filter(|(_, lines)| !lines.is_empty())
                .map(|(name, lines)| (name.to_owned(), listed(&lines)))
                .chain(sections.map(|section| (section.title.clone(), listed(&section.lines))))
                .collect(),
            color: match notice.severity {
                _ if over => 0x2e_7d32,
                Severity::Critical => 0xb7_1c1c,
                Severity::High => 0xe6_5100,
                Severity::Medium => 0xf9_a825,
                Severity::Low => 0x15_65c0,
            },
        }
    }
}

impl Facts {
    /// The headline with what belongs behind it.
    pub(super) fn head(&self) -> String {
        format!("{}{}", self.title, self.tail)
    }
}

/// Lines that a list shows at most: a message that is too long is refused as a whole.
const LISTED: usize = 20;

/// The first lines, and how many there are beyond.
fn listed(lines: &[String]) -> Vec<String> {
    let mut listed: Vec<String> = lines
        .iter()
        .take(LISTED)
        .map(|line| shown(line).to_string())
        .collect();
    if lines.len() > LISTED {
        listed.push(format!("and {} more", lines.len() - LISTED));
    }
    listed
}

/// A number with two decimals at most.
fn number(value: f64) -> String {
    ((value * 100.0).round() / 100.0).to_string()
}

/// Writes a backslash in front of each of the characters that a kind of message gives a meaning.
#[cfg(feature = "webhook")]
pub(super) fn backslashed(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
