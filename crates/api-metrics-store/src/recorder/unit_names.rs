//! The names of units that a recorder counts by, and their bound.
//!
//! A name is asked for when a bucket meets it for the first time since a flush, so that requests without units
//! never come here, and those with units seldom. Names stay for the life of the recorder: they are the host's own
//! words, and at most 256 of 64 bytes.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use api_metrics_layer::{INVALID_UNIT, OTHER_UNIT};

use super::lock;
use crate::bucket::MAX_UNIT_NAMES;

/// The known names.
#[derive(Debug)]
pub(super) struct UnitNames {
    names: Mutex<BTreeSet<Arc<str>>>,
    other: Arc<str>,
    invalid: Arc<str>,
    /// How often something was counted as [`OTHER_UNIT`] for lack of room.
    overflow: AtomicU64,
}

impl Default for UnitNames {
    fn default() -> Self {
        Self {
            names: Mutex::default(),
            other: OTHER_UNIT.into(),
            invalid: INVALID_UNIT.into(),
            overflow: AtomicU64::new(0),
        }
    }
}

impl UnitNames {
    /// The shared name of a unit, or that of all others where the series is `full` or there are too many.
    pub(super) fn of(&self, unit: &str, full: bool) -> Arc<str> {
        if unit == OTHER_UNIT {
            return Arc::clone(&self.other);
        }
        if unit == INVALID_UNIT {
            return Arc::clone(&self.invalid);
        }
        if !full {
            let mut names = lock(&self.names);
            if let Some(name) = names.get(unit) {
                return Arc::clone(name);
            }
            if names.len() < MAX_UNIT_NAMES {
                let name: Arc<str> = unit.into();
                names.insert(Arc::clone(&name));
                return name;
            }
        }
        self.overflow.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.other)
    }

    /// How many names are known.
    pub(super) fn len(&self) -> usize {
        lock(&self.names).len()
    }

    /// How often something was counted as [`OTHER_UNIT`] for lack of room, since the start.
    pub(super) fn overflow(&self) -> u64 {
        self.overflow.load(Ordering::Relaxed)
    }
}
