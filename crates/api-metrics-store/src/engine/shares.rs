//! Several services folded side by side, each in a transaction of its own.
//!
//! Series belong to one service and environment, their aggregate series too, and so do instances. A fold's batches can
//! therefore be divided into **shares** that write no bucket in common, and each share can be a fold of its own.
//!
//! # Order
//!
//! 1. The first transaction takes the lead so that others may join, and picks the batches.
//! 2. As many transactions join as there are services with enough to fold and connections to spare.
//! 3. The first transaction carries out one statement more.
//! 4. Every transaction, the first among them, folds its share and commits it.
//! 5. What a share must not do, a fold that leads alone does afterwards.
//!
//! # Why it is safe
//!
//! There are two locks. *Maintaining* is held by one transaction at a time. *Adding* is held by every transaction that
//! adds: shared by the shares of one fold, alone by everything else that leads.
//!
//! - The first transaction holds the lock of maintaining from step 1 to 3, and finds in step 1 that nobody adds. Until
//!   step 3 nobody else can begin a fold, and at step 3 all of its shares hold the lock of adding. From then on it does
//!   not matter which of them ends first, or whose connection dies: while one lives, nobody else leads.
//! - A transaction that joined too late, when the first one was gone, has added nothing: step 3 fails.
//! - Each share is one transaction, with the marks of its instances. A record is either in the inbox above `folded` or
//!   in base rows, in every snapshot.
//! - Shares write the rows of their services first. Rows that all of them share come last, and one share at a time
//!   reads, merges and commits them: period counts, the tag of the aggregate series, dirty marks. Waiting is short, and
//!   never in a circle.
//! - Names of units and partitions are made by a leader alone. A share that needs one rolls back.
//!
//! A share that fails leaves the others' commits as they are. Its batches stay in the inbox for the next fold.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::resume_unwind,
};

use tokio::task::{JoinError, JoinSet};

use super::{
    backend::{Backend, BoxTx, Meta, Mode, Result, Tx, VersionLabels},
    chosen::{self, Mark, Picked},
    damage::asks_for_care,
    fold,
};
use crate::store::{Folded, StoreError};

/// How a fold may be divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShareLimits {
    /// Transactions at most, the first among them.
    pub most: usize,
    /// Rows of a service and environment from which on it is worth a transaction of its own.
    pub rows: u64,
}

/// What a transaction that folds may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nobody else adds to buckets.
    Alone,
    /// Others add to buckets of other services.
    Share,
}

impl Role {
    /// Whether others add to buckets of other services.
    pub(super) fn is_share(self) -> bool {
        self == Self::Share
    }

    /// Waits until no other share writes what all shares write. A leader alone waits for nobody.
    pub(super) async fn wait_for_turn(self, tx: &mut dyn Tx) -> Result<()> {
        match self {
            Self::Alone => Ok(()),
            Self::Share => tx.wait_for_turn().await,
        }
    }

    /// Checks that a share adds to series of its own services alone. `aggregates` gives the aggregate series of each
    /// base series that it adds to. One row a service, protocol and method is read.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where a flush batch names a series of another service. This never happens in a healthy
    /// database, and a leader alone folds it as it is.
    pub(super) async fn check_owners(
        self,
        tx: &mut dyn Tx,
        owners: impl Iterator<Item = &VersionLabels> + Send,
        aggregates: &HashMap<i64, [i64; 3]>,
    ) -> Result<()> {
        if self == Self::Alone {
            return Ok(());
        }
        let owners: BTreeSet<_> = owners.map(owner).collect();
        let totals: BTreeSet<i64> = aggregates.values().map(|[.., total]| *total).collect();
        let totals: Vec<i64> = totals.into_iter().collect();
        for row in tx.series(&totals).await? {
            if !owners.contains(&(&*row.labels.service, &*row.labels.environment)) {
                return Err(StoreError::Corrupt(format!(
                    "a flush batch names a series of {}, another service",
                    row.labels.service
                )));
            }
        }
        Ok(())
    }
}

/// Whose series an instance records.
fn owner(of: &VersionLabels) -> (&str, &str) {
    (&of.service, &of.environment)
}

