//! Aggregate series, kept from read to read.
//!
//! Only a fold adds some, and each fold that does replaces the tag. What was read under a tag therefore
//! holds in every snapshot that shows this tag. That is true also where the database has gone back to
//! an earlier state, in which the same numbers may stand for other series: its tag is another one. Base
//! series are not kept, because flushes add them at any time.
//!
//! Only reads that see everything use it: within a scope row-level security hides series, and what such
//! a read finds is not all there is. SQLite gives no tag, so nothing is kept there.
//!
//! Memory: one entry a stored aggregate series and one a base series that was in an inbox, for one tag.

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

/// What the reads of one store share. The lock is held for a clone or an assignment, never across an
/// await.
#[derive(Debug, Default)]
pub(crate) struct SharedSeriesCache(Mutex<Option<Tagged>>);

/// What was read under one tag.
#[derive(Debug, Clone)]
struct Tagged {
    /// The tag of the snapshots that it holds in.
    tag: Uuid,
    /// All series of a kind, by its place among the aggregate ones.
    series: [Option<Arc<[SeriesRow]>>; 3],
    /// The aggregate series of base series, in the order by endpoint, by key, total.
    aggregates: Arc<ByNumber<[i64; 3]>>,
}

/// The cache as one snapshot sees it. Without a tag nothing is known and nothing is kept.
pub(super) struct SeriesCache {
    /// What is known; shared with other reads until something is learned.
    tagged: Option<Tagged>,
    /// Whether this read has added anything.
    learned: bool,
}

impl SharedSeriesCache {
    /// What is known in a snapshot with this tag: nothing yet if the tag is another one than the last
    /// read's.
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

    /// Keeps what a read has learned. Of two concurrent reads the later one wins, and what the other
    /// one has learned is read again when it is needed.
    pub(super) fn keep(&self, known: SeriesCache) {
        if known.learned {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known.tagged;
        }
    }
}

impl SeriesCache {
    /// All series of a kind; `None` where they are not known, and always for base series.
    pub(super) fn series(&self, kind: SeriesKind) -> Option<Arc<[SeriesRow]>> {
        let place = kind.aggregate_place()?;
        self.tagged.as_ref()?.series.get(place)?.clone()
    }

    /// Notes all series of a kind, as they were read without any filter.
    pub(super) fn learn(&mut self, kind: SeriesKind, series: &Arc<[SeriesRow]>) {
        if let Some(tagged) = &mut self.tagged
            && let Some(place) = kind.aggregate_place()
            && let Some(mine) = tagged.series.get_mut(place)
        {
            *mine = Some(Arc::clone(series));
            self.learned = true;
        }
    }

    /// The aggregate series of these kinds that each of the base series `ids` counts in; the others may
    /// be 0. `ids` must ascend. `None` in the place of a series that no fold has seen. Asks the
    /// database only about what is not known, in one statement.
    pub(super) async fn aggregates(
        &mut self,
        tx: &mut dyn Tx,
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

/// The entries of these series, in their order.
fn of(known: &ByNumber<[i64; 3]>, ids: &[i64]) -> Vec<Option<[i64; 3]>> {
    ids.iter().map(|id| known.get(id).copied()).collect()
}
