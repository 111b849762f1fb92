//! Logs with a JSON object a line, read by the paths of their members.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    entry::{Draft, Entry, LineOptions, Reject},
    field::{Field, Unit},
    nginx,
    time::TimeFormat,
};

/// Where the fields of a JSON log are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Json {
    members: Vec<(Box<str>, Field)>,
}

impl Json {
    /// Caddy's access log: `ts` is when the request ended, `duration` in seconds.
    pub(super) fn caddy() -> Self {
        Self::of(vec![
            ("ts", Field::FinishedAt(TimeFormat::Any)),
            ("request.method", Field::Method),
            ("request.uri", Field::Target),
            ("status", Field::Status),
            ("size", Field::ResponseBody),
            ("bytes_read", Field::RequestBody),
            ("duration", Field::Latency(Some(Unit::Seconds))),
            ("request.headers.User-Agent.0", Field::UserAgent),
        ])
    }

    /// Traefik's access log: `Duration` in nanoseconds since `StartUTC`.
    pub(super) fn traefik() -> Self {
        Self::of(vec![
            ("StartUTC", Field::StartedAt(TimeFormat::Iso)),
            ("RequestMethod", Field::Method),
            ("RequestPath", Field::Target),
            ("DownstreamStatus", Field::Status),
            ("DownstreamContentSize", Field::ResponseBody),
            ("RequestContentSize", Field::RequestBody),
            ("Duration", Field::Latency(Some(Unit::Nanoseconds))),
            ("request_User-Agent", Field::UserAgent),
        ])
    }

    /// A log of nginx whose members have the names of nginx's variables.
    pub(super) fn nginx() -> Self {
        let names = [
            "time_iso8601",
            "time_local",
            "msec",
            "request",
            "request_method",
            "request_uri",
            "uri",
            "status",
            "bytes_sent",
            "body_bytes_sent",
            "content_length",
            "request_length",
            "request_time",
            "http_user_agent",
        ];
        Self::of(
            names
                .into_iter()
                .map(|name| (name, nginx::variable(name)))
                .collect(),
        )
    }

    fn of(members: Vec<(&str, Field)>) -> Self {
        Self {
            members: members
                .into_iter()
                .map(|(path, field)| (path.into(), field))
                .collect(),
        }
    }

    /// Takes `MEANING=PATH[:UNIT]`, in place of whatever had that meaning.
    ///
    /// # Errors
    /// A sentence, when the meaning is none or the unit of a duration is missing.
    pub(super) fn map(&mut self, text: &str) -> Result<(), String> {
        let (meaning, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| format!("{text}: a field is MEANING=PATH, e.g. status=response.code"))?;
        let (path, unit) = match path.rsplit_once(':') {
            Some((path, unit)) => (path, Some(unit.parse::<Unit>()?)),
            None => (path, None),
        };
        let time = || match unit {
            None => TimeFormat::Any,
            Some(unit) => TimeFormat::Unix(unit.per_second()),
        };
        let field = match meaning {
            "time" => Field::FinishedAt(time()),
            "start" => Field::StartedAt(time()),
            "request" => Field::Request,
            "method" => Field::Method,
            "path" => Field::Target,
            "status" => Field::Status,
            "bytes" => Field::ResponseBody,
            "request-bytes" => Field::RequestBody,
            "user-agent" => Field::UserAgent,
            "latency" => match unit {
                Some(unit) => Field::Latency(Some(unit)),
                None => {
                    return Err(format!(
                        "{text}: a latency needs its unit: latency={path}:ms (or s, us, ns, written)"
                    ));
                }
            },
            _ => {
                return Err(format!(
                    "{meaning} is no meaning: time, start, request, method, path, status, bytes, \
                     request-bytes, latency, user-agent"
                ));
            }
        };
        let replaced = |known: &Field| {
            (known.is_time() && field.is_time())
                || std::mem::discriminant(known) == std::mem::discriminant(&field)
        };
        self.members.retain(|(_, known)| !replaced(known));
        self.members.push((path.into(), field));
        Ok(())
    }

    pub(super) fn has_latency(&self) -> bool {
        self.members.iter().any(|(_, field)| field.is_latency())
    }

    pub(super) fn parse(
        &self,
        line: &[u8],
        reading: &LineOptions,
    ) -> Result<Entry<'static>, Reject> {
        // Some shippers put a header before the object.
        let open = memchr::memchr(b'{', line).ok_or(Reject::Malformed("it is no JSON object"))?;
        let object: Value = serde_json::from_slice(&line[open..])
            .map_err(|_| Reject::Malformed("it is no JSON object"))?;
        let mut values: Vec<(&Field, Cow<'_, str>)> = Vec::with_capacity(self.members.len());
        for (path, field) in &self.members {
            let text = match member(&object, path) {
                Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
                Some(Value::Number(number)) => Cow::Owned(number.to_string()),
                None | Some(Value::Null) => continue,
                Some(_) => return Err(Reject::Malformed("one of its members is no plain value")),
            };
            values.push((field, text));
        }
        let mut draft = Draft::default();
        for (field, text) in &values {
            // A duration as Go writes it names its unit, whatever the encoder's default is.
            let is_written = text.ends_with('s') && reading.time_unit.is_none();
            match field {
                Field::Latency(_) if is_written => {
                    Field::Latency(Some(Unit::Written)).put(
                        text.as_bytes(),
                        &mut draft,
                        reading,
                    )?;
                }
                field => field.put(text.as_bytes(), &mut draft, reading)?,
            }
        }
        if draft.path.is_none() {
            return Err(Reject::Malformed("it has no path"));
        }
        let entry = draft.finish(reading)?;
        Ok(entry.into_owned())
    }
}

/// A member by its path: each step is a name, or the place in an array. Names may hold dots.
fn member<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let direct = match value {
        Value::Object(members) => members.get(path),
        Value::Array(items) => path.parse().ok().and_then(|place: usize| items.get(place)),
        _ => None,
    };
    direct.or_else(|| {
        path.match_indices('.').find_map(|(dot, _)| {
            let inner = match value {
                Value::Object(members) => members.get(&path[..dot])?,
                Value::Array(items) => items.get(path[..dot].parse::<usize>().ok()?)?,
                _ => return None,
            };
            member(inner, &path[dot + 1..])
        })
    })
}
