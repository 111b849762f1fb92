//! What is not in the buckets yet, summed by group and step of an answer.
//!
//! Two sources end up here: flush batches in the inbox that are not folded, and what the caller's own
//! process holds. Their buckets are still encoded, and only what the answer needs of them is read.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::{
    bucket::Bucket,
    query::Detail,
    sketch::{SketchError, SketchKind},
};

/// The sum of one group and step.
pub(super) struct UnstoredSum {
    /// The number of the group.
    pub(super) group: usize,
    /// The index of the step, 0 for the first.
    pub(super) step: usize,
    /// Everything but the sketch.
    pub(super) counts: Bucket,
    /// Encoded sketches, one after another. Empty unless the answer needs quantiles.
    pub(super) sketches: Vec<u8>,
}

impl UnstoredSum {
    /// Adds an encoded bucket. Where it can't be read, a part of it may have been added, and the sum
    /// must be thrown away. For `Detail::Requests` only the first number of the bucket is looked at.
    pub(super) fn add(&mut self, encoded: &[u8], detail: Detail) -> Result<(), SketchError> {
        if detail == Detail::Requests {
            let requests = Bucket::peek_request_count(encoded);
            self.counts.request_count = self.counts.request_count.saturating_add(requests);
            return Ok(());
        }
        let sketch = self.counts.add_encoded(encoded)?;
        if detail == Detail::Quantiles {
            self.sketches.extend_from_slice(sketch);
        }
        Ok(())
    }
}

/// Sums by group and step. Those without any record are missing.
#[derive(Default)]
pub(super) struct UnstoredSums(HashMap<(usize, usize), UnstoredSum, RandomState>);

impl UnstoredSums {
    /// The sum of a group and step, which is made where there is none.
    pub(super) fn of(&mut self, group: usize, step: usize, kind: SketchKind) -> &mut UnstoredSum {
        self.0.entry((group, step)).or_insert_with(|| UnstoredSum {
            group,
            step,
            counts: Bucket::new(kind),
            sketches: Vec::new(),
        })
    }

    /// All sums, in no particular order.
    pub(super) fn sums(&self) -> impl Iterator<Item = &UnstoredSum> {
        self.0.values()
    }

    /// Forgets all groups but these.
    pub(super) fn keep(&mut self, groups: &BTreeSet<usize>) {
        self.0.retain(|_, fresh| groups.contains(&fresh.group));
    }
}
