//! Remembers what this process has published.
//!
//! This is a cache and nothing depends on it: after a restart, or in another process, a notice is
//! offered to the outbox once more and its id is found there. It holds 24 bytes a notice of the last
//! day, at most two an hour and limited key, and one for each threshold of a quota.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{Notice, NoticeStore};
use crate::{store::StoreError, time::UnixSeconds};

/// How long a notice is remembered, in seconds: longer than an hour, and short enough to keep memory small.
const REMEMBERED_SECONDS: i64 = 86_400;

/// Remembers the notices that this process has published. A state such as a half-used quota is found
/// again at every evaluation. The outbox would ignore the repeat, but each would cost a statement.
#[derive(Debug, Default)]
pub(in crate::control) struct Published(Mutex<HashMap<Uuid, UnixSeconds>>);

impl Published {
    /// Leaves those in the outbox that are not known to be there; answers how many are new to it.
    ///
    /// # Errors
    ///
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit. Nothing is remembered then, and the next look offers the notices again.
    pub(crate) async fn publish(
        &self,
        store: &dyn NoticeStore,
        notices: Vec<(Notice, UnixSeconds, bool)>,
        now: UnixSeconds,
    ) -> Result<u64, StoreError> {
        let fresh: Vec<_> = {
            let mut known = self.known();
            known.retain(|_, until| *until > now);
            notices
                .into_iter()
                .filter(|(notice, ..)| !known.contains_key(&notice.id))
                .collect()
        };
        let new = store.publish(&fresh).await?;
        let until = now + REMEMBERED_SECONDS;
        let ids = fresh.into_iter().map(|(notice, ..)| (notice.id, until));
        self.known().extend(ids);
        Ok(new)
    }

    /// Whether it is known to be in the outbox.
    pub(crate) fn knows(&self, notice: Uuid) -> bool {
        self.known().contains_key(&notice)
    }

    /// Ids, and until when they are remembered. A poisoned lock is taken over: every entry is whole.
    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, UnixSeconds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
