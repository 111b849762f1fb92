//! The gRPC methods that are known to exist.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// gRPC methods remembered by a layer. A service has dozens; the bound is for proxies.
const MAX_METHODS: usize = 4096;

/// The methods that are known to exist, because they have run or the host has declared them: else an
/// unauthenticated caller could make a series of every path it thinks of. Each says whether it streams.
#[derive(Debug, Default)]
pub(crate) struct Methods(RwLock<HashMap<Box<str>, AtomicBool>>);

impl Methods {
    /// Whether a call of `path` may be labelled with the path. A call that has shown that its method exists is
    /// remembered.
    pub(crate) fn admit(&self, path: &str, shown: bool) -> bool {
        let known = self.knows(path);
        if shown && !known {
            self.learn(path);
        }
        known || shown
    }

    /// Adds methods that the host vouches for, beyond the bound of those that are learned.
    pub(crate) fn declare(&self, paths: impl IntoIterator<Item = (String, bool)>) {
        let mut methods = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (path, streams) in paths {
            let known = methods.entry(path.into_boxed_str()).or_default();
            known.fetch_or(streams, Ordering::Relaxed);
        }
    }

    /// Whether calls of `path` stream, as far as is known. `streamed` says that one just did, which a known
    /// method remembers.
    pub(crate) fn streams(&self, path: &str, streamed: bool) -> bool {
        let methods = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(streams) = methods.get(path) else {
            return streamed;
        };
        if streamed {
            streams.store(true, Ordering::Relaxed);
        }
        streams.load(Ordering::Relaxed)
    }

    pub(crate) fn knows(&self, path: &str) -> bool {
        let methods = self.0.read().unwrap_or_else(PoisonError::into_inner);
        methods.contains_key(path)
    }

    #[cold]
    fn learn(&self, path: &str) {
        let mut methods = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if methods.len() < MAX_METHODS {
            methods.entry(path.into()).or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_is_a_method_once_it_has_run_or_was_declared() {
        let methods = Methods::default();
        assert!(!methods.admit("/a.B/C", false));
        assert!(methods.admit("/a.B/C", true));
        assert!(methods.admit("/a.B/C", false));
        assert!(!methods.admit("/a.B/D", false));
        methods.declare([("/a.B/D".into(), false)]);
        assert!(methods.admit("/a.B/D", false));
    }

    #[test]
    fn the_memory_of_methods_is_bounded_and_a_running_method_keeps_its_name_beyond_it() {
        let methods = Methods::default();
        for i in 0..2 * MAX_METHODS {
            assert!(methods.admit(&format!("/s/{i}"), true));
        }
        assert_eq!(methods.0.read().unwrap().len(), MAX_METHODS);
        assert!(!methods.admit(&format!("/s/{}", 2 * MAX_METHODS - 1), false));
    }

    #[test]
    fn a_method_streams_once_it_was_declared_so_or_one_of_its_calls_did() {
        let methods = Methods::default();
        methods.declare([("/s/Watch".into(), true), ("/s/Get".into(), false)]);
        assert!(methods.streams("/s/Watch", false));
        assert!(!methods.streams("/s/Get", false));
        assert!(methods.streams("/s/Get", true));
        assert!(methods.streams("/s/Get", false));
        // What nobody knows is not remembered.
        assert!(methods.streams("/s/Guess", true));
        assert!(!methods.streams("/s/Guess", false));
        methods.declare([("/s/Watch".into(), false)]);
        assert!(methods.streams("/s/Watch", false));
    }
}
