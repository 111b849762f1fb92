//! Which endpoints a rule watches.
//!
//! | filter | watches |
//! |---|---|
//! | `/users/{id}` | that route template with any method |
//! | `GET /users/{id}` | that template with that method |
//! | `/users/*` | everything below `/users/`, further slashes included |
//! | `POST /v?/orders` | `/v1/orders`, `/v2/orders` with `POST` |
//! | `<unmatched>` | requests that no route matched |
//!
//! Templates are compared as text: `/users/{id}` watches the template and not the path `/users/7`. The
//! method is the word of capitals and underscores before the first space, `_OTHER` included. A filter that
//! no request can ever meet is refused: a method in another case than requests have, or one that is
//! counted as `_OTHER`.

use api_metrics_layer::{MAX_ENDPOINT_BYTES, OTHER_METHOD};

/// The methods that requests are counted under.
const METHODS: [&str; 11] = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "QUERY",
    OTHER_METHOD,
];

/// A parsed endpoint filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::control) struct Target {
    /// The method, if one was named.
    pub(super) method: Option<String>,
    /// The route template or the glob.
    pub(super) path: String,
}

impl Target {
    /// Why no request can ever meet this filter; `None` where some can.
    #[must_use]
    pub(in crate::control) fn never_met(filter: &str) -> Option<String> {
        let filter = filter.trim();
        let Some(target) = Self::parse(filter) else {
            return Some("names a method without a path".to_owned());
        };
        let word = filter.split(' ').next().unwrap_or_default();
        let known = METHODS.iter().find(|m| m.eq_ignore_ascii_case(word));
        match (&target.method, known) {
            (Some(method), _) if !METHODS.contains(&method.as_str()) => Some(format!(
                "can never match: requests with the method {method} are counted as {OTHER_METHOD}"
            )),
            (None, Some(method)) => Some(format!(
                "can never match: the method is written {method}, with a path after it"
            )),
            _ if !target.is_glob() && target.path.len() > MAX_ENDPOINT_BYTES => Some(format!(
                "can never match: endpoints have at most {MAX_ENDPOINT_BYTES} bytes"
            )),
            _ => None,
        }
    }

    /// Reads `/path`, `GET /path`, `/users/*`. `None`: a method stands alone.
    #[must_use]
    pub(super) fn parse(filter: &str) -> Option<Self> {
        let filter = filter.trim();
        // Labels such as `<unmatched>` and gRPC paths may hold spaces only after a method in capitals.
        let named = filter.split_once(' ').filter(|(method, _)| {
            !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        });
        let (method, path) = match named {
            Some((method, path)) => (Some(method.to_owned()), path.trim()),
            None => (None, filter),
        };
        let alone =
            !path.is_empty() && method.is_none() && path.bytes().all(|b| b.is_ascii_uppercase());
        (!path.is_empty() && !alone).then(|| Self {
            method,
            path: path.to_owned(),
        })
    }

    /// Whether it can match several endpoints.
    #[must_use]
    pub(super) fn is_glob(&self) -> bool {
        self.path.contains(['*', '?'])
    }

    /// Whether it watches this endpoint. `*` stands for any text, slashes included, `?` for one
    /// character; everything else, braces included, stands for itself.
    #[must_use]
    pub(super) fn matches(&self, method: &str, endpoint: &str) -> bool {
        self.method.as_deref().is_none_or(|m| m == method)
            && if self.is_glob() {
                glob(&self.path, endpoint)
            } else {
                self.path == endpoint
            }
    }
}

/// Backtracks to the last star only, so the time is bounded by the product of the lengths.
///
/// At most `O(p * t)` for `p` and `t` characters: only the last star is tried again, because a longer
/// match of an earlier one can't help.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(q) if *q == '?' || q == c => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_filter_is_a_path_with_or_without_a_method() {
        let parse = |text| Target::parse(text).map(|t| (t.method, t.path));
        assert_eq!(parse("/users/{id}"), Some((None, "/users/{id}".into())));
        assert_eq!(
            parse("GET /users/{id}"),
            Some((Some("GET".into()), "/users/{id}".into()))
        );
        assert_eq!(
            parse("_OTHER /x"),
            Some((Some("_OTHER".into()), "/x".into()))
        );
        assert_eq!(parse("<unmatched>"), Some((None, "<unmatched>".into())));
        assert_eq!(parse("GET"), None);
        assert_eq!(parse("GET  "), None);
    }

    #[test]
    fn a_filter_that_nothing_can_meet_says_why() {
        for (filter, word) in [
            ("get /users", "GET"),
            ("Get /users/*", "GET"),
            ("delete", "DELETE"),
            ("GET", "path"),
            ("_other /x", "_OTHER"),
            ("PURGE /cache", "_OTHER"),
            ("GETS /x", "_OTHER"),
            (&format!("/{}", "x".repeat(1_024)), "1024"),
        ] {
            let why = Target::never_met(filter).unwrap_or_default();
            assert!(why.contains(word), "{filter}: {why}");
        }
        for filter in [
            "/users/{id}",
            "GET /users/{id}",
            "QUERY /search",
            "_OTHER /x",
            "<unmatched>",
            "*",
            "/get",
            "GET *",
            "/pkg.Service/Method",
            "orders.list",
        ] {
            assert_eq!(Target::never_met(filter), None, "{filter}");
        }
    }

    #[test]
    fn a_star_spans_slashes_and_braces_stand_for_themselves() {
        let matches =
            |filter: &str, endpoint| Target::parse(filter).unwrap().matches("GET", endpoint);
        assert!(matches("/users/*", "/users/{id}/orders"));
        assert!(matches("*", ""));
        assert!(matches("/*/x?", "/a/b/x1"));
        assert!(matches("/a*b*c", "/aXbXbXc"));
        assert!(matches("GET /users/{id}", "/users/{id}"));
        assert!(!matches("/users/{id}", "/users/7"));
        assert!(!matches("POST /users/*", "/users/{id}"));
        assert!(!matches("/users/?", "/users/"));
        assert!(!matches("/a*b", "/ab/c"));
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = "*a".repeat(200);
        assert!(
            !Target::parse(&pattern)
                .unwrap()
                .matches("GET", &"a".repeat(199))
        );
        assert!(
            !Target::parse(&format!("{pattern}b"))
                .unwrap()
                .matches("GET", &"a".repeat(1_000))
        );
    }
}
