//! What is stored in one transaction, and the bounds of the names in it.

use std::{collections::HashSet, hash::BuildHasher};

use foldhash::fast::FixedState;

use super::Dropped;
use crate::request_log::{country::CountryHour, entry::Entry, sql::marks::Given};

/// Different API keys that a process names, as its recorder does; more are `<other key>`.
pub(super) const MAX_KEYS: usize = 10_000;
/// Different sources of events that a process names; more are `<other>`.
const MAX_SOURCES: usize = 1_000;
/// What they are named then.
const OTHER_SOURCE: &str = "<other>";

/// The batch under way.
#[derive(Debug, Default)]
pub(in crate::request_log) struct Flushing {
    /// Of the last batch.
    pub(in crate::request_log) seq: u64,
    pub(in crate::request_log) batch: Option<Batch>,
    /// The last mark that a batch has got, where rows are in another database.
    pub(in crate::request_log) mark: Option<Given>,
    /// The hashes of the API keys that were named.
    keys: HashSet<u64>,
    /// Those of the sources.
    sources: HashSet<u64>,
}

impl Flushing {
    /// Replaces keys beyond the bound, so that no process can make more of them than its recorder does, and sources
    /// of events, which some make up as they go.
    pub(in crate::request_log) fn bound_names(&mut self) {
        let entries = self.batch.iter_mut().flat_map(|batch| &mut batch.entries);
        for entry in entries {
            if let Some(key) = entry.api_key()
                && !is_known(&mut self.keys, key, MAX_KEYS)
            {
                entry.name_other_key();
            }
            if let Some(event) = &mut entry.event
                && !is_known(&mut self.sources, &event.source, MAX_SOURCES)
            {
                event.source = OTHER_SOURCE.into();
            }
        }
    }
}

/// Whether a name is among those known, or becomes one of them.
fn is_known(known: &mut HashSet<u64>, name: &str, max: usize) -> bool {
    let hash = FixedState::with_seed(7).hash_one(name);
    if known.len() < max {
        known.insert(hash);
        return true;
    }
    known.contains(&hash)
}

/// Requests that are stored in one transaction.
#[derive(Debug)]
pub(in crate::request_log) struct Batch {
    pub(in crate::request_log) seq: u64,
    pub(in crate::request_log) entries: Vec<Entry>,
    /// Requests by country since the batch before.
    pub(in crate::request_log) countries: Vec<CountryHour>,
    /// Dropped since the batch before.
    pub(in crate::request_log) dropped: Dropped,
    /// Attempts that the database has refused.
    pub(in crate::request_log) refused: u32,
    /// Requests that the last attempt has stored, and those that came too late.
    pub(in crate::request_log) kept: u64,
    pub(in crate::request_log) late: u64,
    /// From which millisecond up to which one requests are kept, as its first attempt has found it.
    pub(in crate::request_log) in_time: Option<(i64, i64)>,
    /// What its rows carry, where they are in another database.
    pub(in crate::request_log) mark: Option<i64>,
}
