//! The keys that rules look at, and the limits of those that have one.

use std::collections::HashMap;

use crate::{
    calendar::Tz,
    control::{keys::KeyRecord, limits::LimitSettings},
};

/// What rules depend on beside themselves, the same for all of them. From a zone alone, keys have no limits but their
/// own.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RuleSettings {
    /// Whose clock tells the hour of the week, for the baselines of anomalies: that of quotas.
    pub tz: Tz,
    /// Which limits keys have, for the type `rate_limit`.
    pub limits: LimitSettings,
}

impl RuleSettings {
    /// These.
    #[must_use]
    pub const fn new(tz: Tz, limits: LimitSettings) -> Self {
        Self { tz, limits }
    }
}

impl From<Tz> for RuleSettings {
    fn from(tz: Tz) -> Self {
        Self::new(tz, LimitSettings::default())
    }
}

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
    pub(super) fn new(keys: Vec<KeyRecord>, settings: &LimitSettings) -> Self {
        let all = keys.into_iter().map(|key| (key.id, key)).collect();
        Self {
            limits: limits(&all, settings),
            all,
        }
    }
}

/// The limits a minute of the keys that are enabled and have one: their own, or the default one.
pub(super) fn limits(
    keys: &HashMap<i64, KeyRecord>,
    settings: &LimitSettings,
) -> HashMap<i64, u64> {
    keys.values()
        .filter(|key| key.spec.enabled)
        .filter_map(|key| Some((key.id, settings.limit_of(key)?)))
        .collect()
}
