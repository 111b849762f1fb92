//! Buckets that this database has kept itself, taken over by the other one.
//!
//! # Order
//!
//! 1. As the leader: whoever does not name the other database can't lead from here on. Commit. Nobody folds, rolls up or
//!    removes then, so that the buckets stand still, while flushes go on into the inbox and reads see both.
//! 2. Copy each row, as a rollup would write it.
//! 3. As the leader: buckets are kept elsewhere from here on. Commit.
//!
//! # Why it is safe
//!
//! - What stands still is the same for whoever copies it again: a row that is written twice is one row. A process that dies
//!   meanwhile leaves nothing but work to be done once more.
//! - Fold marks, dirty marks, floors and series stay where they are. What has waited in the inbox is folded by the copy
//!   protocol afterwards.
//! - Rows of rollups replace these: theirs have a greater version.

use uuid::Uuid;

use super::{
    Copied,
    seam::{Announced, BucketColumns, CopiedRow},
    state,
};
use crate::{
    engine::{
        COPIES_BUCKETS,
        backend::{FoundRow, Result, Tx},
        fold::lead,
    },
    sketch::{SketchKind, SketchMerger},
    store::StoreError,
};

/// The first transaction: whether there is anything to take over.
///
/// # Errors
/// `StoreError::Unavailable` while another process leads. `StoreError::Conflict` where the sketches are t-digests, and where
/// the other database has buckets of somebody else.
pub(crate) async fn begin(tx: &mut dyn Tx, copied: &Copied) -> Result<bool> {
    if state::is_kept_elsewhere(tx).await? {
        return Ok(false);
    }
    let Some(meta) = lead(tx).await? else {
        return Err(StoreError::Unavailable(
            "another process leads just now: try again".into(),
        ));
    };
    if meta.sketch_kind != SketchKind::Histogram {
        return Err(StoreError::Conflict(
            "ClickHouse keeps histograms alone, and this database has t-digests".into(),
        ));
    }
    let has_begun = meta.leader_min >= COPIES_BUCKETS;
    if !has_begun && copied.database.announced().await? != Announced::default() {
        return Err(StoreError::Conflict(
            "that database of ClickHouse has buckets of another store: name an empty one".into(),
        ));
    }
    state::leave_to_those_who_copy(tx).await?;
    Ok(true)
}

/// A row as it is copied.
///
/// # Errors
/// `StoreError::Corrupt` where its sketch can't be read.
pub(crate) fn row(found: FoundRow, merger: &mut SketchMerger) -> Result<CopiedRow> {
    Ok(CopiedRow {
        period_start: found.period_start,
        series_id: found.series_id,
        instance: Uuid::nil(),
        // As of a rollup.
        number: 0,
        chunk: 0,
        epoch: 0,
        columns: BucketColumns::with_sketches(found.counts, &found.sketch, merger)?,
    })
}

/// The last transaction.
///
/// # Errors
/// As `begin`.
pub(crate) async fn end(tx: &mut dyn Tx) -> Result<()> {
    if lead(tx).await?.is_none() {
        return Err(StoreError::Unavailable(
            "another process leads just now: try again".into(),
        ));
    }
    state::insert(tx).await
}
