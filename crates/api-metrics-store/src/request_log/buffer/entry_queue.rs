//! What waits to be stored, first in, first out.

use std::collections::VecDeque;

use crate::request_log::entry::Entry;

/// Entries of a chunk. One allocation for so many, and none of them moves when there are more: a queue in one piece would
/// be copied while a request waits for it.
const CHUNK: usize = 64;

/// Entries in chunks; no chunk is empty.
#[derive(Debug, Default)]
pub(super) struct EntryQueue(VecDeque<VecDeque<Entry>>);

impl EntryQueue {
    pub(super) fn push(&mut self, entry: Entry) {
        match self.0.back_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push_back(entry),
            _ => {
                let mut chunk = VecDeque::with_capacity(CHUNK);
                chunk.push_back(entry);
                self.0.push_back(chunk);
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let chunk = self.0.front_mut()?;
        let entry = chunk.pop_front();
        if chunk.is_empty() {
            self.0.pop_front();
        }
        entry
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
