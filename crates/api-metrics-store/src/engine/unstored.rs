//! What is not in the buckets yet, summed by group and step of an answer.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::{
    bucket::{Bucket, BucketError},
    query::Detail,
    sketch::SketchKind,
};

/// Of one group and step.
pub(super) struct UnstoredSum {
    pub(super) group: usize,
    pub(super) step: usize,
    /// Everything but the sketch.
    pub(super) counts: Bucket,
    /// Encodings, one after another.
    pub(super) sketches: Vec<u8>,
}

impl UnstoredSum {
    /// Adds an encoded bucket. Where it can't be read, a part of it may have been added.
    pub(super) fn add(&mut self, encoded: &[u8], detail: Detail) -> Result<(), BucketError> {
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

/// Sums by group and step.
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

    pub(super) fn sums(&self) -> impl Iterator<Item = &UnstoredSum> {
        self.0.values()
    }

    /// Forgets all other groups.
    pub(super) fn keep(&mut self, groups: &BTreeSet<usize>) {
        self.0.retain(|_, fresh| groups.contains(&fresh.group));
    }
}
