//! Which requests of a log are wanted.

use std::{fmt, str::FromStr, time::SystemTime};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use clap::ValueEnum;
use memchr::memmem;

use crate::format::Entry;

/// What to do with robots, by their user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bots {
    /// Leave them out.
    Exclude,
    /// Take them alone.
    Only,
}

impl fmt::Display for Bots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exclude => "exclude",
            Self::Only => "only",
        })
    }
}

/// A point in time on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When(SystemTime);

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self(at.into()));
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map(|midnight| Self(midnight.and_utc().into()))
            .ok_or_else(|| "a time is 2015-05-17 (UTC) or 2015-05-17T10:05:03+02:00".to_owned())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from(self.0);
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Statuses: `404`, `5xx`, `200-299`, or several of them with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statuses(Vec<(u16, u16)>);

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = |text: &str| -> Option<(u16, u16)> {
            let text = text.trim();
            if let Some(class) = text.strip_suffix("xx") {
                let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
                return Some((class * 100, class * 100 + 99));
            }
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
            (100 <= first && first <= last && last <= 999).then_some((first, last))
        };
        text.split(',')
            .map(one)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| "statuses are 404, 5xx or 200-299, with commas between them".to_owned())
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{first}-{last}")?;
        }
        Ok(())
    }
}

/// All conditions; each one that is not set lets everything through.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) since: Option<When>,
    pub(super) until: Option<When>,
    pub(super) statuses: Option<Statuses>,
    pub(super) paths: Vec<glob::Pattern>,
    pub(super) not_paths: Vec<glob::Pattern>,
    pub(super) bots: Option<Bots>,
}

/// What robots call themselves, in small letters.
const ROBOTS: [&str; 12] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "facebookexternalhit",
    "mediapartners",
    "feedfetcher",
    "pingdom",
    "uptime",
    "headless",
    "archiver",
    "validator",
];

impl Filter {
    pub(super) fn wants(&self, entry: &Entry<'_>) -> bool {
        let at = entry.finished_at;
        if self.since.is_some_and(|since| at < since.0)
            || self.until.is_some_and(|until| at >= until.0)
        {
            return false;
        }
        if let Some(statuses) = &self.statuses {
            // What was sent nothing counts as 499, as in the store.
            let status = entry.status.unwrap_or(499);
            if !statuses
                .0
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&status))
            {
                return false;
            }
        }
        let matches =
            |patterns: &[glob::Pattern]| patterns.iter().any(|one| one.matches(&entry.path));
        if (!self.paths.is_empty() && !matches(&self.paths)) || matches(&self.not_paths) {
            return false;
        }
        match self.bots {
            None => true,
            Some(wanted) => is_robot(entry) == (wanted == Bots::Only),
        }
    }
}

fn is_robot(entry: &Entry<'_>) -> bool {
    let Some(agent) = &entry.user_agent else {
        return false;
    };
    let agent = agent.to_ascii_lowercase();
    ROBOTS
        .iter()
        .any(|robot| memmem::find(&agent, robot.as_bytes()).is_some())
}

/// How many unreadable lines are too many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MaxBad {
    Lines(u64),
    Percent(f64),
}

impl MaxBad {
    /// Whether `bad` of `lines` are too many.
    pub(super) fn is_passed(self, bad: u64, lines: u64) -> bool {
        match self {
            Self::Lines(most) => bad > most,
            Self::Percent(most) => bad as f64 * 100.0 > most * lines as f64,
        }
    }
}

impl fmt::Display for MaxBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(most) => write!(f, "{most}"),
            Self::Percent(most) => write!(f, "{most}%"),
        }
    }
}

impl FromStr for MaxBad {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WRONG: &str = "--max-bad is a number of lines, or a share of them such as 1%";
        match text.strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Self::Percent),
            None => text.parse().ok().map(Self::Lines),
        }
        .ok_or_else(|| WRONG.to_owned())
    }
}

/// Seconds east of UTC of `+02:00`, `-0500` or `Z`.
pub(crate) fn utc_offset(text: &str) -> Result<i32, String> {
    let zone = DateTime::parse_from_str(
        &format!("2000-01-01 00:00:00 {text}"),
        "%Y-%m-%d %H:%M:%S %#z",
    );
    zone.map(|at| at.offset().local_minus_utc())
        .map_err(|_| "an offset is +02:00, -05:00 or Z".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::format::{Format, LineOptions, parse_line};
    use crate::settings::duration;

    fn wants(filter: &Filter, line: &str) -> bool {
        let format = Format::named_or_written("combined").unwrap();
        filter.wants(&parse_line(&format, line.as_bytes(), &LineOptions::default()).unwrap())
    }

    const LINE: &str =
        r#"h - - [17/May/2015:10:05:03 +0200] "GET /api/a HTTP/1.1" 503 1 "-" "Googlebot/2.1""#;

    #[test]
    fn each_condition_lets_through_what_it_names() {
        let since = |text: &str| Filter {
            since: Some(text.parse().unwrap()),
            ..Filter::default()
        };
        assert!(wants(&since("2015-05-17"), LINE));
        assert!(!wants(&since("2015-05-17T08:05:04Z"), LINE));
        let until = |text: &str| Filter {
            until: Some(text.parse().unwrap()),
            ..Filter::default()
        };
        assert!(wants(&until("2015-05-18"), LINE));
        assert!(!wants(&until("2015-05-17T08:05:03Z"), LINE));
        let statuses = |text: &str| Filter {
            statuses: Some(text.parse().unwrap()),
            ..Filter::default()
        };
        assert!(wants(&statuses("404,5xx"), LINE));
        assert!(!wants(&statuses("200-299"), LINE));
        let path = |text: &str| vec![glob::Pattern::new(text).unwrap()];
        assert!(wants(
            &Filter {
                paths: path("/api/*"),
                ..Filter::default()
            },
            LINE
        ));
        assert!(!wants(
            &Filter {
                not_paths: path("/api/*"),
                ..Filter::default()
            },
            LINE
        ));
        assert!(!wants(
            &Filter {
                bots: Some(Bots::Exclude),
                ..Filter::default()
            },
            LINE
        ));
        assert!(wants(
            &Filter {
                bots: Some(Bots::Only),
                ..Filter::default()
            },
            LINE
        ));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["", "20", "5x", "300-200", "0xx"] {
            assert!(text.parse::<Statuses>().is_err(), "{text}");
        }
        assert!("yesterday".parse::<When>().is_err());
        for text in ["x", "101%", "-1", "1.5"] {
            assert!(text.parse::<MaxBad>().is_err(), "{text}");
        }
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        assert!(duration("2").is_err() && duration("0s").is_err());
        assert_eq!(utc_offset("+02:00"), Ok(7_200));
        assert!(utc_offset("Berlin").is_err());
    }
}