/// Folds what fits into one fold, side by side where that is worthwhile.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders; that of a share that failed, once all have ended.
pub(super) async fn fold(backend: &dyn Backend, limits: ShareLimits) -> Result<Folded> {
    let done = in_shares(backend, limits).await?;
    if let Some(panic) = done.panic {
        resume_unwind(panic);
    }
    let careful = match done.error {
        Some(error) => {
            let outcome: Result<()> = Err(error);
            if !asks_for_care(&outcome) {
                return outcome.map(|()| done.folded);
            }
            true
        }
        None if done.left => false,
        None => return Ok(done.folded),
    };
    let rest = fold::fold_alone(backend, careful).await?;
    Ok(Folded {
        led: true,
        batches: done.folded.batches + rest.batches,
        rows: done.folded.rows + rest.rows,
        // Where another one leads by now, it may find that nothing is left.
        more: rest.more || !rest.led,
        transactions: done.folded.transactions + rest.transactions,
    })
}

/// What became of the shares.
#[derive(Default)]
struct Outcome {
    /// Those that were committed.
    folded: Folded,
    /// Whether one of them needs a leader alone.
    left: bool,
    /// Why one failed. One that another try may mend comes before one of what can't be read.
    error: Option<StoreError>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Outcome {
    /// Notes how a share has ended.
    fn note(&mut self, ended: std::result::Result<Result<Option<Folded>>, JoinError>) {
        let error = match ended {
            Ok(Ok(Some(share))) => {
                self.folded.batches += share.batches;
                self.folded.rows += share.rows;
                self.folded.transactions += 1;
                return;
            }
            Ok(Ok(None)) => {
                self.left = true;
                return;
            }
            Ok(Err(error)) => error,
            Err(error) if error.is_panic() => {
                self.panic = Some(error.into_panic());
                return;
            }
            Err(_) => StoreError::Unavailable("the runtime shuts down".into()),
        };
        if matches!(self.error, None | Some(StoreError::Corrupt(_))) {
            self.error = Some(error);
        }
    }
}

/// Steps 1 to 4, see the module.
async fn in_shares(backend: &dyn Backend, limits: ShareLimits) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut first = backend.begin(Mode::Lead).await?;
    let picked = match begin(&mut *first).await {
        Ok(Some(picked)) => picked,
        // A rollback comes later and would keep the lead until then.
        Ok(None) => return first.commit().await.map(|()| outcome),
        Err(error) => {
            first.rollback().await;
            return Err(error);
        }
    };
    outcome.folded.led = true;
    outcome.folded.more = picked.more;
    if picked.marks.is_empty() {
        return first.commit().await.map(|()| outcome);
    }
    let wanted = worthwhile(&picked.marks, limits);
    let mut joined = Vec::new();
    while joined.len() + 1 < wanted
        && let Some(tx) = join(backend).await
    {
        joined.push(tx);
    }
    // A statement of the first transaction, after all have joined: it has led until here, so nobody else has begun a
    // fold meanwhile, and from here on nobody can while one of them lives.
    let meta = match first.meta().await {
        Ok(meta) => meta,
        Err(error) => {
            for tx in joined {
                tx.rollback().await;
            }
            first.rollback().await;
            return Err(error);
        }
    };
    if joined.is_empty() {
        outcome.note(Ok(fold_share(first, picked.marks, meta, Role::Alone).await));
        return Ok(outcome);
    }
    let shares = divide(picked.marks, joined.len() + 1);
    // Dropped with its tasks, whose transactions are then rolled back.
    let mut running = JoinSet::new();
    for (tx, marks) in std::iter::once(first).chain(joined).zip(shares) {
        running.spawn(fold_share(tx, marks, meta, Role::Share));
    }
    while let Some(ended) = running.join_next().await {
        outcome.note(ended);
    }
    Ok(outcome)
}

/// Takes the lead so that others may join, and picks; `None` where another one leads.
async fn begin(tx: &mut dyn Tx) -> Result<Option<Picked>> {
    if !tx.try_lead_with_shares().await? {
        return Ok(None);
    }
    fold::leads(tx).await?;
    chosen::pick(tx).await.map(Some)
}

/// A transaction for a further share; `None` where there is no connection to spare, or somebody waits for all to end.
async fn join(backend: &dyn Backend) -> Option<BoxTx> {
    let mut tx = backend.begin_share().await?;
    if tx.try_join().await.unwrap_or(false) {
        return Some(tx);
    }
    tx.rollback().await;
    None
}

