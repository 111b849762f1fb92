//! What was done, and what the store now holds.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::{args::ImportArgs, recording::Day, summary::LogSummary};
use crate::terminal;

/// One log that was read.
pub(super) struct Log {
    pub(super) name: String,
    /// The format it was read in; none where it was empty or could not be opened.
    pub(super) format: Option<String>,
    pub(super) summary: LogSummary,
}

/// Prints the totals, and the days as the store answers them.
pub(super) fn print(
    args: &ImportArgs,
    logs: &[Log],
    total: &LogSummary,
    days: Option<&[Day]>,
    service: Option<&str>,
    took: Duration,
) {
    if args.json {
        let answer = as_json(args, logs, total, days, service, took).to_string();
        terminal::out(&terminal::escaped_json(&answer));
        return;
    }
    let seconds = took.as_secs_f64();
    for log in logs {
        let sentence = log.summary.sentence(args.dry_run);
        terminal::out(&format!("{}: {sentence}, in {seconds:.1} s", log.name));
        if log.summary.unreadable.count() > 0 {
            let numbers = log.summary.unreadable.numbers();
            terminal::err(&format!("unreadable lines: {numbers}"));
        }
        for remark in log.summary.remarks() {
            terminal::err(&format!("{}: {remark}", log.name));
        }
    }
    if logs.len() > 1 {
        terminal::out(&format!(
            "all: {}, in {seconds:.1} s",
            total.sentence(args.dry_run)
        ));
    }
    let Some(days) = days else { return };
    terminal::out(&format!(
        "{} holds for these days (UTC), service {}:",
        args.database(),
        service.unwrap_or_default()
    ));
    terminal::out(&format!(
        "{:<10} {:>10} {:>8} {:>8} {:>8} {:>16}",
        "day", "requests", "4xx", "5xx", "aborted", "response bytes"
    ));
    let mut sum = Day::default();
    for day in days {
        row(&name(day), day);
        sum.requests += day.requests;
        sum.errors_4xx += day.errors_4xx;
        sum.errors_5xx += day.errors_5xx;
        sum.aborted += day.aborted;
        sum.response_bytes += day.response_bytes;
    }
    row("total", &sum);
}

fn row(label: &str, day: &Day) {
    terminal::out(&format!(
        "{label:<10} {:>10} {:>8} {:>8} {:>8} {:>16}",
        day.requests, day.errors_4xx, day.errors_5xx, day.aborted, day.response_bytes
    ));
}

fn name(day: &Day) -> String {
    DateTime::from_timestamp(day.start, 0)
        .map_or_else(|| "?".to_owned(), |day| day.format("%Y-%m-%d").to_string())
}

fn as_json(
    args: &ImportArgs,
    logs: &[Log],
    total: &LogSummary,
    days: Option<&[Day]>,
    service: Option<&str>,
    took: Duration,
) -> Value {
    let logs: Vec<Value> = logs
        .iter()
        .map(|log| {
            let mut value = counts(&log.summary);
            value["name"] = json!(log.name);
            value["format"] = json!(log.format);
            value["unreadableLines"] = json!(log.summary.unreadable.numbers());
            value
        })
        .collect();
    let days = days.map(|days| {
        let days: Vec<Value> = days
            .iter()
            .map(|day| {
                json!({
                    "day": name(day),
                    "requests": day.requests,
                    "errors4xx": day.errors_4xx,
                    "errors5xx": day.errors_5xx,
                    "aborted": day.aborted,
                    "responseBytes": day.response_bytes,
                })
            })
            .collect();
        days
    });
    json!({
        "dryRun": args.dry_run,
        "seconds": took.as_secs_f64(),
        "service": service,
        "total": counts(total),
        "logs": logs,
        "days": days,
    })
}

fn counts(summary: &LogSummary) -> Value {
    let at = |at: Option<i64>| {
        let at = DateTime::from_timestamp(at?, 0)?;
        Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let counts = &summary.counts;
    json!({
        "lines": counts.lines,
        "requests": counts.requests,
        "unreadable": counts.unreadable,
        "leftOut": counts.left_out,
        "withTime": counts.with_time,
        "unnamedFields": counts.unnamed_fields,
        "unnamedUnits": counts.unnamed_units,
        "otherEndpoints": summary.overflow,
        "earlierLines": summary.before.lines,
        "earlierRequests": summary.before.requests,
        "first": at(counts.first),
        "last": at(counts.last),
    })
}
