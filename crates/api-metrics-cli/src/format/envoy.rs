//! Envoy's access log format strings.

use super::{
    field::{Field, Unit},
    pattern::{Item, Pattern},
    time::TimeFormat,
};

/// Envoy's own default.
pub(super) const DEFAULT: &str = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%""#;
/// Istio's default for its sidecars.
pub(super) const ISTIO: &str = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%"#;

/// Whether a format string is one of Envoy's rather than Apache's.
pub(super) fn is(text: &str) -> bool {
    ["%START_TIME", "%RESPONSE_CODE%", "%REQ("]
        .into_iter()
        .any(|word| text.contains(word))
}

/// Reads a format string.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    let mut items = Vec::new();
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once('%') {
        items.push(Item::Text(before.as_bytes().to_vec()));
        if let Some(tail) = after.strip_prefix('%') {
            items.push(Item::Text(b"%".to_vec()));
            rest = tail;
            continue;
        }
        // An argument may hold a % itself: %START_TIME(%s.%3f)%.
        let argument = after.find('(').filter(|at| {
            after.as_bytes()[..*at]
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        });
        let closed = argument.map_or(0, |at| after[at..].find(')').map_or(0, |end| at + end));
        let end = after[closed..]
            .find('%')
            .map(|at| closed + at)
            .ok_or_else(|| format!("%{after} has no closing %"))?;
        items.push(Item::Field(operator(&after[..end])?));
        rest = &after[end + 1..];
    }
    items.push(Item::Text(rest.as_bytes().to_vec()));
    Pattern::new(items)
}

/// What an operator means, after Envoy's documentation of access logs.
fn operator(text: &str) -> Result<Field, String> {
    // `:80` behind an operator cuts its value.
    let text = match text.rsplit_once(':') {
        Some((operator, length))
            if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            operator
        }
        _ => text,
    };
    let (name, argument) = match text.split_once('(') {
        Some((name, argument)) => (name, argument.trim_end_matches(')')),
        None => (text, ""),
    };
    Ok(match (name, argument) {
        ("START_TIME", "") => Field::StartedAt(TimeFormat::Iso),
        ("START_TIME", "%s" | "%s.%3f" | "%s.%6f" | "%s.%9f") => {
            Field::StartedAt(TimeFormat::Unix(1))
        }
        ("START_TIME", format) => Field::StartedAt(TimeFormat::Strftime(format.to_owned())),
        ("REQ", ":METHOD") => Field::Method,
        ("REQ", path) if path.contains(":PATH") => Field::Target,
        ("PATH", _) => Field::Target,
        ("REQ", name) if name.eq_ignore_ascii_case("user-agent") => Field::UserAgent,
        ("REQ", name) if name.eq_ignore_ascii_case("x-forwarded-for") => Field::IgnoredList,
        ("RESPONSE_CODE", _) => Field::Status,
        ("BYTES_RECEIVED", _) => Field::RequestBody,
        ("BYTES_SENT", _) => Field::ResponseBody,
        ("DURATION", _) => Field::Latency(Some(Unit::Milliseconds)),
        ("", _) => return Err("a % is followed by no operator".to_owned()),
        _ => Field::Ignored,
    })
}
