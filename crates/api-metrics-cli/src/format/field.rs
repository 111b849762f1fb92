//! The meanings that a field of a log can have.

use std::{borrow::Cow, fmt, str::FromStr};

use super::{
    entry::{Draft, LineOptions, Reject},
    time::{self, TimeFormat},
    value::{self, Status},
};

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Seconds, with or without a fraction.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second.
    Nanoseconds,
    /// Each value names its own unit, as Go writes durations: `250ms`, `1m2.5s`.
    Written,
}

impl Unit {
    /// How many make a second.
    pub(super) const fn per_second(self) -> u64 {
        match self {
            Self::Seconds | Self::Written => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }
}

impl FromStr for Unit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "s" => Ok(Self::Seconds),
            "ms" => Ok(Self::Milliseconds),
            "us" | "µs" => Ok(Self::Microseconds),
            "ns" => Ok(Self::Nanoseconds),
            "written" => Ok(Self::Written),
            _ => Err("a unit is s, ms, us, ns, or written (each value names its own)".to_owned()),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
            Self::Written => "written",
        })
    }
}

/// What a field means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    /// Nothing that is kept.
    Ignored,
    /// A value that may be a list (`0.1, 0.2 : 0.3`), as nginx writes those of its upstreams.
    IgnoredList,
    /// When the request ended.
    FinishedAt(TimeFormat),
    /// When the request began.
    StartedAt(TimeFormat),
    /// A day and a time of day in two fields.
    Date,
    Clock,
    /// `GET /path HTTP/1.1`.
    Request,
    Method,
    /// A path, with or without query and host.
    Target,
    Status,
    /// Bytes of the response's body.
    ResponseBody,
    /// Bytes of the response with its head.
    ResponseTotal,
    RequestBody,
    RequestTotal,
    /// From the request's start to its end. `None`: the format names no unit.
    Latency(Option<Unit>),
    /// A duration in seconds that its writer always gives with a fraction, as nginx does.
    FractionalLatency,
    /// One of several durations whose sum is the latency.
    LatencyPart(Unit),
    UserAgent,
}

impl Field {
    /// Whether it tells when the request was.
    pub(super) const fn is_time(&self) -> bool {
        matches!(
            self,
            Self::FinishedAt(_) | Self::StartedAt(_) | Self::Date | Self::Clock
        )
    }

    /// Whether it tells how long the request took.
    pub(super) const fn is_latency(&self) -> bool {
        matches!(
            self,
            Self::Latency(_) | Self::FractionalLatency | Self::LatencyPart(_)
        )
    }

    /// Takes a value of the line into the draft.
    pub(super) fn put<'a>(
        &self,
        value: &'a [u8],
        draft: &mut Draft<'a>,
        reading: &LineOptions,
    ) -> Result<(), Reject> {
        match self {
            Self::Ignored | Self::IgnoredList => {}
            Self::FinishedAt(format) => draft.at = Some(format.parse(value, reading)?),
            Self::StartedAt(format) => {
                draft.at = Some(format.parse(value, reading)?);
                draft.is_start = true;
            }
            Self::Date => draft.date = Some(time::date(value)?),
            Self::Clock => draft.clock = Some(time::clock(value)?),
            Self::Request => {
                let (method, path) = value::request_line(value);
                draft.method = Some(method);
                draft.path = Some(path);
            }
            Self::Method => draft.method = Some(value::method(value)),
            Self::Target => draft.path = Some(value::path(value)),
            Self::Status => draft.status = Some(Status::parse(value)?),
            Self::ResponseBody => draft.response_body = Some(value::bytes(value)?),
            Self::ResponseTotal => draft.response_total = Some(value::bytes(value)?),
            Self::RequestBody => draft.request_body = Some(value::bytes(value)?),
            Self::RequestTotal => draft.request_total = Some(value::bytes(value)?),
            Self::Latency(unit) => match reading.time_unit.or(*unit) {
                Some(unit) => {
                    // Of several, the first one that is known counts: they are ordered by the format.
                    let time = value::duration(value, unit)?;
                    draft.latency = draft.latency.or(time);
                }
                None => draft.has_unnamed_unit = true,
            },
            Self::FractionalLatency => {
                let is_whole = value.len() > 1 && value.iter().all(u8::is_ascii_digit);
                if is_whole && reading.time_unit.is_none() {
                    return Err(Reject::WholeTime);
                }
                Self::Latency(Some(Unit::Seconds)).put(value, draft, reading)?;
            }
            Self::LatencyPart(unit) => {
                match value::duration(value, reading.time_unit.unwrap_or(*unit))? {
                    Some(part) => {
                        draft.parts = draft.parts.unwrap_or_default().checked_add(part);
                    }
                    None => draft.lacks_part = true,
                }
            }
            Self::UserAgent => {
                draft.user_agent = (!matches!(value, b"-" | b"")).then_some(Cow::Borrowed(value));
            }
        }
        Ok(())
    }
}
