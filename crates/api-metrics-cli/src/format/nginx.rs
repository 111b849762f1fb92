//! nginx's `log_format`, as it stands in the configuration.

use super::{
    field::{Field, Unit},
    pattern::{Item, Pattern},
    time::TimeFormat,
};

/// The format of ingress-nginx since 0.23, by its own documentation.
pub(super) const INGRESS: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#;
/// The one before, which names the client twice.
pub(super) const INGRESS_OLD: &str = r#"$the_real_ip - [$the_real_ip] - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#;

/// Reads a format: the string alone, or the whole directive with its quotes.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    Pattern::new(items(&unquoted(text)?)?)
}

/// Traefik's default text: `… 500 "router" "http://server" 250ms`, the time since the request came.
pub(super) fn compile_traefik() -> Result<Pattern, String> {
    let mut items = items(
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $count "$router" "$server" "#,
    )?;
    for item in &mut items {
        if let Item::Field(Field::FinishedAt(format)) = item {
            *item = Item::Field(Field::StartedAt(format.clone()));
        }
    }
    items.push(Item::Field(Field::Latency(Some(Unit::Written))));
    Pattern::new(items)
}

/// What a variable means. One that is not known is passed over.
pub(super) fn variable(name: &str) -> Field {
    match name {
        "time_local" => Field::FinishedAt(TimeFormat::Clf),
        "time_iso8601" => Field::FinishedAt(TimeFormat::Iso),
        "msec" => Field::FinishedAt(TimeFormat::Unix(1)),
        "request" => Field::Request,
        "request_method" => Field::Method,
        "request_uri" | "uri" | "document_uri" => Field::Target,
        "status" => Field::Status,
        "body_bytes_sent" => Field::ResponseBody,
        "bytes_sent" => Field::ResponseTotal,
        "content_length" | "http_content_length" => Field::RequestBody,
        "request_length" => Field::RequestTotal,
        "request_time" => Field::FractionalLatency,
        "http_user_agent" => Field::UserAgent,
        // Several upstreams, several proxies: lists with spaces in them.
        list if list.starts_with("upstream_") => Field::IgnoredList,
        "http_x_forwarded_for" | "proxy_add_x_forwarded_for" => Field::IgnoredList,
        _ => Field::Ignored,
    }
}

fn items(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        items.push(Item::Text(before.as_bytes().to_vec()));
        let (name, tail) = if let Some(braced) = after.strip_prefix('{') {
            braced
                .split_once('}')
                .ok_or_else(|| format!("${{{braced} has no closing brace"))?
        } else {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            after.split_at(end)
        };
        if name.is_empty() {
            return Err("a $ is followed by no variable".to_owned());
        }
        items.push(Item::Field(variable(name)));
        rest = tail;
    }
    items.push(Item::Text(rest.as_bytes().to_vec()));
    Ok(items)
}

/// The pieces of a directive in one: `log_format main escape=json '…' '…';`.
fn unquoted(text: &str) -> Result<String, String> {
    let text = text.trim();
    let directive = text.strip_prefix("log_format").map(str::trim_start);
    let mut rest = match directive {
        Some(rest) => {
            // The name, and perhaps escape=…
            let quote = rest
                .find(['\'', '"'])
                .ok_or("the directive log_format has no quoted text")?;
            &rest[quote..]
        }
        None if text.starts_with('\'') => text,
        None => return Ok(text.to_owned()),
    };
    let mut out = String::new();
    loop {
        rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            break;
        };
        let mut characters = rest[1..].char_indices();
        let end = loop {
            match characters.next() {
                Some((_, '\\')) => match characters.next() {
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c @ ('\'' | '"' | '\\'))) => out.push(c),
                    Some((_, c)) => out.extend(['\\', c]),
                    None => return Err("the directive has an open quote".to_owned()),
                },
                Some((at, c)) if c == quote => break at,
                Some((_, c)) => out.push(c),
                None => return Err("the directive has an open quote".to_owned()),
            }
        };
        rest = &rest[1 + end + 1..];
    }
    if !matches!(rest.trim(), "" | ";") {
        return Err(format!("the directive goes on with {rest}"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_directive_is_taken_as_it_stands_in_the_configuration() {
        let whole = "log_format main escape=json '$remote_addr [$time_local] '\n    '\"$request\" $status it\\'s';";
        assert_eq!(
            unquoted(whole).unwrap(),
            "$remote_addr [$time_local] \"$request\" $status it's"
        );
        assert_eq!(unquoted("'$a' '$b'").unwrap(), "$a$b");
        assert_eq!(
            unquoted("\"$request\" $status").unwrap(),
            "\"$request\" $status"
        );
    }

    #[test]
    fn a_format_that_could_not_be_read_is_refused_with_the_reason() {
        for (text, why) in [
            ("$status $request", "no time"),
            ("[$time_local] \"$request\"", "no status"),
            ("[$time_local] $status", "neither request nor path"),
            ("$time_local$status $request", "nothing between"),
            ("${status", "closing brace"),
            ("$ $status", "no variable"),
            ("log_format main '$status", "open quote"),
            ("log_format main '$status' else;", "goes on"),
        ] {
            let said = compile(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
