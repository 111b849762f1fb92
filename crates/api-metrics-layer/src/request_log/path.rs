//! The path of a request, without what identifies somebody.

use std::fmt::{self, Write as _};

use crate::UNMATCHED;

/// The longest part of an unmatched path that is shown, in characters.
const MAX_SEGMENT: usize = 64;
/// The longest path that is shown, in characters.
const MAX_PATH: usize = 1024;

/// The path of a request without its query, masked where it is written out.
///
/// | request | shown |
/// |---|---|
/// | `/users/7?a=b` of `/users/{id}` | `/users/{id}` |
/// | the same, with `id` among the [shown parameters](super::RequestCapture::shown_parameters) | `/users/7` |
/// | `/files/a/b` of `/files/{*path}` | `/files/{*path}` |
/// | no route: `/wp-admin/setup.php` | `/wp-admin/…` |
/// | a template of another form, which the path does not fit | the template |
#[derive(Debug, Clone, Copy)]
pub struct LoggedPath<'a> {
    template: &'a str,
    path: Option<&'a str>,
    shown: &'a [String],
}

impl<'a> LoggedPath<'a> {
    /// A path of which nothing is known but its template.
    #[must_use]
    pub const fn template(template: &'a str) -> Self {
        Self::masked(template, None, &[])
    }

    /// A path of a route, in which the values of all parameters but the `shown` ones are masked.
    #[must_use]
    pub const fn masked(template: &'a str, path: Option<&'a str>, shown: &'a [String]) -> Self {
        Self {
            template,
            path,
            shown,
        }
    }

    /// Hands over the path of a route, piece by piece. `false` where it does not fit the template.
    fn fit(
        &self,
        path: &str,
        mut show: impl FnMut(&str) -> fmt::Result,
    ) -> Result<bool, fmt::Error> {
        let mut segments = path.split('/');
        let mut parts = self.template.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(segment) = segments.next() else {
                return Ok(false);
            };
            if let Some(name) = wildcard(part) {
                if !self.is_shown(name) {
                    show(part)?;
                    return Ok(true);
                }
                show(segment)?;
                for segment in segments {
                    show("/")?;
                    show(segment)?;
                }
                return Ok(true);
            }
            if part == segment {
                show(segment)?;
            } else if part.contains('{') {
                let all_shown = names(part).all(|name| self.is_shown(name));
                show(if all_shown { segment } else { part })?;
            } else {
                return Ok(false);
            }
            if parts.peek().is_some() {
                show("/")?;
            }
        }
        Ok(segments.next().is_none())
    }

    fn is_shown(&self, name: &str) -> bool {
        self.shown.iter().any(|shown| shown == name)
    }
}

/// The name of a part that takes the rest of a path.
fn wildcard(part: &str) -> Option<&str> {
    part.strip_prefix("{*")?.strip_suffix('}')
}

/// The names of the parameters in a part such as `v{major}.{minor}`.
fn names(part: &str) -> impl Iterator<Item = &str> {
    let pieces = part.split('{').skip(1);
    pieces.map(|piece| piece.split('}').next().unwrap_or_default())
}

impl fmt::Display for LoggedPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(path) = self.path else {
            return f.write_str(self.template);
        };
        if self.template == UNMATCHED {
            let rest = path.strip_prefix('/').unwrap_or(path);
            let (first, more) = match rest.split_once('/') {
                Some((first, rest)) => (first, !rest.is_empty()),
                None => (rest, false),
            };
            f.write_char('/')?;
            write!(f, "{first:.MAX_SEGMENT$}")?;
            let cut = first.chars().nth(MAX_SEGMENT).is_some();
            return match (more, cut) {
                (true, _) => f.write_str("/…"),
                (false, true) => f.write_char('…'),
                (false, false) => Ok(()),
            };
        }
        // Looked through twice, because writing it down in between would allocate for each kept request.
        if !self.fit(path, |_| Ok(()))? {
            return f.write_str(self.template);
        }
        let mut room = MAX_PATH;
        self.fit(path, |piece| {
            write!(f, "{piece:.room$}")?;
            room -= piece.chars().take(room).count();
            Ok(())
        })
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(template: &str, path: &str, parameters: &[&str]) -> String {
        let parameters: Vec<_> = parameters.iter().map(|&name| name.to_owned()).collect();
        LoggedPath::masked(template, Some(path), &parameters).to_string()
    }

    #[test]
    fn values_of_parameters_are_masked_unless_they_are_allowed_by_name() {
        for (template, path, parameters, expected) in [
            ("/users/{id}", "/users/7", &[][..], "/users/{id}"),
            ("/users/{id}", "/users/7", &["id"], "/users/7"),
            ("/{v}/users/{id}", "/2/users/7", &["v"], "/2/users/{id}"),
            (
                "/v{major}.{minor}/x",
                "/v1.2/x",
                &["major"],
                "/v{major}.{minor}/x",
            ),
            (
                "/v{major}.{minor}/x",
                "/v1.2/x",
                &["major", "minor"],
                "/v1.2/x",
            ),
            ("/files/{*path}", "/files/a/b", &[], "/files/{*path}"),
            ("/files/{*path}", "/files/a/b", &["path"], "/files/a/b"),
            ("/", "/", &[], "/"),
            ("/users/", "/users/", &[], "/users/"),
            ("/pkg.Users/Get", "/pkg.Users/Get", &[], "/pkg.Users/Get"),
        ] {
            assert_eq!(
                shown(template, path, parameters),
                expected,
                "{template} {path}"
            );
        }
    }

    #[test]
    fn a_path_that_does_not_fit_its_template_is_not_shown() {
        for (template, path) in [
            ("/users/{id}", "/7"),
            ("/users/{id}", "/users/7/secret"),
            ("/users/:id", "/users/7"),
            ("users", "/users/7"),
        ] {
            assert_eq!(shown(template, path, &["id"]), template);
        }
    }

    #[test]
    fn a_long_path_is_cut() {
        let path = format!("/files/{}/{}", "ü".repeat(1_000), "x".repeat(100));
        let cut = shown("/files/{*path}", &path, &["path"]);
        assert_eq!(cut.chars().count(), MAX_PATH);
        assert!(path.starts_with(&cut));
    }

    #[test]
    fn of_an_unmatched_path_the_first_segment_is_shown() {
        for (path, expected) in [
            ("/wp-admin/setup.php", "/wp-admin/…"),
            ("/robots.txt", "/robots.txt"),
            ("/users/", "/users"),
            ("/", "/"),
            ("*", "/*"),
        ] {
            assert_eq!(shown(UNMATCHED, path, &[]), expected);
        }
        let long = format!("/{}", "ü".repeat(MAX_SEGMENT + 1));
        let expected = format!("/{}…", "ü".repeat(MAX_SEGMENT));
        assert_eq!(shown(UNMATCHED, &long, &[]), expected);
    }
}
