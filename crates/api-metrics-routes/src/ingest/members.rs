//! The members that requests and events have in common.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api_metrics_layer::{
    ApiKey, ErrorDetail, MAX_API_KEY_BYTES, MAX_UNIT_BYTES, TraceContext, Units, UserId,
    is_unit_name,
};
use api_metrics_store::ingest::IngestItem;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    request::{Body, Member, present, required, shown, wrong},
    response::Problem,
};

/// How far ahead of our clock something may have ended.
const MOST_AHEAD: Duration = Duration::from_secs(3_600);
/// The longest time: a day.
const MAX_MS: f64 = 86_400_000.0;
/// Numbers below are no Unix milliseconds of this century: somebody has sent seconds.
const FIRST_MS: i64 = 946_684_800_000;
/// The longest request id, in bytes.
const MAX_ID_BYTES: usize = 128;

/// What went wrong, for the request log.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = ReportedError))]
#[expect(dead_code, reason = "the shape of what `detail` reads")]
pub(super) struct ReportedError {
    /// A name for the kind of error, cut to 128 bytes.
    #[cfg_attr(test, schema(example = "ledger_locked"))]
    r#type: Option<String>,
    /// A sentence for people, cut to 1,024 bytes. Values that callers have sent don't belong into it.
    #[cfg_attr(test, schema(example = "the ledger is locked"))]
    message: String,
}

/// When it ended, from `time`; now, where it is left out.
///
/// # Errors
/// A problem that names `time`.
pub(super) fn time(body: &mut Body, now: SystemTime) -> Result<SystemTime, Problem> {
    let time = required("time", body.value("time"))?;
    time.map_or(Ok(now), |time| instant("time", &time, now))
}

/// What is for the request log alone, and the consumer: `key`, `user`, `trace`, `requestId`, `error`.
///
/// # Errors
/// A problem that names the member.
pub(super) fn detail(body: &mut Body, item: &mut IngestItem) -> Result<(), Problem> {
    let key = label("key", body.text("key")?, MAX_API_KEY_BYTES)?;
    item.api_key = key.map(ApiKey::from);
    let user = label("user", body.text("user")?, MAX_API_KEY_BYTES)?;
    item.user = user.map(UserId::from);
    let trace = body.word(
        "trace",
        "a traceparent like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        TraceContext::parse,
    )?;
    item.trace = trace.flatten();
    let id = body.word(
        "requestId",
        "1 to 128 visible characters of ASCII",
        |text| {
            let fits = (1..=MAX_ID_BYTES).contains(&text.len());
            (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
        },
    )?;
    item.request_id = id.flatten();
    item.error = error(body)?;
    Ok(())
}

/// What it used: the member `units`, whole numbers by the names of units, of which there are at most `most`.
///
/// # Errors
/// A problem that names `units`.
pub(super) fn units(body: &mut Body, item: &mut IngestItem, most: usize) -> Result<(), Problem> {
    let refused = |detail: String| Err(Problem::parameter("units", detail));
    let members = match required("units", body.value("units"))? {
        None => return Ok(()),
        Some(Value::Object(members)) => members,
        Some(_) => return refused("must be an object of names and whole numbers".into()),
    };
    if members.len() > most {
        return refused(format!("are at most {most}"));
    }
    for (name, amount) in members {
        let name_shown = shown(&name);
        if !is_unit_name(&name) {
            return refused(format!(
                "has `{name_shown}`, and a name has 1 to {MAX_UNIT_BYTES} letters, digits or _ - . : /"
            ));
        }
        let Some(amount) = amount.as_u64() else {
            return refused(format!("has for `{name_shown}` no whole number from 0 up"));
        };
        used(item, name, amount);
    }
    Ok(())
}

/// Counts what an item has used of a unit.
pub(super) fn used(item: &mut IngestItem, name: impl Into<Cow<'static, str>>, amount: u64) {
    item.units
        .get_or_insert_with(Units::new)
        .count(name, amount);
}

/// The member `error`.
///
/// # Errors
/// A problem that names the member, or what in it is wrong.
fn error(body: &mut Body) -> Result<Option<ErrorDetail>, Problem> {
    let members = match body.value("error") {
        None | Some(None) => return Ok(None),
        Some(Some(Value::Object(members))) => members,
        Some(Some(other)) => {
            let expected = "an object with `message`, and `type` where there is one";
            return Err(wrong("error", &other, expected));
        }
    };
    let mut inner = Body::from(members);
    let read = |inner: &mut Body| {
        let message = present("message", inner.text("message")?)?;
        let detail = ErrorDetail::new(message);
        Ok(match inner.text("type")?.flatten() {
            Some(name) => detail.with_type(name),
            None => detail,
        })
    };
    let detail = read(&mut inner).and_then(|detail| inner.finish().map(|()| detail));
    detail.map(Some).map_err(|problem: Problem| {
        let member = problem.named().unwrap_or_default();
        Problem::parameter(format!("error.{member}"), problem.detail().to_owned())
    })
}

/// A text that can be a label, where there is one.
///
/// # Errors
/// A problem that names the member.
pub(super) fn label(
    name: &'static str,
    text: Member<String>,
    max: usize,
) -> Result<Option<String>, Problem> {
    let text = text.flatten();
    text.map(|text| checked(name, text, max)).transpose()
}

/// A text that can be a label: not empty, not longer than labels are kept, and storable everywhere.
///
/// # Errors
/// A problem that names the member.
pub(super) fn checked(name: &'static str, text: String, max: usize) -> Result<String, Problem> {
    if text.is_empty() || text.len() > max || text.contains('\0') {
        let detail = format!("takes 1 to {max} bytes without NUL");
        return Err(Problem::parameter(name, detail));
    }
    Ok(text)
}

/// When it ended. A number is Unix milliseconds; one that would be before the year 2000 is refused, because
/// somebody has sent seconds.
///
/// # Errors
/// A problem that names the member.
pub(crate) fn instant(
    name: &'static str,
    time: &Value,
    now: SystemTime,
) -> Result<SystemTime, Problem> {
    let expected = "an RFC 3339 time like 2026-05-17T00:00:00.250Z, or Unix milliseconds";
    let millis = match time {
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .map(|at| at.timestamp_millis())
            .map_err(|_| wrong(name, time, expected))?,
        Value::Number(number) => number
            .as_i64()
            .filter(|millis| *millis >= FIRST_MS)
            .ok_or_else(|| wrong(name, time, expected))?,
        _ => return Err(wrong(name, time, expected)),
    };
    let at = if millis < 0 {
        UNIX_EPOCH.checked_sub(Duration::from_millis(millis.unsigned_abs()))
    } else {
        UNIX_EPOCH.checked_add(Duration::from_millis(millis.unsigned_abs()))
    };
    match at {
        Some(at) if at <= now + MOST_AHEAD => Ok(at),
        _ => Err(Problem::parameter(name, "lies more than an hour ahead")),
    }
}

/// A time in milliseconds, fractions included, of at most a day.
///
/// # Errors
/// A problem that names the member.
pub(super) fn millis(name: &'static str, number: Member<f64>) -> Result<Option<Duration>, Problem> {
    let Some(millis) = number.flatten() else {
        return Ok(None);
    };
    if !(0.0..=MAX_MS).contains(&millis) {
        let detail = format!("`{millis}` is not from 0 to {MAX_MS} milliseconds");
        return Err(Problem::parameter(name, detail));
    }
    Ok(Some(Duration::from_secs_f64(millis / 1_000.0)))
}
