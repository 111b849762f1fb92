//! Remembers what this process has published.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{Notice, NoticeStore};
use crate::{store::StoreError, time::UnixSeconds};

/// How long a notice is remembered, in seconds: longer than an hour, and short enough to keep memory small.
const REMEMBERED_SECONDS: i64 = 86_400;

/// Remembers the notices that this process has published. What holds once, such as that half of a
/// quota is used, is found again with every look; the store would take it once, but at the price of
/// a statement for each key and look.
#[derive(Debug, Default)]
pub(in crate::control) struct Published(Mutex<HashMap<Uuid, UnixSeconds>>);

impl Published {
    /// Leaves those in the outbox that are not known to be there; answers how many are new to it.
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

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, UnixSeconds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
