//! The numbers of one window.
//! Commands and agents are told apart by their counts, and together in everything else: a user waits for both. Named
//! numbers are gauges, so that their means roll up; those of sessions that ended are among them.

use std::collections::BTreeMap;

use api_metrics_store::bucket::Bucket;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::windows::merge;
use crate::response::{Figures, GaugeView, Problem, is_running, time};

/// The sums of one window, by kind.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// Commands.
    pub(super) commands: Option<Bucket>,
    /// Interactions with agents.
    pub(super) agents: Option<Bucket>,
    /// Sessions that began.
    pub(super) starts: Option<Bucket>,
    /// Sessions that ended, whose latency is how long they have lasted.
    pub(super) ends: Option<Bucket>,
    /// Samples of named numbers.
    pub(super) numbers: Option<Bucket>,
}

/// The numbers of a window. Rates and times are of commands and agents together; both are null where there was none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct WindowRow {
    /// The first instant of the window.
    pub(super) window_start: DateTime<Utc>,
    /// The first instant after it.
    pub(super) window_end: DateTime<Utc>,
    /// Whether it is not over yet.
    pub(super) partial: bool,
    /// Commands and interactions with agents.
    pub(super) total_count: u64,
    /// Commands.
    pub(super) command_count: u64,
    /// Interactions with agents.
    pub(super) agent_count: u64,
    /// Sessions that began.
    pub(super) session_count: u64,
    /// Commands and interactions that succeeded.
    pub(super) success_count: u64,
    /// Those that failed or took too long.
    pub(super) error_count: u64,
    /// Those that were cancelled; no errors.
    pub(super) cancelled_count: u64,
    /// Errors in percent.
    pub(super) error_rate: Option<f64>,
    /// 100 minus `error_rate`.
    pub(super) success_rate: Option<f64>,
    /// How long they took on average, in milliseconds.
    pub(super) avg_execution_time_ms: Option<f64>,
    /// The shortest.
    pub(super) min_execution_time_ms: Option<f64>,
    /// The longest.
    pub(super) max_execution_time_ms: Option<f64>,
    /// The median.
    pub(super) p50_execution_time_ms: Option<f64>,
    /// The time that 95% of them do not exceed.
    pub(super) p95_execution_time_ms: Option<f64>,
    /// The time that 99% of them do not exceed.
    pub(super) p99_execution_time_ms: Option<f64>,
    /// How long sessions that ended have lasted on average, in milliseconds.
    pub(super) avg_session_ms: Option<f64>,
    /// Tokens that agents were given.
    pub(super) input_tokens: u64,
    /// Tokens that agents have given.
    pub(super) output_tokens: u64,
    /// Named numbers of users and sessions, by name.
    pub(super) metrics: BTreeMap<String, GaugeView>,
}

impl WindowRow {
    /// The columns of an export, in their order. Named numbers are one column.
    pub(super) const COLUMNS: [&'static str; 22] = [
        "window_start",
        "window_end",
        "partial",
        "total_count",
        "command_count",
        "agent_count",
        "session_count",
        "success_count",
        "error_count",
        "cancelled_count",
        "error_rate",
        "success_rate",
        "avg_execution_time_ms",
        "min_execution_time_ms",
        "max_execution_time_ms",
        "p50_execution_time_ms",
        "p95_execution_time_ms",
        "p99_execution_time_ms",
        "avg_session_ms",
        "input_tokens",
        "output_tokens",
        "metrics",
    ];

    /// The numbers by their names, for those who choose among them.
    pub(super) fn numbers(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // A struct is always an object.
            _ => Map::new(),
        }
    }

    /// The mean of a named number; `None` where the window has none of that name.
    pub(super) fn mean(&self, name: &str) -> Option<f64> {
        self.metrics.get(name).map(GaugeView::mean)
    }
}

impl Kinds {
    /// The numbers of a window, as of this instant in microseconds.
    ///
    /// # Errors
    /// 500 where latencies can't be merged.
    pub(super) fn row(self, (start, end): (i64, i64), as_of_us: i64) -> Result<WindowRow, Problem> {
        let of = |bucket: &Option<Bucket>| Figures::of(bucket.as_ref());
        let (commands, agents) = (of(&self.commands), of(&self.agents));
        let (starts, ends) = (of(&self.starts), of(&self.ends));
        let (mut both, mut numbers) = (self.commands, self.numbers);
        for (sum, more) in [(&mut both, &self.agents), (&mut numbers, &self.ends)] {
            if let Some(more) = more {
                merge(sum, more)?;
            }
        }
        let both = Figures::of(both.as_ref());
        let tokens = |name: &str| agents.units.get(name).copied().unwrap_or_default();
        Ok(WindowRow {
            window_start: time(start),
            window_end: time(end),
            partial: is_running(end, as_of_us),
            total_count: both.requests,
            command_count: commands.requests,
            agent_count: agents.requests,
            session_count: starts.requests,
            success_count: both
                .requests
                .saturating_sub(both.errors.saturating_add(both.aborted)),
            error_count: both.errors,
            cancelled_count: both.aborted,
            error_rate: both.error_rate,
            success_rate: both.success_rate,
            avg_execution_time_ms: both.average_ms,
            min_execution_time_ms: both.min_ms,
            max_execution_time_ms: both.max_ms,
            p50_execution_time_ms: both.p50_ms,
            p95_execution_time_ms: both.p95_ms,
            p99_execution_time_ms: both.p99_ms,
            avg_session_ms: ends.average_ms,
            input_tokens: tokens("input_tokens"),
            output_tokens: tokens("output_tokens"),
            metrics: Figures::of(numbers.as_ref()).gauges,
        })
    }
}

/// A window for the document.
#[cfg(test)]
pub(super) fn example() -> Value {
    serde_json::json!({
        "window_start": "2026-05-18T09:00:00Z", "window_end": "2026-05-18T10:00:00Z", "partial": true,
        "total_count": 40, "command_count": 32, "agent_count": 8, "session_count": 2, "success_count": 37,
        "error_count": 2, "cancelled_count": 1, "error_rate": 5.0, "success_rate": 95.0,
        "avg_execution_time_ms": 812.5, "min_execution_time_ms": 12.0, "max_execution_time_ms": 8_250.0,
        "p50_execution_time_ms": 640.0, "p95_execution_time_ms": 4_100.0, "p99_execution_time_ms": 8_250.0,
        "avg_session_ms": 1_260_000.0, "input_tokens": 6_496, "output_tokens": 512,
        "metrics": {"productivity_score": {"count": 4, "mean": 86.25, "min": 81.0, "max": 92.0, "sum": 345.0}}
    })
}
