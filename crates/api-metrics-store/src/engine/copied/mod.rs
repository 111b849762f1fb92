//! Buckets in another database, while everything else stays in this one: the copy protocol.
//!
//! The fold of one database *moves* rows from the inbox into buckets, in one transaction, and a read needs one snapshot of
//! both. Two databases have no snapshot in common, so rows are *copied* instead, and each period is read from exactly one
//! place. Which place that is, the first database alone decides, by its own commits.
//!
//! | file | what |
//! |---|---|
//! | `seam`, `columns` | what the other database must be able to do, and the form of its rows |
//! | `state` | which folds were copied whole, and which one is under way |
//! | `fold` | the inbox into rows of the other database |
//! | `rollup` | coarser periods from finer ones, made there |
//! | `read` | sums for a snapshot |
//! | `exclude` | an import that is taken back |
//! | `request_seam` | the same as `seam` for single requests, whose protocol is the request log's |
//! | `taken_over` | buckets that this database has kept itself |
//! | `recover` | after this database went back |
//!
//! `docs/decisions/0013-buckets-are-copied.md` has the choice.

mod columns;
#[cfg(feature = "control")]
pub(crate) mod exclude;
pub(crate) mod fold;
pub(crate) mod read;
pub(crate) mod recover;
pub(crate) mod request_seam;
pub(crate) mod rollup;
pub(crate) mod seam;
pub(crate) mod state;
pub(crate) mod taken_over;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Mutex;
use tracing::warn;

use self::seam::BucketDatabase;
use super::backend::{Backend, Mode, Result};
use crate::{
    options::StoreOptions,
    sketch::SketchKind,
    store::{BucketsStatus, Maintained, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Another database with the buckets.
#[derive(Debug)]
pub(crate) struct Copied {
    /// The database.
    pub database: Arc<dyn BucketDatabase>,
    /// Whether its tables are known to be there.
    prepared: AtomicBool,
    /// Held by fold and rollup of this process, so that they don't make work for each other.
    leading: Mutex<()>,
}

impl Copied {
    /// Buckets in this database.
    pub(crate) fn new(database: Arc<dyn BucketDatabase>) -> Self {
        Self {
            database,
            prepared: AtomicBool::default(),
            leading: Mutex::default(),
        }
    }

    /// Makes its tables, where this process has not seen them yet.
    pub(crate) async fn prepare(&self) -> Result<()> {
        if !self.prepared.load(Ordering::Acquire) {
            self.database.prepare().await?;
            self.prepared.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// How it is doing, for the status; `last` is when a fold was last copied whole, and whether one is under way.
    pub(crate) async fn status(&self, last: (Option<UnixSeconds>, bool)) -> BucketsStatus {
        let (version, error) = match self.database.version().await {
            Ok(version) => (Some(version), None),
            Err(error) => (None, Some(error.to_string())),
        };
        BucketsStatus {
            version,
            error,
            copied_at: last.0,
            is_copying: last.1,
        }
    }

    /// Removes what lies below `floor`.
    pub(crate) async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<Maintained> {
        Ok(Maintained {
            led: true,
            steps: self.database.remove_below(granularity, floor).await?,
            more: false,
        })
    }
}

/// Begins to keep buckets there, or with none refuses a database that has left its buckets to another one. That one may be
/// down: nothing but reads, folds and rollups waits for it.
///
/// # Errors
/// `StoreError::Conflict` where this database has buckets of its own, or has left them to one that is not named, or keeps
/// t-digests.
pub(crate) async fn prepare(
    backend: &dyn Backend,
    copied: Option<&Copied>,
    options: &StoreOptions,
) -> Result<()> {
    let mut tx = backend.begin(Mode::Write).await?;
    let Some(copied) = copied else {
        let elsewhere = state::is_kept_elsewhere(&mut *tx).await?;
        tx.commit().await?;
        if elsewhere {
            return Err(state::left());
        }
        return Ok(());
    };
    if options.sketch_kind != SketchKind::Histogram {
        return Err(StoreError::Conflict(
            "ClickHouse keeps histograms alone: the sketch is configured as a t-digest".into(),
        ));
    }
    state::begin(&mut *tx).await?;
    tx.commit().await?;
    match copied.prepare().await {
        Err(error) if error.may_pass() => {
            warn!(%error, "the database of buckets is not there yet");
            Ok(())
        }
        outcome => outcome,
    }
}
