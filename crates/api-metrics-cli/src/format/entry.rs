//! What a line says about a request, and why a line says nothing.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    field::Unit,
    value::{OTHER_METHOD, Status},
};

/// One request, as a line of a log tells it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// When the request ended. Where a log has the start and the duration, their sum.
    pub finished_at: SystemTime,
    /// A standard method, or `_OTHER`.
    pub method: &'static str,
    /// The path without its query; `-` where the log has none.
    pub path: Cow<'a, str>,
    /// The status that was sent. `None`: none was, because the client left (499, 000, `-`, -1).
    pub status: Option<u16>,
    /// Bytes of the request's body, or of the whole request where the log has only those.
    pub request_bytes: u64,
    /// Bytes of the response's body, or of the whole response where the log has only those.
    pub response_bytes: u64,
    /// From the request's start to its end. `None`: the line has no time that the format names.
    pub latency: Option<Duration>,
    /// The `User-Agent`, as the log wrote it.
    pub user_agent: Option<Cow<'a, [u8]>>,
    /// Whether the line has fields whose meaning the format does not name.
    pub has_unnamed_fields: bool,
    /// Whether the line has a time whose unit nobody named; it is not used.
    pub has_unnamed_unit: bool,
}

impl Entry<'_> {
    /// The same entry, independent of the line that it was read from.
    #[must_use]
    pub fn into_owned(self) -> Entry<'static> {
        Entry {
            finished_at: self.finished_at,
            method: self.method,
            path: Cow::Owned(self.path.into_owned()),
            status: self.status,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            latency: self.latency,
            user_agent: self.user_agent.map(|agent| Cow::Owned(agent.into_owned())),
            has_unnamed_fields: self.has_unnamed_fields,
            has_unnamed_unit: self.has_unnamed_unit,
        }
    }
}

/// Why a line can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reject {
    /// The line is not of this format: what is missing or malformed.
    Malformed(&'static str),
    /// The line does not go on as the format says: the text that was expected.
    Expected(Box<str>),
    /// The duration is longer than the settings allow, so its unit is probably another one.
    ImplausibleTime(Duration),
    /// The duration is a whole number of ten or more where its writer gives seconds with a fraction.
    WholeTime,
    /// It happened after now. A store counts such requests in the current minute, where they were not.
    Future(SystemTime),
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => f.write_str(what),
            Self::Expected(text) => write!(f, "it has no {text:?} where the format has it"),
            Self::ImplausibleTime(time) => write!(
                f,
                "a request of {} s is implausible: name the unit of its time with --time-unit, \
                 or allow it with --max-time",
                time.as_secs_f64()
            ),
            Self::WholeTime => f.write_str(
                "its request time is a whole number, but nginx writes seconds with a fraction: it is \
                 another field, or of another unit, which --time-unit names",
            ),
            Self::Future(at) => write!(
                f,
                "it is of {}, which has not come yet: name the log's zone with --utc-offset, or leave such \
                 lines out with --until",
                DateTime::<Utc>::from(*at).to_rfc3339_opts(SecondsFormat::Secs, true)
            ),
        }
    }
}

impl std::error::Error for Reject {}

/// What decides about values that a format leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineOptions {
    /// The unit of the request's duration; wins over what the format says.
    pub time_unit: Option<Unit>,
    /// Longer durations are implausible, and their lines are refused.
    pub max_time: Duration,
    /// Seconds east of UTC, for times that name no zone.
    pub utc_offset: i32,
}

impl Default for LineOptions {
    fn default() -> Self {
        Self {
            time_unit: None,
            max_time: Duration::from_secs(86_400),
            utc_offset: 0,
        }
    }
}

/// A point in time: Unix seconds and nanoseconds above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

impl Instant {
    pub(super) fn system(self) -> Option<SystemTime> {
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let at = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        at?.checked_add(Duration::from_nanos(self.nanos.into()))
    }
}

/// An entry while its fields come in.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) at: Option<Instant>,
    pub(super) is_start: bool,
    pub(super) date: Option<i64>,
    pub(super) clock: Option<Instant>,
    pub(super) method: Option<&'static str>,
    pub(super) path: Option<Cow<'a, str>>,
    pub(super) status: Option<Status>,
    pub(super) response_body: Option<u64>,
    pub(super) response_total: Option<u64>,
    pub(super) request_body: Option<u64>,
    pub(super) request_total: Option<u64>,
    pub(super) latency: Option<Duration>,
    /// Durations that are added up, as a load balancer writes them.
    pub(super) parts: Option<Duration>,
    /// One of the parts is unknown, so the sum is.
    pub(super) lacks_part: bool,
    pub(super) user_agent: Option<Cow<'a, [u8]>>,
    pub(super) has_unnamed_fields: bool,
    pub(super) has_unnamed_unit: bool,
}

impl<'a> Draft<'a> {
    /// The entry, once all fields of the line are in.
    pub(super) fn finish(self, reading: &LineOptions) -> Result<Entry<'a>, Reject> {
        let at = self
            .at
            .or_else(|| {
                let (date, clock) = (self.date?, self.clock?);
                Some(Instant {
                    seconds: date
                        .checked_add(clock.seconds)?
                        .checked_sub(reading.utc_offset.into())?,
                    nanos: clock.nanos,
                })
            })
            .ok_or(Reject::Malformed("it has no time"))?;
        let status = self
            .status
            .ok_or(Reject::Malformed("it has no status"))?
            .sent();
        let latency = match (self.latency, self.parts) {
            (None, Some(sum)) if !self.lacks_part => Some(sum),
            (latency, _) => latency,
        };
        if let Some(time) = latency.filter(|time| *time > reading.max_time) {
            return Err(Reject::ImplausibleTime(time));
        }
        let mut finished_at = at
            .system()
            .ok_or(Reject::Malformed("its time is out of range"))?;
        if let (true, Some(latency)) = (self.is_start, latency) {
            finished_at = finished_at
                .checked_add(latency)
                .ok_or(Reject::Malformed("its time is out of range"))?;
        }
        Ok(Entry {
            finished_at,
            method: self.method.unwrap_or(OTHER_METHOD),
            path: self.path.unwrap_or(Cow::Borrowed("-")),
            status,
            request_bytes: self.request_body.or(self.request_total).unwrap_or(0),
            response_bytes: self.response_body.or(self.response_total).unwrap_or(0),
            latency,
            user_agent: self.user_agent,
            has_unnamed_fields: self.has_unnamed_fields,
            has_unnamed_unit: self.has_unnamed_unit,
        })
    }
}
