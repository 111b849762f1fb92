//! Route templates, so that `/users/7` and `/users/8` are one endpoint.

use std::path::Path;

use crate::{Failure, import::name};

/// The patterns of a routes file. axum uses the same matcher, so precedence is the same too.
pub(crate) struct Routes(matchit::Router<String>);

impl Routes {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", name(path)))?;
        Self::parse(&text).map_err(|failure| format!("{}: {failure}", name(path)))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut router = matchit::Router::new();
        for (number, line) in (1..).zip(text.lines()) {
            let pattern = line.trim();
            if pattern.is_empty() || pattern.starts_with('#') {
                continue;
            }
            if !pattern.starts_with('/') {
                return Err(format!("line {number}: a route starts with /: {pattern}"));
            }
            router
                .insert(pattern, pattern.to_owned())
                .map_err(|error| format!("line {number}: {pattern}: {error}"))?;
        }
        Ok(Self(router))
    }

    /// The template of a path, if any matches.
    pub(crate) fn template(&self, path: &str) -> Option<&str> {
        self.0.at(path).ok().map(|found| found.value.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_become_the_templates_that_axum_would_match() {
        let routes =
            Routes::parse("# users\n/users/{id}\n\n  /users/me  \n/files/{*path}\n").unwrap();
        assert_eq!(routes.template("/users/7"), Some("/users/{id}"));
        assert_eq!(routes.template("/users/me"), Some("/users/me"));
        assert_eq!(routes.template("/files/a/b"), Some("/files/{*path}"));
        assert_eq!(routes.template("/users"), None);
        assert_eq!(routes.template("-"), None);
    }

    #[test]
    fn a_bad_pattern_is_named_with_its_line() {
        for (text, named) in [
            ("/a\nusers", "line 2"),
            ("/a/{x}\n/a/{y}", "line 2"),
            ("/{", "line 1"),
        ] {
            let failure = Routes::parse(text).err().unwrap_or_default();
            assert!(failure.contains(named), "{failure}");
        }
    }
}
