//! The name of an outgoing call: whom it goes to, and which of its routes.

use std::{
    cell::RefCell,
    collections::HashSet,
    fmt::Write as _,
    sync::{Arc, PoisonError, RwLock},
};

use http::{Uri, uri::Authority};

use crate::label::{MAX_ENDPOINT_BYTES, OTHER_ENDPOINT, bounded};

/// Stands for the host where a call names none, as calls of a gRPC client's stub do.
pub const UNKNOWN_HOST: &str = "<unknown host>";

/// Names that a layer and its clones tell apart. A service that calls whatever address its users give it must
/// not push its own routes out of the recorder.
const MAX_NAMES: usize = 1_000;
/// Segments of a masked path that are shown.
const MAX_SEGMENTS: usize = 4;
/// The longest segment of a masked path that is shown, in bytes.
const MAX_SEGMENT: usize = 32;
/// What stands for a masked segment.
const MASK: &str = "{}";

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Whom a call goes to, as far as it may be recorded: never a query, never credentials, and of a path only its
/// template.
#[derive(Debug, Clone, Copy)]
pub struct Partner<'a> {
    /// The host's name or address, without port and credentials; `None` where it is not known.
    pub host: Option<&'a str>,
    /// Its port, where that is not the scheme's own.
    pub port: Option<u16>,
    /// The path, without its query. It is recorded only masked, and only where the layer is told to.
    pub path: &'a str,
    /// The route template, which is recorded as it is.
    pub template: Option<&'a str>,
}

impl<'a> Partner<'a> {
    /// Of a request's address.
    #[must_use]
    pub fn of(uri: &'a Uri) -> Self {
        let own = match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let authority = uri.authority();
        Self {
            host: authority.map(Authority::host),
            port: authority
                .and_then(Authority::port_u16)
                .filter(|&port| port != own),
            path: uri.path(),
            template: None,
        }
    }

    fn write(&self, named: Option<&str>, masked: bool, text: &mut String) {
        text.clear();
        match (named, self.host) {
            (Some(name), _) => text.push_str(name),
            (None, Some(host)) => {
                text.extend(host.chars().map(|c| c.to_ascii_lowercase()));
                if let Some(port) = self.port {
                    // Writing to a text can't fail.
                    let _ = write!(text, ":{port}");
                }
            }
            (None, None) => text.push_str(UNKNOWN_HOST),
        }
        match self.template {
            Some(template) => {
                if !template.starts_with('/') {
                    text.push('/');
                }
                text.push_str(template);
            }
            None if masked => mask(self.path, text),
            None => {}
        }
    }
}

/// Writes a path of which only plain words are left.
fn mask(path: &str, text: &mut String) {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut segments = segments.peekable();
    for segment in segments.by_ref().take(MAX_SEGMENTS) {
        text.push('/');
        text.push_str(if is_word(segment) { segment } else { MASK });
    }
    if segments.peek().is_some() {
        text.push_str("/…");
    }
}

/// Whether a segment looks like a part of a route and not like a value: short, lower-case letters with `-`, `_` or
/// `.` between, or a version such as `v2`.
fn is_word(segment: &str) -> bool {
    let version = segment.strip_prefix('v');
    let is_version = version
        .is_some_and(|n| (1..=2).contains(&n.len()) && n.bytes().all(|byte| byte.is_ascii_digit()));
    let plain = |byte: u8| byte.is_ascii_lowercase() || b"-_.".contains(&byte);
    is_version || (segment.len() <= MAX_SEGMENT && segment.bytes().all(plain))
}

/// The names that a layer has met.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: RwLock<HashSet<Arc<str>>>,
    /// Stands for the host of all calls.
    pub(super) host: Option<Box<str>>,
    /// Whether paths without a template are shown masked.
    pub(super) masked_paths: bool,
}

impl Names {
    /// The name of a call. Allocates nothing for one that was met before.
    pub(super) fn name(&self, partner: &Partner<'_>) -> Arc<str> {
        TEXT.with(|text| match text.try_borrow_mut() {
            Ok(mut text) => self.name_in(partner, &mut text),
            Err(_) => self.name_in(partner, &mut String::new()),
        })
    }

    fn name_in(&self, partner: &Partner<'_>, text: &mut String) -> Arc<str> {
        partner.write(self.host.as_deref(), self.masked_paths, text);
        let name = bounded(text, MAX_ENDPOINT_BYTES);
        let found = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&*name).cloned()
        };
        found.unwrap_or_else(|| self.add(&name))
    }

    #[cold]
    fn add(&self, name: &str) -> Arc<str> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(name) {
            return Arc::clone(known);
        }
        let is_full = known.len() >= MAX_NAMES;
        let name: Arc<str> = if is_full { OTHER_ENDPOINT } else { name }.into();
        // One more than the bound: the name of all others.
        known.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(names: &Names, uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        names.name(&Partner::of(&uri)).to_string()
    }

    #[test]
    fn without_a_template_a_call_has_the_name_of_its_host_alone() {
        let names = Names::default();
        for (uri, expected) in [
            (
                "https://me:secret@Payments.example/users/7?token=abc",
                "payments.example",
            ),
            ("https://payments.example:443/", "payments.example"),
            ("http://payments.example:443/", "payments.example:443"),
            ("http://[::1]:8080/x", "[::1]:8080"),
            ("/pkg.Greeter/Hello", UNKNOWN_HOST),
        ] {
            assert_eq!(named(&names, uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_masked_path_holds_plain_words_alone() {
        let names = Names {
            masked_paths: true,
            ..Names::default()
        };
        for (path, expected) in [
            ("/v1/charges/ch_3NkQ?key=secret", "/v1/charges/{}"),
            ("/users/7/orders", "/users/{}/orders"),
            ("/users/me@example.com", "/users/{}"),
            ("/v2024/a", "/{}/a"),
            ("/a/b/c/d/e/f", "/a/b/c/d/…"),
            ("/a/b/c/d", "/a/b/c/d"),
            ("//", ""),
            ("/a-slug-that-somebody-has-made-of-a-title", "/{}"),
        ] {
            let uri = format!("https://h{path}");
            assert_eq!(named(&names, &uri), format!("h{expected}"), "{path}");
        }
    }

    #[test]
    fn a_template_and_a_name_are_recorded_as_they_are() {
        let names = Names {
            host: Some("payments".into()),
            ..Names::default()
        };
        let uri = Uri::from_static("https://10.0.0.7:8443/charges/7");
        let mut partner = Partner::of(&uri);
        partner.template = Some("/charges/{id}");
        assert_eq!(&*names.name(&partner), "payments/charges/{id}");
        partner.template = Some("refunds");
        assert_eq!(&*names.name(&partner), "payments/refunds");
    }

    #[test]
    fn names_beyond_the_bound_are_one() {
        let names = Names::default();
        for n in 0..MAX_NAMES {
            assert_eq!(named(&names, &format!("http://h{n}/")), format!("h{n}"));
        }
        for n in 0..2 {
            assert_eq!(named(&names, &format!("http://other{n}/")), OTHER_ENDPOINT);
        }
        assert_eq!(named(&names, "http://h7/"), "h7");
        assert_eq!(names.known.read().unwrap().len(), MAX_NAMES + 1);
    }
}
