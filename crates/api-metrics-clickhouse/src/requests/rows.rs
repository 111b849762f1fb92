//! Requests in ClickHouse's format `RowBinary`, in the order of the tables' columns.

use api_metrics_store::request_database::{GroupPart, GroupSum, RequestDetail, RequestRow};
use uuid::Uuid;

use crate::rows::{bytes, put_length, text};

/// Appends what is filtered by.
pub(crate) fn put_list(row: &RequestRow, out: &mut Vec<u8>) {
    put_number(row.at_ms, out);
    out.extend_from_slice(row.id.as_bytes());
    put_number(row.mark, out);
    for name in [
        &row.service,
        &row.environment,
        &row.version,
        &row.protocol,
        &row.method,
        &row.endpoint,
        &row.source,
    ] {
        put_text(name, out);
    }
    put_optional_text(row.api_key.as_deref(), out);
    put_optional(row.status, out, put_short);
    put_short(row.counted, out);
    put_text(&row.outcome, out);
    put_optional(row.latency_us, out, put_number);
    put_number(row.weight, out);
    put_text(&row.reason, out);
    put_optional(row.group, out, put_number);
    put_optional(row.trace_id, out, put_id);
    put_optional_text(row.user.as_deref(), out);
    out.push(u8::try_from(row.levels).unwrap_or(u8::MAX));
    put_optional_text(row.country.as_deref(), out);
    put_optional(row.address, out, put_id);
    put_text(&row.words, out);
    put_optional_text(row.shown_words.as_deref(), out);
}

/// Appends what is shown of one request.
pub(crate) fn put_detail(row: &RequestRow, out: &mut Vec<u8>) {
    let detail = &row.detail;
    put_id(row.id, out);
    put_id(detail.instance, out);
    put_text(&detail.path, out);
    for text in [
        &detail.user_agent,
        &detail.request_id,
        &detail.span_id,
        &detail.error_type,
        &detail.message,
    ] {
        put_optional_text(text.as_deref(), out);
    }
    put_optional(detail.ttfb_us, out, put_number);
    put_optional(detail.queue_wait_us, out, put_number);
    put_number(detail.request_bytes, out);
    put_number(detail.response_bytes, out);
    put_optional_text(detail.fields.as_deref(), out);
    put_optional_text(detail.lines.as_deref(), out);
    put_number(detail.lines_left_out, out);
    put_optional_text(detail.region.as_deref(), out);
    put_optional_text(detail.city.as_deref(), out);
    put_optional(detail.latitude, out, put_number);
    put_optional(detail.longitude, out, put_number);
    put_optional_text(row.snapshot.as_deref(), out);
    put_number(row.at_ms, out);
    put_number(row.mark, out);
    put_optional_text(row.api_key.as_deref(), out);
    put_optional_text(row.user.as_deref(), out);
    put_optional(row.address, out, put_id);
}

