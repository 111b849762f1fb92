//! Every case beside this file: a line of a log, and what it says.

use std::time::Duration;

use api_metrics_cli::format::{Entry, Format, LineOptions, detect, parse_line};
use chrono::{DateTime, SecondsFormat, Utc};

const CASES: [(&str, &str); 4] = [
    ("last_number", include_str!("cases/last_number.case")),
    ("times", include_str!("cases/times.case")),
    ("lines", include_str!("cases/lines.case")),
    ("formats", include_str!("cases/formats.case")),
];

/// One format and the lines that are read with it.
#[derive(Debug, Default)]
struct Block<'a> {
    format: &'a str,
    is_detected: bool,
    reading: LineOptions,
    steps: Vec<Step<'a>>,
}

#[derive(Debug)]
enum Step<'a> {
    Directive(&'a str),
    Line { text: &'a str, expected: &'a str },
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut pending = None;
    for line in text.lines() {
        if let Some((kind, format)) = line
            .split_once(": ")
            .filter(|(kind, _)| matches!(*kind, "format" | "detected"))
        {
            blocks.push(Block {
                format,
                is_detected: kind == "detected",
                ..Block::default()
            });
            continue;
        }
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        let block = blocks.last_mut().expect("a format comes first");
        if let Some(option) = line.strip_prefix("option: ") {
            match option.split_once('=').unwrap() {
                ("time-unit", unit) => block.reading.time_unit = Some(unit.parse().unwrap()),
                ("utc-offset", seconds) => block.reading.utc_offset = seconds.parse().unwrap(),
                (name, _) => panic!("no such option: {name}"),
            }
        } else if let Some(directive) = line.strip_prefix("directive: ") {
            block.steps.push(Step::Directive(directive));
        } else if let Some(expected) = line.strip_prefix("=> ") {
            let text = pending.take().expect("a line stands before");
            block.steps.push(Step::Line { text, expected });
        } else {
            assert!(pending.replace(line).is_none(), "nothing is said of {line}");
        }
    }
    assert!(pending.is_none());
    blocks
}

fn shown(entry: &Entry<'_>) -> String {
    let latency = entry.latency.map_or_else(
        || "-".to_owned(),
        |latency| format!("{}ms", latency.as_nanos() as f64 / 1e6),
    );
    let at = DateTime::<Utc>::from(entry.finished_at);
    let digits = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let at = digits
        .trim_end_matches('Z')
        .trim_end_matches('0')
        .trim_end_matches('.');
    format!(
        "{} {} {} {} {latency} {at}Z",
        entry.method,
        entry.path,
        entry
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string()),
        entry.response_bytes,
    )
}

#[test]
fn every_line_of_every_case_says_what_stands_below_it() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (name, text) in CASES {
        for block in blocks(text) {
            let mut format = if block.is_detected {
                let sample: Vec<&[u8]> = block
                    .steps
                    .iter()
                    .map(|step| match step {
                        Step::Directive(text) | Step::Line { text, .. } => text.as_bytes(),
                    })
                    .collect();
                let found = detect(&sample, &block.reading).unwrap().format;
                if found.name() != block.format {
                    wrong.push(format!(
                        "{name}: {} was detected as {}",
                        block.format,
                        found.name()
                    ));
                }
                found
            } else {
                Format::named_or_written(block.format)
                    .unwrap_or_else(|why| panic!("{name}: {}: {why}", block.format))
            };
            for step in &block.steps {
                let (text, expected) = match step {
                    Step::Directive(text) => {
                        assert!(format.directive(text.as_bytes()), "{text}");
                        continue;
                    }
                    Step::Line { text, expected } => (text, expected),
                };
                count += 1;
                let read = parse_line(&format, text.as_bytes(), &block.reading);
                let is_right = match (expected.strip_prefix("refused: "), &read) {
                    (Some(why), Err(said)) => said.to_string().contains(why),
                    (None, Ok(entry)) => shown(entry) == *expected,
                    _ => false,
                };
                if !is_right {
                    let read = read.map_or_else(|why| format!("refused: {why}"), |e| shown(&e));
                    wrong.push(format!(
                        "{name}: {text}\n  expected {expected}\n  read     {read}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count}");
}

#[test]
fn members_of_json_are_named_by_their_paths() {
    let mut format = Format::named_or_written("json").unwrap();
    for field in [
        "time=at:ms",
        "method=http.method",
        "path=req.0.url",
        "status=res.code",
        "latency=took.total:us",
        "bytes=res.size",
    ] {
        format.map_field(field).unwrap();
    }
    let line = br#"{"at":1795687200250,"http.method":"PUT","req":[{"url":"/a?b"}],"res":{"code":201,"size":5},"took":{"total":1500}}"#;
    let entry = parse_line(&format, line, &LineOptions::default()).unwrap();
    assert_eq!(shown(&entry), "PUT /a 201 5 1.5ms 2026-11-26T10:00:00.25Z");
    assert_eq!(entry.latency, Some(Duration::from_micros(1_500)));
    for (field, why) in [
        ("latency=took", "needs its unit"),
        ("colour=blue", "is no meaning"),
        ("status", "MEANING=PATH"),
        ("latency=took:y", "a unit is"),
    ] {
        assert!(
            format.map_field(field).unwrap_err().contains(why),
            "{field}"
        );
    }
}
