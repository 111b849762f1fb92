//! Apache's `LogFormat`, as it stands in the configuration.

use super::{
    field::{Field, Unit},
    pattern::{Item, Pattern},
    time::TimeFormat,
};

/// Reads a format: the string alone, or the whole directive with its quotes and nickname.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    Pattern::new(times_joined(items(&unquoted(text)?)?))
}

/// A part of a time, before its neighbours are joined to it.
#[derive(Debug)]
enum Part {
    Item(Item),
    Time { format: String, is_end: bool },
}

fn items(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(Part::Item(Item::Text(before.as_bytes().to_vec())));
        // `%!200,304{Referer}i`: written for some statuses only, `-` for the others.
        let after = after
            .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '!' | ',' | '<' | '>'));
        let (argument, after) = match after.strip_prefix('{') {
            Some(braced) => {
                let (argument, after) = braced
                    .split_once('}')
                    .ok_or_else(|| format!("%{{{braced} has no closing brace"))?;
                (Some(argument), after)
            }
            None => (None, after),
        };
        let after = after.trim_start_matches(['<', '>']);
        let letters = if after.starts_with('^') { 3 } else { 1 };
        let end = after
            .char_indices()
            .nth(letters)
            .map_or(after.len(), |(at, _)| at);
        let (directive, tail) = after.split_at(end);
        parts.push(part(directive, argument)?);
        rest = tail;
    }
    parts.push(Part::Item(Item::Text(rest.as_bytes().to_vec())));
    Ok(parts)
}

/// What a directive means, after <https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>.
fn part(directive: &str, argument: Option<&str>) -> Result<Part, String> {
    let field = match (directive, argument) {
        ("", _) => return Err("a % is followed by nothing".to_owned()),
        ("%", _) => return Ok(Part::Item(Item::Text(b"%".to_vec()))),
        ("t", None) => Field::StartedAt(TimeFormat::Clf),
        ("t", Some(format)) => return Ok(time(format)),
        ("r", _) => Field::Request,
        ("m", _) => Field::Method,
        ("U", _) => Field::Target,
        ("s", _) => Field::Status,
        ("b" | "B", _) => Field::ResponseBody,
        ("O", _) => Field::ResponseTotal,
        ("I", _) => Field::RequestTotal,
        ("D", _) => Field::Latency(Some(Unit::Microseconds)),
        ("T", None | Some("s")) => Field::Latency(Some(Unit::Seconds)),
        ("T", Some("ms")) => Field::Latency(Some(Unit::Milliseconds)),
        ("T", Some("us")) => Field::Latency(Some(Unit::Microseconds)),
        ("T", Some(unit)) => return Err(format!("%{{{unit}}}T: Apache knows s, ms and us")),
        ("i", Some(name)) if name.eq_ignore_ascii_case("user-agent") => Field::UserAgent,
        ("i", Some(name)) if name.eq_ignore_ascii_case("content-length") => Field::RequestBody,
        ("i", Some(name)) if name.eq_ignore_ascii_case("x-forwarded-for") => Field::IgnoredList,
        _ => Field::Ignored,
    };
    Ok(Part::Item(Item::Field(field)))
}

fn time(format: &str) -> Part {
    let (is_end, format) = match format.split_once(':') {
        Some(("begin", format)) => (false, format),
        Some(("end", format)) => (true, format),
        _ => (format == "end", format),
    };
    let field = |per_second| {
        let format = TimeFormat::Unix(per_second);
        Part::Item(Item::Field(if is_end {
            Field::FinishedAt(format)
        } else {
            Field::StartedAt(format)
        }))
    };
    let format = match format {
        "sec" => return field(1),
        "msec" => return field(1_000),
        "usec" => return field(1_000_000),
        "msec_frac" => "%3f",
        "usec_frac" => "%6f",
        "begin" | "end" | "" => {
            let format = TimeFormat::Clf;
            return Part::Item(Item::Field(if is_end {
                Field::FinishedAt(format)
            } else {
                Field::StartedAt(format)
            }));
        }
        format => format,
    };
    Part::Time {
        format: format.to_owned(),
        is_end,
    }
}

/// `%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t` is one time in three directives.
fn times_joined(parts: Vec<Part>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut parts = parts.into_iter().peekable();
    while let Some(part) = parts.next() {
        let (mut format, is_end) = match part {
            Part::Item(item) => {
                items.push(item);
                continue;
            }
            Part::Time { format, is_end } => (format, is_end),
        };
        let mut pending: Vec<Part> = Vec::new();
        loop {
            match parts.peek() {
                Some(Part::Item(Item::Text(_))) if pending.is_empty() => {
                    pending.extend(parts.next());
                }
                Some(Part::Time { format: next, .. }) => {
                    if let Some(Part::Item(Item::Text(between))) = pending.pop() {
                        format += &String::from_utf8_lossy(&between).replace('%', "%%");
                    }
                    format += next;
                    parts.next();
                }
                _ => break,
            }
        }
        let format = TimeFormat::Strftime(format);
        items.push(Item::Field(if is_end {
            Field::FinishedAt(format)
        } else {
            Field::StartedAt(format)
        }));
        for part in pending {
            if let Part::Item(item) = part {
                items.push(item);
            }
        }
    }
    items
}

/// The string of a directive: `LogFormat "%h … \"%r\"" nickname`.
fn unquoted(text: &str) -> Result<String, String> {
    let text = text.trim();
    let directive = ["LogFormat", "TransferLog"]
        .into_iter()
        .find_map(|name| text.strip_prefix(name))
        .map(str::trim_start);
    let quoted = match directive {
        Some(rest) => rest
            .strip_prefix('"')
            .ok_or("the directive LogFormat has no quoted text")?,
        // Without the directive's name: only a string with escaped quotes was quoted itself.
        None => match text.strip_prefix('"') {
            Some(rest) if text.contains("\\\"") => rest,
            _ if text.contains("\\\"") => return Ok(unescaped(text)),
            _ => return Ok(text.to_owned()),
        },
    };
    let end =
        super::value::closing_quote(quoted.as_bytes()).ok_or("the format has an open quote")?;
    Ok(unescaped(&quoted[..end]))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_directive_is_taken_as_it_stands_in_the_configuration() {
        for text in [
            r#"LogFormat "%h %l %u %t \"%r\" %>s %b" common"#,
            r#""%h %l %u %t \"%r\" %>s %b""#,
            r#"%h %l %u %t \"%r\" %>s %b"#,
            r#"%h %l %u %t "%r" %>s %b"#,
        ] {
            assert_eq!(
                unquoted(text).unwrap(),
                r#"%h %l %u %t "%r" %>s %b"#,
                "{text}"
            );
        }
    }

    #[test]
    fn a_time_in_several_directives_is_one() {
        let items = times_joined(items("[%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] %s").unwrap());
        assert!(
            items.contains(&Item::Field(Field::StartedAt(TimeFormat::Strftime(
                "%d/%b/%Y %T.%3f %z".to_owned()
            )))),
            "{items:?}"
        );
        assert!(items.contains(&Item::Text(b"] ".to_vec())), "{items:?}");
    }
}
