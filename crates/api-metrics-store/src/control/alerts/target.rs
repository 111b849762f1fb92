//! Which endpoints a rule watches.

/// A parsed endpoint filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The method, if one was named.
    pub(super) method: Option<String>,
    /// The route template or the glob.
    pub(super) path: String,
}

impl Target {
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
