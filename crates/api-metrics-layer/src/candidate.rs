//! Tells a request that a layer outside counts already from one that a handler has made.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    iter,
};

/// What a layer knows of a request that may be running already.
pub(crate) struct Candidate<'a> {
    /// That of the layer's sink.
    pub(crate) identity: usize,
    pub(crate) method: &'static str,
    /// The path as this layer sees it.
    pub(crate) path: &'a str,
    /// The path as the client has sent it, if a router has shortened it.
    pub(crate) original: Option<&'a str>,
    pub(crate) template: Option<&'a str>,
}

/// Routers that are nested deeper than this are not looked through.
const MAX_NESTING: usize = 16;

impl Candidate<'_> {
    /// The paths that the request may have had where a layer outside saw it: as it is here, and as it was sent,
    /// less the segments that routers outside of that layer have taken away.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let sent = self.original.unwrap_or_default();
        let slashes = sent.match_indices('/').take(MAX_NESTING);
        let shortened = slashes.filter_map(move |(start, _)| sent.get(start..));
        iter::once(self.path).chain(shortened)
    }

    /// Whether one of the paths has this hash.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        self.paths().any(|path| hash_path(path) == hash)
    }

    /// Whether one of the paths is this one.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.paths().any(|other| other == path)
    }

    /// Whether the request can be one for a route of this template.
    pub(crate) fn fits(&self, template: &str) -> bool {
        self.template == Some(template) || self.paths().any(|path| matches(template, path))
    }
}

/// Whether a path matches a template of axum's.
fn matches(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for part in template.split('/') {
        if part.starts_with("{*") {
            return segments.next().is_some();
        }
        match segments.next() {
            Some(segment) if part == segment || part.contains('{') => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// A hash that tells paths apart. 0 is none.
pub(crate) fn hash_path(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_matches_its_paths_and_no_other() {
        for (template, path) in [
            ("/", "/"),
            ("/users/{id}", "/users/7"),
            ("/files/v{version}/x", "/files/v3/x"),
            ("/static/{*rest}", "/static/a/b"),
            ("/{*rest}", "/"),
        ] {
            assert!(matches(template, path), "{template} {path}");
        }
        for (template, path) in [
            ("/users/{id}", "/users"),
            ("/users/{id}", "/users/7/orders"),
            ("/users/{id}", "/orders/7"),
            ("/static/{*rest}", "/static"),
        ] {
            assert!(!matches(template, path), "{template} {path}");
        }
    }

    #[test]
    fn a_shortened_path_is_found_by_what_it_was_at_any_depth() {
        let candidate = Candidate {
            identity: 0,
            method: "GET",
            path: "/7",
            original: Some("/api/users/7"),
            template: None,
        };
        for path in ["/7", "/users/7", "/api/users/7"] {
            assert!(candidate.has_path(path) && candidate.has_hash(hash_path(path)));
        }
        assert!(!candidate.has_path("/api/users"));
        assert!(!candidate.has_hash(hash_path("/users/8")));
        assert!(candidate.fits("/users/{id}") && candidate.fits("/api/{*rest}"));
        assert!(!candidate.fits("/orders/{id}"));
    }
}
