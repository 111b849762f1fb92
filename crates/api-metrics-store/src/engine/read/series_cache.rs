//! Aggregate series, kept from read to read.
//!
//! Only a fold adds some, and each fold that does gives them another tag. What was read under a tag holds in
//! every snapshot that shows this tag, also where the database has gone back to an earlier state, and numbers
//! stand for other series since. Base series are not kept: flushes add them at any time.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use super::inbox::ByNumber;
use crate::{
    engine::backend::{Result, SeriesRow, Tx},
    series::SeriesKind,
};

/// What the reads of one store share.
#[derive(Debug, Default)]
pub(crate) struct SharedSeriesCache(Mutex<Option<Tagged>>);

/// What was read under a tag.
#[derive(Debug, Clone)]
struct Tagged {
    tag: Uuid,
    /// All series of a kind, by its place among the aggregate ones.
    series: [Option<Arc<[SeriesRow]>>; 3],
    /// Any key, any endpoint and total of base series.
    aggregates: Arc<ByNumber<[i64; 3]>>,
}

/// The same in one snapshot. Without a tag nothing is kept.
pub(super) struct SeriesCache {
    tagged: Option<Tagged>,
    learned: bool,
}

impl SharedSeriesCache {
    /// What is known in a snapshot with this tag.
    pub(super) fn under(&self, tag: Option<Uuid>) -> SeriesCache {
        let tagged = tag.map(|tag| {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let same = kept.as_ref().filter(|kept| kept.tag == tag);
            same.cloned().unwrap_or_else(|| Tagged {
                tag,
                series: [const { None }; 3],
                aggregates: Arc::default(),
            })
        });
        SeriesCache {
            tagged,
            learned: false,
        }
    }

    /// Keeps what a read has learned. Of two reads at a time the later one's counts: what the other one has
    /// learned is read again.
    pub(super) fn keep(&self, known: SeriesCache) {
        if known.learned {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known.tagged;
        }
    }
}

impl SeriesCache {
    /// All series of a kind.
    pub(super) fn series(&self, kind: SeriesKind) -> Option<Arc<[SeriesRow]>> {
        let place = kind.aggregate_place()?;
        self.tagged.as_ref()?.series.get(place)?.clone()
    }

    /// All series of a kind, as they were read.
    pub(super) fn learn(&mut self, kind: SeriesKind, series: &Arc<[SeriesRow]>) {
        if let Some(tagged) = &mut self.tagged
            && let Some(place) = kind.aggregate_place()
            && let Some(mine) = tagged.series.get_mut(place)
        {
            *mine = Some(Arc::clone(series));
            self.learned = true;
        }
    }

    /// The aggregate series of these kinds that each of the base series `ids`, which ascend, counts in; the
    /// others may be 0. `None` where they are not known yet.
    pub(super) async fn aggregates<T: Tx>(
        &mut self,
        tx: &mut T,
        ids: &[i64],
        kinds: &BTreeSet<SeriesKind>,
    ) -> Result<Vec<Option<[i64; 3]>>> {
        let Some(tagged) = &mut self.tagged else {
            let found = tx.aggregates(ids, kinds).await?;
            let found: ByNumber<[i64; 3]> = found.into_iter().collect();
            return Ok(of(&found, ids));
        };
        let known = &mut tagged.aggregates;
        let unknown = ids.iter().copied().filter(|id| !known.contains_key(id));
        let unknown: Vec<i64> = unknown.collect();
        if !unknown.is_empty() {
            let found = tx
                .aggregates(&unknown, &SeriesKind::AGGREGATES.into())
                .await?;
            self.learned |= !found.is_empty();
            Arc::make_mut(known).extend(found);
        }
        Ok(of(known, ids))
    }
}

fn of(known: &ByNumber<[i64; 3]>, ids: &[i64]) -> Vec<Option<[i64; 3]>> {
    ids.iter().map(|id| known.get(id).copied()).collect()
}
