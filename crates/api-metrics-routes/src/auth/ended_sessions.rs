//! Sessions that were signed out, for all instances.
//!
//! A session is a signed cookie that nobody stores, so ending one means to remember that it is over:
//! the store keeps a hash of it for a day, longer than any session lasts. Each request of a session
//! asks the store. Where the store does not answer within a second, the sessions that this process
//! knows to be over stay over, and all others pass: an operator needs the page most while the database
//! is away.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::{
    store::{Store, StoreError},
    time::UnixSeconds,
};
use tokio::time::timeout;

use super::Session;

/// How long a request waits for the store's word.
const ASK_WITHIN: Duration = Duration::from_secs(1);
/// Sessions remembered before those that have run out are forgotten.
const REMEMBERED: usize = 10_000;

/// Knows which sessions were signed out.
#[derive(Debug)]
pub(crate) struct EndedSessions {
    /// Where all instances meet.
    store: Arc<dyn Store>,
    /// What this process knows: until when each would have lasted, by the hash of its cookie.
    known: Mutex<HashMap<String, UnixSeconds>>,
}

impl EndedSessions {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// Whether a session was signed out, here or in another instance.
    pub(crate) async fn contain(&self, id: &str, expires_at: UnixSeconds) -> bool {
        if self.is_known(id) {
            return true;
        }
        let ended = match timeout(ASK_WITHIN, self.store.session_ended(id)).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => {
                tracing::debug!(%error, "whether a session was signed out is not known");
                false
            }
            Err(_) => false,
        };
        if ended {
            self.remember(id, expires_at);
        }
        ended
    }

    /// Ends a session everywhere. In this process it is over even where the store fails.
    ///
    /// # Errors
    /// The store's: other instances have not heard of it.
    pub(crate) async fn end(&self, session: &Session) -> Result<(), StoreError> {
        let id = session.id();
        self.remember(&id, session.expires_at);
        match timeout(ASK_WITHIN * 3, self.store.end_session(&id)).await {
            Ok(ended) => ended,
            Err(_) => Err(StoreError::Timeout("no answer within 3 s".into())),
        }
    }

    /// Whether this process knows that the session was ended.
    fn is_known(&self, id: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(id)
    }

    /// Remembers an ended session until it would have expired, so that the store is not asked again.
    fn remember(&self, id: &str, expires_at: UnixSeconds) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            // What ends last is kept; the store knows the others.
            let mut ends: Vec<_> = known.values().copied().collect();
            ends.sort_unstable();
            let median = ends.get(ends.len() / 2).copied().unwrap_or_default();
            known.retain(|_, end| *end > median);
        }
        known.insert(id.to_owned(), expires_at);
    }
}
