//! Which request is being handled on this thread, so that a layer inside of another one doesn't count it again.
//!
//! While the inner service runs, the state of its request is kept here. It is moved, not shared, so that it
//! costs a request a few instructions and no allocation.

use std::{
    cell::Cell,
    hash::{DefaultHasher, Hash, Hasher},
    iter,
    mem::{self, ManuallyDrop},
};

use crate::request_state::RequestState;

/// The innermost request that is running, which knows the one around it.
type Running = Option<Box<RequestState>>;

thread_local! {
    // A cell with a destructor would have to be asked on each access whether it is still there. This one needs
    // none, because each request takes its state back when it stops running.
    static RUNNING: Cell<ManuallyDrop<Running>> = const { Cell::new(ManuallyDrop::new(None)) };
}

#[inline(always)]
fn take() -> Running {
    ManuallyDrop::into_inner(RUNNING.replace(ManuallyDrop::new(None)))
}

/// Must be called only where nothing runs: what there was is forgotten, not freed.
#[inline(always)]
fn set(running: Running) {
    RUNNING.set(ManuallyDrop::new(running));
}

/// Keeps a request's state while its inner service runs.
#[inline(always)]
pub(crate) fn enter(mut state: Box<RequestState>) {
    // A state that doesn't run knows of none around it, so that nothing has to be freed here.
    mem::forget(mem::replace(&mut state.outer, take()));
    set(Some(state));
}

/// Gives the state back that was kept last.
#[inline(always)]
pub(crate) fn leave() -> Option<Box<RequestState>> {
    let mut state = take()?;
    set(state.outer.take());
    Some(state)
}

/// Whether a request is running.
#[inline(always)]
pub(crate) fn is_any() -> bool {
    let innermost = take();
    let any = innermost.is_some();
    set(innermost);
    any
}

/// Calls `on_each` with the running requests, from the innermost to the outermost, until it has found one.
pub(crate) fn find(mut on_each: impl FnMut(&mut RequestState) -> bool) -> bool {
    let Some(mut innermost) = take() else {
        return false;
    };
    let mut next = Some(&mut innermost);
    let mut found = false;
    while let Some(state) = next {
        found = on_each(state);
        if found {
            break;
        }
        next = state.outer.as_mut();
    }
    set(Some(innermost));
    found
}

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