fn put_number(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// A status; more than fits is none.
fn put_short(number: i64, out: &mut Vec<u8>) {
    let number = u16::try_from(number).unwrap_or_default();
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_id(id: Uuid, out: &mut Vec<u8>) {
    out.extend_from_slice(id.as_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_optional_text(text: Option<&str>, out: &mut Vec<u8>) {
    put_optional(text, out, put_text);
}

/// A byte says whether there is something.
fn put_optional<T>(item: Option<T>, out: &mut Vec<u8>, put: impl FnOnce(T, &mut Vec<u8>)) {
    out.push(u8::from(item.is_none()));
    if let Some(item) = item {
        put(item, out);
    }
}

/// Takes what is filtered by off the front of `rest`; `None` where it is not there whole.
pub(crate) fn take_list(rest: &mut &[u8]) -> Option<RequestRow> {
    let mut row = RequestRow::default();
    row.at_ms = number(rest)?;
    row.id = id(rest)?;
    row.mark = number(rest)?;
    row.service = text(rest)?;
    row.environment = text(rest)?;
    row.version = text(rest)?;
    row.protocol = text(rest)?;
    row.method = text(rest)?;
    row.endpoint = text(rest)?;
    row.source = text(rest)?;
    row.api_key = optional(rest, text)?;
    row.status = optional(rest, short)?;
    row.counted = short(rest)?;
    row.outcome = text(rest)?;
    row.latency_us = optional(rest, number)?;
    row.weight = number(rest)?;
    row.reason = text(rest)?;
    row.group = optional(rest, number)?;
    row.trace_id = optional(rest, id)?;
    row.user = optional(rest, text)?;
    row.levels = bytes(rest).map(u8::from_le_bytes)?.into();
    row.country = optional(rest, text)?;
    row.address = optional(rest, id)?;
    Some(row)
}

/// The same of what is shown of one request, with its id.
pub(crate) fn take_detail(rest: &mut &[u8]) -> Option<(Uuid, RequestDetail)> {
    let of = id(rest)?;
    let mut detail = RequestDetail::default();
    detail.instance = id(rest)?;
    detail.path = text(rest)?;
    detail.user_agent = optional(rest, text)?;
    detail.request_id = optional(rest, text)?;
    detail.span_id = optional(rest, text)?;
    detail.error_type = optional(rest, text)?;
    detail.message = optional(rest, text)?;
    detail.ttfb_us = optional(rest, number)?;
    detail.queue_wait_us = optional(rest, number)?;
    detail.request_bytes = number(rest)?;
    detail.response_bytes = number(rest)?;
    detail.fields = optional(rest, text)?;
    detail.lines = optional(rest, text)?;
    detail.lines_left_out = number(rest)?;
    detail.region = optional(rest, text)?;
    detail.city = optional(rest, text)?;
    detail.latitude = optional(rest, number)?;
    detail.longitude = optional(rest, number)?;
    Some((of, detail))
}

/// A snapshot.
pub(crate) fn take_optional_text(rest: &mut &[u8]) -> Option<Option<String>> {
    optional(rest, text)
}

/// A sum by group.
pub(crate) fn take_group(rest: &mut &[u8]) -> Option<GroupSum> {
    let mut sum = GroupSum::default();
    sum.group = number(rest)?;
    sum.kept = count(rest)?;
    sum.weight = count(rest)?;
    sum.api_keys = count(rest)?;
    sum.first_ms = number(rest)?;
    sum.last_ms = number(rest)?;
    sum.latest = id(rest)?;
    Some(sum)
}

/// A sum by group, version and part.
pub(crate) fn take_part(rest: &mut &[u8]) -> Option<GroupPart> {
    let mut part = GroupPart::default();
    part.group = number(rest)?;
    part.version = text(rest)?;
    part.part = number(rest)?;
    part.weight = count(rest)?;
    Some(part)
}

/// A number.
pub(crate) fn number(rest: &mut &[u8]) -> Option<i64> {
    bytes(rest).map(i64::from_le_bytes)
}

/// A count, which never reaches the sign bit.
pub(crate) fn count(rest: &mut &[u8]) -> Option<u64> {
    bytes(rest).map(u64::from_le_bytes)
}

fn short(rest: &mut &[u8]) -> Option<i64> {
    bytes(rest).map(u16::from_le_bytes).map(i64::from)
}

fn id(rest: &mut &[u8]) -> Option<Uuid> {
    bytes(rest).map(Uuid::from_bytes)
}

fn optional<T>(rest: &mut &[u8], item: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Option<T>> {
    match bytes(rest)? {
        [0] => item(rest).map(Some),
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn row() -> impl Strategy<Value = RequestRow> {
        let ids = (any::<[u8; 16]>(), option::of(any::<[u8; 16]>()));
        let texts = (vec(".{0,40}", 9), vec(option::of(".{0,300}"), 12));
        let numbers = (
            vec(any::<i64>(), 6),
            vec(option::of(any::<i64>()), 6),
            option::of(0_i64..65_536),
            0_i64..65_536,
            0_i64..32,
        );
        (ids, texts, numbers).prop_map(|((id, other), (texts, optional), numbers)| {
            let (numbers, some, status, counted, levels) = numbers;
            let mut texts = texts.into_iter();
            let mut text = || texts.next().unwrap_or_default();
            let mut optional = optional.into_iter();
            let mut maybe = || optional.next().flatten();
            let mut row = RequestRow::default();
            row.at_ms = numbers[0];
            row.id = Uuid::from_bytes(id);
            row.mark = numbers[1];
            row.service = text();
            row.environment = text();
            row.version = text();
            row.protocol = text();
            row.method = text();
            row.endpoint = text();
            row.source = text();
            row.api_key = maybe();
            row.status = status;
            row.counted = counted;
            row.outcome = text();
            row.latency_us = some[0];
            row.weight = numbers[2];
            row.reason = text();
            row.group = some[1];
            row.trace_id = other.map(Uuid::from_bytes);
            row.user = maybe();
            row.levels = levels;
            row.country = maybe();
            row.address = other.map(Uuid::from_bytes);
            row.words = String::new();
            row.shown_words = None;
            row.detail.instance = Uuid::from_bytes(id);
            row.detail.path = text();
            row.detail.user_agent = maybe();
            row.detail.request_id = maybe();
            row.detail.span_id = maybe();
            row.detail.error_type = maybe();
            row.detail.message = maybe();
            row.detail.ttfb_us = some[2];
            row.detail.queue_wait_us = some[3];
            row.detail.request_bytes = numbers[3];
            row.detail.response_bytes = numbers[4];
            row.detail.fields = maybe();
            row.detail.lines = maybe();
            row.detail.lines_left_out = numbers[5];
            row.detail.region = maybe();
            row.detail.city = maybe();
            row.detail.latitude = some[4];
            row.detail.longitude = some[5];
            row.snapshot = None;
            row
        })
    }

    proptest! {
        #[test]
        fn a_request_comes_back_as_it_was_sent_and_a_part_of_it_is_none(
            row in row(),
            cut in any::<prop::sample::Index>(),
        ) {
            let (mut list, mut detail) = (Vec::new(), Vec::new());
            put_list(&row, &mut list);
            put_detail(&row, &mut detail);
            let mut rest = &list[..];
            let found = take_list(&mut rest);
            // Words follow: a text without characters, and none.
            prop_assert_eq!(rest, &[0, 1][..]);
            let mut rest = &detail[..];
            let read = take_detail(&mut rest);
            prop_assert_eq!(take_optional_text(&mut rest), Some(None));
            let both = found.zip(read).map(|(mut found, (id, detail))| {
                found.detail = detail;
                (found, id)
            });
            let id = row.id;
            prop_assert_eq!(both, Some((row, id)));
            let mut some = &list[..cut.index(list.len() - 2)];
            prop_assert!(take_list(&mut some).is_none());
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in vec(any::<u8>(), 0..600)) {
            for take in [
                |rest: &mut &[u8]| take_list(rest).is_some(),
                |rest: &mut &[u8]| take_detail(rest).is_some(),
                |rest: &mut &[u8]| take_group(rest).is_some(),
                |rest: &mut &[u8]| take_part(rest).is_some(),
            ] {
                let mut rest = &bytes[..];
                while take(&mut rest) {}
                prop_assert!(rest.len() <= bytes.len());
            }
        }
    }
}
