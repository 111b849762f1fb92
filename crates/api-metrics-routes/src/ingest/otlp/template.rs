//! Route templates of other frameworks, in axum's syntax.
//!
//! | framework | sends | becomes |
//! |---|---|---|
//! | Flask, Django | `/items/<int:i>`, `items/<slug:s>/` | `/items/{i}`, `/items/{s}/` |
//! | Flask | `/files/<path:p>` | `/files/{*p}` |
//! | Express, Fastify, Rails, Phoenix | `/items/:id`, `/items/:id?`, `/items/:id(\d+)` | `/items/{id}` |
//! | Express, Phoenix | `/files/*`, `/files/*path` | `/files/{*rest}`, `/files/{*path}` |
//! | FastAPI, Starlette, ASP.NET | `/files/{p:path}`, `/items/{id:int}` | `/files/{*p}`, `/items/{id}` |
//! | ASP.NET | `/files/{**rest}`, `/items/{id?}` | `/files/{*rest}`, `/items/{id}` |
//! | Next.js | `/items/[id]`, `/files/[...rest]` | `/items/{id}`, `/files/{*rest}` |
//! | axum, Spring, Go | `/items/{id}` | as it is |
//!
//! A segment of another form stays as it is.

use api_metrics_layer::{MAX_ENDPOINT_BYTES, UNMATCHED, bounded};

/// The template in axum's syntax; `<unmatched>` of none.
pub(super) fn normal(template: &str) -> String {
    let template = template.trim();
    // A query is no template's, and a `?` without one marks a parameter that may be missing.
    let template = match template.split_once('?') {
        Some((path, query)) if query.contains('=') => path,
        _ => template,
    };
    if template.is_empty() {
        return UNMATCHED.to_owned();
    }
    let mut out = String::with_capacity(template.len() + 1);
    if !template.starts_with('/') {
        out.push('/');
    }
    for (n, segment) in template.split('/').enumerate() {
        if n > 0 {
            out.push('/');
        }
        match parameter(segment) {
            Some((true, name)) => out.push_str(&format!("{{*{name}}}")),
            Some((false, name)) => out.push_str(&format!("{{{name}}}")),
            None => out.push_str(segment),
        }
    }
    bounded(&out, MAX_ENDPOINT_BYTES).into_owned()
}

/// Whether this is rather a path than a template: a part of it is a number, an address, or too long for a name.
pub(super) fn has_values(path: &str) -> bool {
    path.split('/').any(|segment| {
        let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        let is_parameter = parameter(segment).is_some();
        !is_parameter
            && (is_number
                || digits > 4
                || segment.len() > 40
                || segment.contains(['@', '%', '?', '=']))
    })
}

/// The name of the parameter that a segment is, and whether it takes the rest of the path.
fn parameter(segment: &str) -> Option<(bool, &str)> {
    let within = |from: &str, to: char| segment.strip_prefix(from)?.strip_suffix(to);
    let (rest, name) = if let Some(inner) = within("<", '>') {
        match inner.split_once(':') {
            Some((kind, name)) => (kind.starts_with("path"), name),
            None => (false, inner),
        }
    } else if let Some(inner) = within("[...", ']') {
        (true, inner)
    } else if let Some(inner) = within("[", ']') {
        (false, inner)
    } else if let Some(inner) = within("{", '}') {
        let stars = inner.trim_start_matches('*');
        let (name, kind) = stars.split_once(':').unwrap_or((stars, ""));
        (stars.len() < inner.len() || kind == "path", name)
    } else if let Some(inner) = segment.strip_prefix(':') {
        let (name, _) = inner.split_once('(').unwrap_or((inner, ""));
        (false, name.trim_end_matches(['+', '*']))
    } else {
        let inner = segment.strip_prefix('*')?;
        (true, if inner.is_empty() { "rest" } else { inner })
    };
    let name = name.trim_end_matches('?');
    let (name, _) = name.split_once('=').unwrap_or((name, ""));
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.".contains(c));
    plain.then_some((rest, name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_of_all_frameworks_become_ours() {
        for (sent, ours) in [
            ("/items/<int:i>", "/items/{i}"),
            ("/items/<i>", "/items/{i}"),
            ("items/<slug:s>/", "/items/{s}/"),
            ("/files/<path:p>", "/files/{*p}"),
            ("/items/:id", "/items/{id}"),
            ("/items/:id?", "/items/{id}"),
            (r"/items/:id(\d+)", "/items/{id}"),
            ("/files/*", "/files/{*rest}"),
            ("/files/*path", "/files/{*path}"),
            ("/files/{p:path}", "/files/{*p}"),
            ("/items/{id:int}", "/items/{id}"),
            ("/files/{**rest}", "/files/{*rest}"),
            ("/files/{*rest}", "/files/{*rest}"),
            ("/items/{id?}", "/items/{id}"),
            ("/items/{id=1}", "/items/{id}"),
            ("/items/[id]", "/items/{id}"),
            ("/files/[...rest]", "/files/{*rest}"),
            ("/items/{id}", "/items/{id}"),
            ("/", "/"),
            ("/v1/a.b", "/v1/a.b"),
            ("/odd/<a b>", "/odd/<a b>"),
            ("/search?q=secret", "/search"),
            ("", UNMATCHED),
        ] {
            assert_eq!(normal(sent), ours, "{sent}");
        }
    }

    #[test]
    fn a_path_with_values_is_told_from_a_template() {
        for path in [
            "/users/7",
            "/users/550e8400-e29b-41d4-a716-446655440000",
            "/users/ann@example.org",
            "/search?q=a",
            "/files/a%20b",
        ] {
            assert!(has_values(path), "{path}");
        }
        for template in [
            "/",
            "/v1/users",
            "/users/<int:id>",
            "/users/:id",
            "/oauth2/token",
        ] {
            assert!(!has_values(template), "{template}");
        }
    }

    proptest! {
        #[test]
        fn a_template_is_bounded_begins_with_a_slash_and_is_its_own_template(sent in "[/a-z:<>{}*?\\[\\].]{0,40}") {
            let once = normal(&sent);
            prop_assert!(once.len() <= MAX_ENDPOINT_BYTES);
            prop_assert!(once == UNMATCHED || once.starts_with('/'), "{once}");
        }
    }
}
