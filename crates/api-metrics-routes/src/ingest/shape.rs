//! One item in a shape of the collector, member by member.
//!
//! | shape | protocol | endpoint | method | beside |
//! |---|---|---|---|---|
//! | `command` | `command` | `command_name` | | `execution_time_ms` as the latency |
//! | `agent` | `agent` | `agent_name` | `interaction_type` | the units `input_tokens` and `output_tokens` |
//! | `productivity` | `productivity` | `metrics` | | each of `metrics` as a gauge of its name |
//! | `session_start` | `session` | `session` | `start` | |
//! | `session_end` | `session` | `session` | `end` | the time since its start as the latency, `metrics` as gauges |
//!
//! `status` counts as the outcome of an [event](super::event) does. Members are in snake_case, here and only here.
//! What can't be true is refused by the member's name, and nothing is guessed: a user is a UUID, a time has its unit in its
//! name, and a member of another shape is refused as every unknown one is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_metrics_layer::{
    EventKind, Gauge, MAX_UNIT_BYTES, MAX_UNITS_A_REQUEST, Outcome, Protocol, Units, UserId,
    event_label, is_unit_name,
};
use api_metrics_store::ingest::{CollectorSession, IngestItem};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::members::{instant, used};
use crate::{
    request::{Body, Member, present, required, shown, wrong},
    response::Problem,
};

/// The longest name of a command, an agent or an interaction, in characters.
const MAX_NAME_CHARS: usize = 255;
/// The longest execution: an hour.
const MAX_EXECUTION_MS: u64 = 3_600_000;
/// The most of anything that an item counts, so that sums never overflow what JSON holds exactly.
const MAX_NUMBER: u64 = 1 << 53;
/// The most members of a context.
const MAX_CONTEXT_MEMBERS: usize = 32;
/// The most bytes of a context, as JSON.
const MAX_CONTEXT_BYTES: usize = 4_096;
/// The longest request id, in bytes.
const MAX_ID_BYTES: usize = 128;
/// Members of free objects that mean something to JavaScript, and nothing to us.
const DROPPED: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A command that was executed.
    Command,
    /// An interaction with an agent.
    Agent,
    /// Named numbers at a time.
    Productivity,
    /// A session that begins.
    SessionStart,
    /// A session that ends.
    SessionEnd,
}

impl Shape {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Command,
        Self::Agent,
        Self::Productivity,
        Self::SessionStart,
        Self::SessionEnd,
    ];

    /// The name under which dead letters keep it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Agent => "agent",
            Self::Productivity => "productivity",
            Self::SessionStart => "session_start",
            Self::SessionEnd => "session_end",
        }
    }

    /// The shape of such a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.as_str() == name)
    }

    /// The protocol of its items.
    pub(crate) fn protocol(self) -> Protocol {
        Protocol::Event(match self {
            Self::Command => EventKind::COMMAND,
            Self::Agent => EventKind::AGENT,
            // A name of ours: it is a kind's.
            Self::Productivity => EventKind::new("productivity").unwrap_or(EventKind::OTHER),
            Self::SessionStart | Self::SessionEnd => EventKind::SESSION,
        })
    }
}