/// Folds a share and ends its transaction; `None` where it needs a leader alone.
async fn fold_share(
    mut tx: BoxTx,
    marks: Vec<Mark>,
    meta: Meta,
    role: Role,
) -> Result<Option<Folded>> {
    match fold::fold_marks(&mut *tx, &marks, &meta, role).await {
        Ok(Some(rows)) => {
            tx.commit().await?;
            Ok(Some(Folded {
                led: true,
                batches: marks.iter().map(|mark| mark.batches).sum(),
                rows,
                more: false,
                transactions: 1,
            }))
        }
        // Whoever folds it next must not find it held by this one.
        Ok(None) => {
            tx.rollback().await;
            Ok(None)
        }
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

/// How many shares these batches are worth.
fn worthwhile(marks: &[Mark], limits: ShareLimits) -> usize {
    let mut rows: BTreeMap<_, u64> = BTreeMap::new();
    for mark in marks {
        *rows.entry(owner(&mark.instance.of)).or_default() += mark.rows;
    }
    let large = rows.values().filter(|rows| **rows >= limits.rows).count();
    large.min(limits.most)
}

/// Divides batches into `n` shares of about as many rows, each of whole services and environments: the largest first,
/// to the share that has the least.
fn divide(marks: Vec<Mark>, n: usize) -> Vec<Vec<Mark>> {
    let mut of_owners: BTreeMap<(String, String), (u64, Vec<Mark>)> = BTreeMap::new();
    for mark in marks {
        let (service, environment) = owner(&mark.instance.of);
        let key = (service.to_owned(), environment.to_owned());
        let (rows, marks) = of_owners.entry(key).or_default();
        *rows += mark.rows;
        marks.push(mark);
    }
    let mut by_size: Vec<_> = of_owners.into_values().collect();
    by_size.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    let mut shares: Vec<(u64, Vec<Mark>)> = (0..n).map(|_| (0, Vec::new())).collect();
    for (rows, marks) in by_size {
        if let Some((sum, share)) = shares.iter_mut().min_by_key(|(sum, _)| *sum) {
            *sum += rows;
            share.extend(marks);
        }
    }
    shares.into_iter().map(|(_, marks)| marks).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::engine::backend::Pending;

    fn mark(n: u128, service: u8, rows: u64) -> Mark {
        Mark {
            instance: Pending {
                id: Uuid::from_u128(n),
                seq: 1,
                folded: 0,
                of: VersionLabels {
                    service: format!("service-{service}"),
                    environment: "test".to_owned(),
                    version: n.to_string(),
                },
            },
            upto: 1,
            batches: 1,
            rows,
        }
    }

    fn owners(share: &[Mark]) -> BTreeSet<(&str, &str)> {
        share.iter().map(|mark| owner(&mark.instance.of)).collect()
    }

    #[test]
    fn shares_are_worthwhile_where_several_services_have_enough() {
        let limits = |most, rows| ShareLimits { most, rows };
        let marks = [
            mark(1, 1, 60),
            mark(2, 1, 60),
            mark(3, 2, 100),
            mark(4, 3, 99),
        ];
        assert_eq!(worthwhile(&marks, limits(4, 100)), 2);
        assert_eq!(worthwhile(&marks, limits(4, 99)), 3);
        assert_eq!(worthwhile(&marks, limits(2, 1)), 2);
        assert_eq!(worthwhile(&marks[..2], limits(4, 1)), 1, "one service");
        assert_eq!(worthwhile(&marks, limits(4, 1_000)), 0);
    }

    #[test]
    fn shares_are_about_as_large() {
        let marks = [(1, 50), (2, 40), (3, 30), (4, 20), (5, 10)];
        let marks = marks.map(|(service, rows)| mark(service.into(), service, rows));
        let shares = divide(marks.to_vec(), 2);
        let rows = |share: &Vec<Mark>| share.iter().map(|mark| mark.rows).sum();
        let rows: Vec<u64> = shares.iter().map(rows).collect();
        assert_eq!(rows, [80, 70]);
    }

    proptest! {
        #[test]
        fn every_batch_is_in_one_share_and_every_service_too(
            of in prop::collection::vec((0_u8..6, 0_u64..10_000), 1..40),
            n in 1_usize..5,
        ) {
            let marks: Vec<_> = (0..).zip(&of).map(|(n, (service, rows))| mark(n, *service, *rows)).collect();
            let services = owners(&marks).len();
            let shares = divide(marks.clone(), n);
            prop_assert_eq!(shares.len(), n);
            let ids: BTreeSet<_> = shares.iter().flatten().map(|mark| mark.instance.id).collect();
            prop_assert_eq!(ids.len(), marks.len());
            prop_assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), marks.len());
            prop_assert_eq!(shares.iter().map(|share| owners(share).len()).sum::<usize>(), services);
        }
    }
}
