//! Route templates, so that `/users/7` and `/users/8` are one endpoint.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::lines::hex;
use crate::failure::Failure;

/// The patterns of a routes file. axum uses the same matcher, so precedence is the same too.
pub(super) struct Routes {
    router: matchit::Router<String>,
    /// What the file is known by.
    digest: String,
}

impl Routes {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        Self::parse(&text).map_err(|why| Failure::usage(format!("{}: {why}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut router = matchit::Router::new();
        for (number, line) in (1..).zip(text.lines()) {
            let route = line.trim();
            if route.is_empty() || route.starts_with('#') {
                continue;
            }
            if !route.starts_with('/') {
                return Err(format!("line {number}: a route starts with /: {route}"));
            }
            let template = template(route);
            router
                .insert(&template, template.clone())
                .map_err(|error| format!("line {number}: {route}: {error}"))?;
        }
        Ok(Self {
            router,
            digest: hex(&Sha256::digest(text)),
        })
    }

    /// What the file is known by.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// The template of a path, if any matches.
    pub(super) fn template(&self, path: &str) -> Option<&str> {
        self.router.at(path).ok().map(|found| found.value.as_str())
    }
}

/// A route in axum's syntax: `:id` of Express, Rails and old axum is `{id}`, and `*rest` is
/// `{*rest}`. A service has its templates in one syntax, so its endpoints are one series.
fn template(route: &str) -> String {
    let segments: Vec<String> = route
        .split('/')
        .map(|segment| match segment.split_at_checked(1) {
            Some((":", name)) if is_name(name) => format!("{{{name}}}"),
            Some(("*", name)) if is_name(name) => format!("{{*{name}}}"),
            _ => segment.to_owned(),
        })
        .collect();
    segments.join("/")
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
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
    fn parameters_with_a_colon_are_those_of_other_frameworks() {
        let routes = Routes::parse(
            "/v2/:tenant/servers/detail\n/v2/:tenant/servers/:id\n/meta/*rest\n/a:b\n",
        )
        .unwrap();
        assert_eq!(
            routes.template("/v2/7/servers/detail"),
            Some("/v2/{tenant}/servers/detail")
        );
        assert_eq!(
            routes.template("/v2/7/servers/8"),
            Some("/v2/{tenant}/servers/{id}")
        );
        assert_eq!(routes.template("/meta/a/b"), Some("/meta/{*rest}"));
        assert_eq!(routes.template("/a:b"), Some("/a:b"));
    }

    #[test]
    fn a_bad_pattern_is_named_with_its_line() {
        for (text, named) in [
            ("/a\nusers", "line 2"),
            ("/a/{x}\n/a/{y}", "line 2"),
            ("/a/{x}\n/a/:y", "line 2"),
            ("/{", "line 1"),
        ] {
            let why = Routes::parse(text).err().unwrap_or_default();
            assert!(why.contains(named), "{why}");
        }
    }
}