/// Reads an item. `at` is when it happened where it does not say so. A session's end needs its `session`.
///
/// # Errors
/// A problem that names the member.
pub(crate) fn read(
    shape: Shape,
    item: Value,
    session: Option<&CollectorSession>,
    at: SystemTime,
    now: SystemTime,
) -> Result<IngestItem, Problem> {
    let Value::Object(members) = item else {
        return Err(Problem::parameter("", "an item is a JSON object"));
    };
    let mut body = Body::from(members);
    let mut read = IngestItem::new("", "", at);
    read.protocol = shape.protocol();
    match shape {
        Shape::SessionEnd => {
            // It is in the text of a dead letter, and the path's otherwise.
            let _ = body.value("session_id");
            let session = session
                .ok_or_else(|| Problem::parameter("session_id", "there is no such session"))?;
            read.user = Some(UserId::from(session.user_id.as_str()));
        }
        _ => read.user = Some(UserId::from(user(&mut body)?)),
    }
    let time = match shape {
        Shape::SessionEnd => "end_time",
        _ => "timestamp",
    };
    if let Some(text) = required(time, body.value(time))? {
        if !text.is_string() {
            return Err(wrong(time, &text, "an RFC 3339 time"));
        }
        read.finished_at = instant(time, &text, now)?;
    }
    match shape {
        Shape::Command => {
            read.endpoint = name(&mut body, "command_name")?;
            execution(&mut body, &mut read)?;
            context(&mut body, &mut read)?;
        }
        Shape::Agent => {
            read.endpoint = name(&mut body, "agent_name")?;
            read.method = event_label(&name(&mut body, "interaction_type")?);
            execution(&mut body, &mut read)?;
            for unit in ["input_tokens", "output_tokens"] {
                if let Some(n) = tokens(&mut body, unit)? {
                    used(&mut read, unit, n);
                }
            }
            context(&mut body, &mut read)?;
        }
        Shape::Productivity => {
            "metrics".clone_into(&mut read.endpoint);
            if !numbers(&mut body, &mut read)? {
                return Err(Problem::parameter("metrics", "is missing"));
            }
        }
        Shape::SessionStart => {
            (read.method, read.endpoint) = ("start", "session".to_owned());
            context(&mut body, &mut read)?;
        }
        Shape::SessionEnd => {
            (read.method, read.endpoint) = ("end", "session".to_owned());
            let outcome = status(body.word("status", STATUSES, outcome)?)?;
            (read.status, read.outcome) = outcome.unwrap_or((Some(200), Outcome::Completed));
            read.latency = session
                .map(|session| lasted(session, read.finished_at))
                .transpose()?;
            numbers(&mut body, &mut read)?;
        }
    }
    body.finish()?;
    Ok(read)
}

/// How long a session has lasted.
///
/// # Errors
/// A problem that names `end_time`.
fn lasted(session: &CollectorSession, end: SystemTime) -> Result<Duration, Problem> {
    let started = Duration::from_millis(session.started_ms.unsigned_abs());
    end.duration_since(UNIX_EPOCH + started)
        .map_err(|_| Problem::parameter("end_time", "lies before the start of the session"))
}

/// `user_id`, in small letters.
///
/// # Errors
/// A problem that names it.
fn user(body: &mut Body) -> Result<String, Problem> {
    let user = body.word("user_id", "a UUID", user_id)?;
    present("user_id", user)
}

/// A user as the collector takes it: a UUID with its hyphens.
pub(crate) fn user_id(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.hyphenated().to_string())
}

/// A name of 1 to 255 characters.
///
/// # Errors
/// A problem that names the member.
fn name(body: &mut Body, member: &'static str) -> Result<String, Problem> {
    let name = present(member, body.text(member)?)?;
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    if !fits || name.contains('\0') {
        let detail = format!("takes 1 to {MAX_NAME_CHARS} characters without NUL");
        return Err(Problem::parameter(member, detail));
    }
    Ok(name)
}

/// How something ends, for people.
const STATUSES: &str = "one of success, error, timeout, cancelled";

/// What a status counts as; `None` for a word that is none.
pub(crate) fn outcome(name: &str) -> Option<(Option<u16>, Outcome)> {
    match name {
        "success" => Some((Some(200), Outcome::Completed)),
        "error" => Some((None, Outcome::Failed)),
        "timeout" => Some((Some(504), Outcome::Failed)),
        "cancelled" => Some((None, Outcome::Aborted)),
        _ => None,
    }
}

/// A status that may be left out and not be null.
///
/// # Errors
/// A problem that names `status`.
fn status<T>(member: Member<T>) -> Result<Option<T>, Problem> {
    required("status", member)
}

