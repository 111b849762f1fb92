//! The series and keys that are live in the whole recorder, and their bounds.
//!
//! A series is live while at least one buffer holds a slot for it. The registry counts those buffers as
//! holders. An eviction releases a series from a buffer; the last release removes it here and makes
//! room for another.
//!
//! | bound | reached | what a further one becomes |
//! |---|---|---|
//! | `max_keys` | a key that is not live arrives | the same labels with the key `<other key>` |
//! | `max_series` | labels that are not live arrive | the same method and key with the endpoint `<other>` |
//!
//! Series with the endpoint `<other>` don't count against `max_series`, so that a key's requests are
//! always counted under the key. Their number is bounded by keys, methods and protocols.
//!
//! Totals are exact in any case. What is lost beyond a bound is only the name.

use std::sync::Arc;

use api_metrics_layer::ApiKey;
use hashbrown::{HashMap, HashTable, hash_table::Entry};

use super::lookup::Lookup;
use crate::series::SeriesKey;

/// The name of the key under which requests of keys beyond the bound are counted. It is never billed.
pub(super) const OTHER_KEY: &str = "<other key>";

/// The live series and keys. Locked only when a buffer sees a series for the first time, or removes one.
#[derive(Debug)]
pub(super) struct Registry {
    max_series: usize,
    max_keys: usize,
    series: HashTable<Live>,
    keys: HashMap<ApiKey, usize, foldhash::fast::RandomState>,
    /// Series whose endpoint is `<other>`. They don't count against the bound, so that each key keeps one of
    /// its own.
    others: usize,
}

/// A live series; the same `Arc` in every buffer, run and batch.
#[derive(Debug)]
struct Live {
    hash: u64,
    series: Arc<SeriesKey>,
    /// The number of buffers that hold it.
    holders: usize,
}

/// The outcome of [`Registry::intern`].
pub(super) enum Interned {
    Series(Arc<SeriesKey>),
    /// The key exceeds the bound of keys.
    KeyOverflow,
    /// The series exceeds the bound of series.
    SeriesOverflow,
}

impl Registry {
    /// An empty registry with these bounds.
    pub(super) fn new(max_series: usize, max_keys: usize) -> Self {
        Self {
            max_series,
            max_keys,
            series: HashTable::new(),
            keys: HashMap::default(),
            others: 0,
        }
    }

    /// The series with that key, created if there is room. The caller holds it until
    /// [`release`](Self::release).
    ///
    /// `hash` must be that of `key`. Call it again with the changed key after an overflow.
    pub(super) fn intern(&mut self, hash: u64, key: Lookup<'_>, other_key: &ApiKey) -> Interned {
        let full = self.series.len().saturating_sub(self.others) >= self.max_series;
        let known_key = |api_key: &ApiKey, keys: &HashMap<_, _, _>| {
            keys.contains_key(api_key) || keys.len() < self.max_keys || api_key == other_key
        };
        let entry = self
            .series
            .entry(hash, |live| key.is(&live.series), |live| live.hash);
        match entry {
            Entry::Occupied(mut live) => {
                let live = live.get_mut();
                live.holders += 1;
                Interned::Series(Arc::clone(&live.series))
            }
            Entry::Vacant(_) if key.api_key.is_some_and(|k| !known_key(k, &self.keys)) => {
                Interned::KeyOverflow
            }
            Entry::Vacant(_) if full && !key.is_other() => Interned::SeriesOverflow,
            Entry::Vacant(vacant) => {
                let series = Arc::new(key.to_series());
                vacant.insert(Live {
                    hash,
                    series: Arc::clone(&series),
                    holders: 1,
                });
                self.others += usize::from(key.is_other());
                if let Some(key) = key.api_key.filter(|&key| key != other_key) {
                    *self.keys.entry(key.clone()).or_insert(0) += 1;
                }
                Interned::Series(series)
            }
        }
    }

    /// Notes that a buffer holds the series no longer.
    pub(super) fn release(&mut self, hash: u64, series: &Arc<SeriesKey>) {
        let found = self
            .series
            .find_entry(hash, |live| Arc::ptr_eq(&live.series, series));
        let Ok(mut live) = found else { return };
        let holders = &mut live.get_mut().holders;
        *holders = holders.saturating_sub(1);
        if *holders > 0 {
            return;
        }
        live.remove();
        if *series.endpoint == *api_metrics_layer::OTHER_ENDPOINT {
            self.others = self.others.saturating_sub(1);
        }
        if let Some(key) = &series.api_key
            && let Some(uses) = self.keys.get_mut(key)
        {
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// The number of live series, `<other>` included.
    pub(super) fn series(&self) -> usize {
        self.series.len()
    }

    /// The number of live keys, `<other key>` excluded.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }
}
