//! A recording process, as the store knows it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::{recorder::Recorder, series::SeriesKey, time::UnixSeconds};

/// Who records. The id is random, for the life of a process and never used again: the fence row
/// under it decides which of its flushes have happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Instance {
    /// Random for life.
    pub id: Uuid,
    /// The service's name, at most 128 bytes.
    pub service: String,
    /// The environment's name, at most 128 bytes.
    pub environment: String,
    /// The version of the host's code, shown as a deploy mark.
    pub version: String,
    /// The machine's name.
    pub host: String,
    /// When the process started.
    pub started_at: UnixSeconds,
}

impl Instance {
    /// A process of `service` in `environment`, without a version, a host or a start. `id` must be new: a random one for each start.
    #[must_use]
    pub fn new(id: Uuid, service: impl Into<String>, environment: impl Into<String>) -> Self {
        Self {
            id,
            service: service.into(),
            environment: environment.into(),
            version: String::new(),
            host: String::new(),
            started_at: 0,
        }
    }
}

/// A recorder together with the instance under which it flushes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Writer {
    /// Under which instance it flushes.
    pub instance: Instance,
    /// What it flushes.
    pub recorder: Arc<Recorder>,
    /// Numbers of series that an acknowledged transaction has seen.
    interned: Mutex<HashMap<Arc<SeriesKey>, i64>>,
    /// Numbers that the database has lost and that no acknowledged flush has reported yet: the flush
    /// that finds them may itself fail.
    lost: Mutex<Option<(u64, u64)>>,
    /// One flush at a time: a second one would only wait at the fence row.
    pub(crate) flushing: tokio::sync::Mutex<()>,
}

impl Writer {
    /// A writer for `recorder`, which must belong to no other writer.
    #[must_use]
    pub fn new(instance: Instance, recorder: Arc<Recorder>) -> Self {
        Self {
            instance,
            recorder,
            interned: Mutex::default(),
            lost: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn interned(&self) -> MutexGuard<'_, HashMap<Arc<SeriesKey>, i64>> {
        self.interned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lose(&self, first: u64, last: u64) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        *lost = Some(lost.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
    }

    pub(crate) fn take_lost(&self) -> Option<(u64, u64)> {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