/// `execution_time_ms` and `status`.
///
/// # Errors
/// A problem that names the member.
fn execution(body: &mut Body, read: &mut IngestItem) -> Result<(), Problem> {
    let ms = present("execution_time_ms", body.count("execution_time_ms")?)?;
    if ms > MAX_EXECUTION_MS {
        let detail = format!("`{ms}` is not from 0 to {MAX_EXECUTION_MS} milliseconds");
        return Err(Problem::parameter("execution_time_ms", detail));
    }
    read.latency = Some(Duration::from_millis(ms));
    let status = present("status", body.word("status", STATUSES, outcome)?)?;
    (read.status, read.outcome) = status;
    Ok(())
}

/// A number of tokens.
///
/// # Errors
/// A problem that names the member.
fn tokens(body: &mut Body, member: &'static str) -> Result<Option<u64>, Problem> {
    match required(member, body.count(member)?)? {
        Some(n) if n > MAX_NUMBER => {
            let detail = format!("`{n}` is more than {MAX_NUMBER}");
            Err(Problem::parameter(member, detail))
        }
        n => Ok(n),
    }
}

/// The free object `metrics`, whose numbers become gauges. Whether it was there.
///
/// # Errors
/// A problem that names `metrics`.
fn numbers(body: &mut Body, read: &mut IngestItem) -> Result<bool, Problem> {
    let refused = |detail: String| Err(Problem::parameter("metrics", detail));
    let mut members = match required("metrics", body.value("metrics"))? {
        None => return Ok(false),
        Some(Value::Object(members)) => members,
        Some(other) => return Err(wrong("metrics", &other, "an object of names and numbers")),
    };
    clean(&mut members);
    if !(1..=MAX_UNITS_A_REQUEST).contains(&members.len()) {
        return refused(format!("are 1 to {MAX_UNITS_A_REQUEST} numbers"));
    }
    let units = Units::new();
    for (name, value) in members {
        let name_shown = shown(&name);
        if !is_unit_name(&name) {
            return refused(format!(
                "has `{name_shown}`, and a name has 1 to {MAX_UNIT_BYTES} letters, digits or _ - . : /"
            ));
        }
        match value.as_f64() {
            Some(number) if Gauge::of(number).is_some() => units.observe(name, number),
            _ => return refused(format!("has for `{name_shown}` no number that can be kept")),
        }
    }
    read.units = Some(units);
    Ok(true)
}

/// The free object `context`, for the request log: its `session_id` as the request's id, all of it as a line.
///
/// # Errors
/// A problem that names `context`.
fn context(body: &mut Body, read: &mut IngestItem) -> Result<(), Problem> {
    let mut members = match body.value("context") {
        None | Some(None) => return Ok(()),
        Some(Some(Value::Object(members))) => members,
        Some(Some(other)) => return Err(wrong("context", &other, "an object")),
    };
    clean(&mut members);
    let bytes = Value::Object(members.clone()).to_string().len();
    if members.len() > MAX_CONTEXT_MEMBERS || bytes > MAX_CONTEXT_BYTES {
        let detail =
            format!("takes {MAX_CONTEXT_MEMBERS} members and {MAX_CONTEXT_BYTES} bytes of JSON");
        return Err(Problem::parameter("context", detail));
    }
    if let Some(Value::String(id)) = members.get("session_id") {
        let fits = (1..=MAX_ID_BYTES).contains(&id.len());
        let visible = id.bytes().all(|byte| byte.is_ascii_graphic());
        read.request_id = (fits && visible).then(|| id.clone());
    }
    read.context = members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect();
    Ok(())
}

/// Drops what would change objects of JavaScript, at any depth.
fn clean(members: &mut Map<String, Value>) {
    members.retain(|name, value| {
        let kept = !DROPPED.contains(&name.as_str());
        if kept {
            clean_value(value);
        }
        kept
    });
}

/// The same within a value.
fn clean_value(value: &mut Value) {
    match value {
        Value::Object(members) => clean(members),
        Value::Array(values) => values.iter_mut().for_each(clean_value),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
