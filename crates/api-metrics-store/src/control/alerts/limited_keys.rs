//! The keys that rules look at, and the limits of those that have one.

use std::collections::HashMap;

use crate::control::keys::KeyRecord;

/// All keys by number, and the limits a minute of those that are enabled and have one.
#[derive(Debug)]
pub(super) struct LimitedKeys {
    /// By number.
    pub(super) all: HashMap<i64, KeyRecord>,
    /// By number.
    pub(super) limits: HashMap<i64, u64>,
}

impl LimitedKeys {
    /// Finds the limits of these keys.
    pub(super) fn new(keys: Vec<KeyRecord>) -> Self {
        let all = keys.into_iter().map(|key| (key.id, key)).collect();
        Self {
            limits: limits(&all),
            all,
        }
    }
}

/// The limits a minute of the keys that are enabled and have one.
pub(super) fn limits(keys: &HashMap<i64, KeyRecord>) -> HashMap<i64, u64> {
    keys.values()
        .filter(|key| key.spec.enabled)
        .filter_map(|key| Some((key.id, key.spec.rate_limit_per_minute?)))
        .collect()
}
