//! HAProxy's HTTP log format (`option httplog`), with or without a syslog header.

use memchr::{memchr, memrchr};

use super::{
    entry::{Draft, Entry, LineOptions, Reject},
    field::{Field, Unit},
    time::TimeFormat,
};

const MALFORMED: Reject = Reject::Malformed("it is not like HAProxy's httplog");

/// `client [accepted] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes … "request"`, after
/// section 8.2.3 of HAProxy's configuration manual.
pub(super) fn parse<'a>(line: &'a [u8], reading: &LineOptions) -> Result<Entry<'a>, Reject> {
    let mut draft = Draft::default();
    let mut rest = line;
    // A syslog header names the process as haproxy[123].
    loop {
        let open = memchr(b'[', rest).ok_or(Reject::Malformed("it has no [time]"))?;
        rest = &rest[open + 1..];
        let close = memchr(b']', rest).ok_or(Reject::Malformed("its time has no end"))?;
        let time = &rest[..close];
        if memchr(b'/', time).is_some() {
            Field::StartedAt(TimeFormat::ClfLocal).put(time, &mut draft, reading)?;
            rest = &rest[close + 1..];
            break;
        }
    }
    let open = memchr(b'"', rest).ok_or(Reject::Malformed("it has no \"request\""))?;
    let (fields, request) = rest.split_at(open);
    // Quotes within the request are not escaped.
    let close = memrchr(b'"', request).filter(|close| *close > 0);
    let request = request
        .get(1..close.unwrap_or(request.len()))
        .ok_or(MALFORMED)?;
    Field::Request.put(request, &mut draft, reading)?;
    let mut words = fields
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let (Some(_), Some(_), Some(timers), Some(status), Some(bytes)) = (
        words.next(),
        words.next(),
        words.next(),
        words.next(),
        words.next(),
    ) else {
        return Err(MALFORMED);
    };
    // With `option logasap` the last ones begin with a plus: they go on after the line was written.
    let mut timers = timers.rsplitn(5, |byte| *byte == b'/');
    let total = timers.next().ok_or(MALFORMED)?;
    if timers.count() != 4 {
        return Err(MALFORMED);
    }
    let latency = if total.starts_with(b"+") { b"-" } else { total };
    Field::Latency(Some(Unit::Milliseconds)).put(latency, &mut draft, reading)?;
    Field::Status.put(status, &mut draft, reading)?;
    let bytes = bytes.strip_prefix(b"+").unwrap_or(bytes);
    Field::ResponseTotal.put(bytes, &mut draft, reading)?;
    draft.finish(reading)
}
