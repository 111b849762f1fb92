//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.
//!
//! # Order
//!
//! 1. The caller copies what its process holds: batches with their numbers, and what is open with the
//!    next number.
//! 2. Open a snapshot. On Postgres the metrics tables are locked in ACCESS SHARE mode before its first
//!    SELECT.
//! 3. Read the header: floors, dirty periods, fence, unfolded flush batches.
//! 4. Move the edges of each answer outward to what is kept.
//! 5. Choose the stored series and the groups that they count in, then the groups of series in the
//!    inbox.
//! 6. Sum the buckets that `plan` chooses. The inbox is summed meanwhile.
//! 7. Add what was copied in step 1 with a number above the fence in this same snapshot.
//!
//! # Why it is exact
//!
//! - Buckets, fold marks and inbox are of one snapshot, so a flush batch is in exactly one of them.
//! - The copy comes before the snapshot. A flush that commits between the two has raised the fence in
//!   the snapshot, so its batches are not added again; one that commits later is not in the snapshot,
//!   and is in the copy.
//! - Batches whose COMMIT is unknown carry their number, and the fence decides about them in the same
//!   way.
//!
//! On a standby all of this holds as of the moment that it has replayed. Acknowledged batches are held for 60 s and the fence
//! decides about them too; should the standby lack one that is not held any more, the primary is read instead. So is where
//! the standby fails in any way, or has damaged rows.
//!
//! Other processes' memory is not seen: an answer is behind theirs by up to one flush interval.
//!
//! # Cost
//!
//! Three round trips to begin on Postgres, one for the series unless they are cached, and one or a few for
//! the sums. Nothing is written and nobody is held up, other than the dropping of a partition.
//!
//! | file | what |
//! |---|---|
//! | `snapshot` | what all questions to one snapshot share |
//! | `execution` | what counts in the answer to one question |
//! | `inbox` | flush batches that are not folded |
//! | `own` | what the caller's process holds |
//! | `sums` | adding everything up |
//! | `range_requests` | requests of a range by period counts |
//! | `series_cache` | aggregate series from read to read |

mod execution;
mod inbox;
mod own;
mod range_requests;
mod series_cache;
mod snapshot;
mod sums;

pub(crate) use self::series_cache::SharedSeriesCache;
use self::{execution::QueryExecution, own::Own, snapshot::Snapshot};
use futures_util::future::join;

use tracing::warn;

use super::{
    axis::{self, Axis},
    backend::{Backend, BoxTx, Result, Tx},
    copied,
    damage::{asks_for_care, repair_as_leader},
};
use crate::{
    query::{Answer, Query, Scope, TimeRange},
    recorder::OwnDeltas,
    store::{KeyOwner, StoreError, Writer, invalid},
    time::Granularity,
};

/// Reads of one call at most, where buckets of another database change meanwhile. They do so some times in five minutes.
const MOST_TRIES: u32 = 5;

/// Answers all of `queries` from one snapshot, in their order. `own` is the caller's memory, copied
/// before this call; `None` leaves it out. Without a question there is no answer and no statement.
///
/// # Errors
/// `StoreError::Invalid` when the questions have different scopes, since a snapshot is opened for one.
///
/// Stored counts and sketches that can't be read are left out, and the answer says so.
pub(crate) async fn read(
    backend: &dyn Backend,
    [known, known_by_standby]: [&SharedSeriesCache; 2],
    queries: &[Query],
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Vec<Answer>> {
    let Some(first) = queries.first() else {
        return Ok(Vec::new());
    };
    if queries.iter().any(|query| query.scope != first.scope) {
        return invalid("scope", "must be the same in all questions of one snapshot");
    }
    let own = own.as_ref().map(|(writer, deltas)| (*writer, deltas));
    if let Some(tx) = backend.begin_standby(&first.scope).await {
        match read_on_standby(tx, known_by_standby, queries, own).await {
            Ok(Some(answers)) => return Ok(answers),
            Ok(None) => backend.standby_failed(None),
            // Wherever it is asked.
            Err(error @ StoreError::Invalid { .. }) => return Err(error),
            Err(error) => backend.standby_failed(Some(&error)),
        }
    }
    let mut tries = MOST_TRIES;
    loop {
        let mut tx = backend.begin_read(&first.scope).await?;
        let outcome = read_in(&mut *tx, known, queries, own).await;
        if asks_for_care(&outcome) {
            break;
        }
        let generation = tx.generation();
        tries -= 1;
        let answers = match outcome {
            Ok(answers) => {
                tx.commit().await?;
                answers
            }
            Err(error) => {
                drop(tx);
                if tries > 0 && may_pass(backend, generation, &error).await? {
                    continue;
                }
                return Err(error);
            }
        };
        if !has_moved(backend, generation).await? {
            return Ok(answers);
        }
        if tries == 0 {
            return Err(StoreError::Unavailable(
                "buckets were changed while they were read, again and again".into(),
            ));
        }
    }
    // The copy of own memory is older than the second snapshot too, which is all that matters.
    let mut tx = backend.begin_read(&first.scope).await?;
    tx.be_careful();
    let answers = read_in(&mut *tx, known, queries, own).await?;
    let met = tx.take_damage();
    tx.commit().await?;
    if !met.is_empty()
        && let Err(error) = repair_as_leader(backend, met).await
    {
        warn!(%error, "damaged rows were met by a query and could not be quarantined yet");
    }
    Ok(answers)
}

/// Whether a read that has failed so is worth another try at once: buckets of another database were changed meanwhile, or
/// are of a history that this one has lost, to which this process could see.
async fn may_pass(
    backend: &dyn Backend,
    generation: Option<i64>,
    error: &StoreError,
) -> Result<bool> {
    let Some(copied) = backend.copied().filter(|_| error.may_pass()) else {
        return Ok(false);
    };
    if has_moved(backend, generation).await? {
        return Ok(true);
    }
    Ok(generation.is_some() && copied::recover::recover_as_leader(backend, copied).await?)
}

/// Whether buckets of another database may have changed since a snapshot of this generation. Never where they are in the
/// snapshot itself.
pub(crate) async fn has_moved(backend: &dyn Backend, generation: Option<i64>) -> Result<bool> {
    match generation {
        Some(generation) => Ok(backend.generation().await? != generation),
        None => Ok(false),
    }
}

/// The same on a standby; `None` where its snapshot lacks a batch that the caller does not hold any more.
async fn read_on_standby(
    mut tx: BoxTx,
    known: &SharedSeriesCache,
    queries: &[Query],
    own: Option<(&Writer, &OwnDeltas)>,
) -> Result<Option<Vec<Answer>>> {
    if let Some((writer, deltas)) = own
        && tx.instance_seq(writer.instance.id).await? < deltas.freed
    {
        return Ok(None);
    }
    let answers = read_in(&mut *tx, known, queries, own).await?;
    tx.commit().await?;
    Ok(Some(answers))
}

/// The same within a snapshot that the caller has opened. The caller must have copied `own` before it
/// opened the snapshot.
async fn read_in(
    tx: &mut dyn Tx,
    known: &SharedSeriesCache,
    queries: &[Query],
    own: Option<(&Writer, &OwnDeltas)>,
) -> Result<Vec<Answer>> {
    let narrowed = narrow(tx, queries).await?;
    let queries = narrowed.as_deref().unwrap_or(queries);
    let Some(asked) = around(queries.iter().map(axis::asked)) else {
        return Ok(Vec::new());
    };
    // The edges of an answer move by less than a day, and a day that began before it can contain a part of it.
    let days = snapped(asked, Granularity::Day);
    // Edges mostly move by less than five minutes. The inbox may hold much more of the same day.
    let near = snapped(asked, Granularity::FiveMinutes);
    let instance = own.as_ref().map(|(writer, _)| writer.instance.id);
    let mut header = tx
        .read_header(days, near, instance.unwrap_or_default())
        .await?;
    let meta = header.meta;
    copied::state::refuse_left_behind(tx, &meta).await?;
    let axes = queries.iter().map(|query| Axis::of(query, &meta.floors));
    let axes = axes.collect::<Result<Vec<_>>>()?;
    let answered = around(axes.iter().map(Axis::range)).unwrap_or(near);
    if answered.from < near.from || near.to < answered.to {
        header.unfolded = tx.unfolded(answered.from, answered.to).await?;
    }
    // Within a scope the database itself hides series: what it shows then is not all there is.
    let all = queries.iter().all(|query| query.scope == Scope::All);
    let in_snapshot = known.under(header.aggregate_series_tag.filter(|_| all));
    let mut snapshot = Snapshot::take(tx, queries, &header, in_snapshot).await?;
    let own = match own {
        Some((writer, deltas)) => Own::load(tx, writer, deltas, header.fence).await?,
        None => None,
    };
    let mut executions = Vec::with_capacity(queries.len());
    for (query, axis) in queries.iter().zip(axes) {
        let execution = QueryExecution::new(tx, &mut snapshot, query, axis, meta, own.as_ref());
        executions.push(execution.await?);
    }
    let stored = async {
        let mut sums = Vec::with_capacity(executions.len());
        for execution in &executions {
            let before = left_out(tx);
            let stored = execution.stored(tx, &snapshot.dirty).await?;
            sums.push((stored, left_out(tx) > before));
        }
        Ok::<_, StoreError>(sums)
    };
    let unfolded = async {
        let mut sums = Vec::with_capacity(executions.len());
        for execution in &executions {
            sums.push(execution.unfolded(&snapshot.inbox).await);
        }
        sums
    };
    // The inbox is summed while the database works.
    let (stored, unfolded) = join(stored, unfolded).await;
    known.keep(snapshot.known);
    let sums = stored?.into_iter().zip(unfolded);
    let answers = executions.into_iter().zip(sums);
    answers
        .map(|(execution, ((stored, incomplete), unfolded))| {
            let incomplete = incomplete || unfolded.incomplete;
            execution.answer(stored, &unfolded.sums, incomplete)
        })
        .collect()
}

/// The questions, each with its scope narrowed to the keys of the user and the team that its filter names. `None`
/// where none names any. The filter keeps their names, so that questions of unlike scopes stay unlike.
async fn narrow(tx: &mut dyn Tx, queries: &[Query]) -> Result<Option<Vec<Query>>> {
    let names_owner =
        |query: &Query| query.filter.user_id.is_some() || query.filter.team_id.is_some();
    if !queries.iter().any(names_owner) {
        return Ok(None);
    }
    let mut narrowed = Vec::with_capacity(queries.len());
    // Questions of one call mostly name the same.
    let mut known: Vec<(KeyOwner, Vec<i64>)> = Vec::new();
    for query in queries {
        let mut query = query.clone();
        if names_owner(&query) {
            let mut owner = KeyOwner::default();
            owner.user_id.clone_from(&query.filter.user_id);
            owner.team_id.clone_from(&query.filter.team_id);
            if let Scope::Tenant(tenant) = &query.scope {
                owner.tenant_id = Some(tenant.clone());
            }
            let found = known.iter().find(|(of, _)| *of == owner);
            let mut ids = match found {
                Some((_, ids)) => ids.clone(),
                None => {
                    let keys = tx.api_keys_of(&owner).await?;
                    let ids: Vec<i64> = keys.iter().map(|key| key.id).collect();
                    known.push((owner, ids.clone()));
                    ids
                }
            };
            if let Scope::Keys(seen) = &query.scope {
                ids.retain(|id| seen.contains(id));
            }
            query.scope = Scope::Keys(ids);
        }
        narrowed.push(query);
    }
    Ok(Some(narrowed))
}

/// How often bytes of a bucket were left out in this transaction.
fn left_out(tx: &mut dyn Tx) -> u64 {
    tx.damage().map_or(0, |damage| damage.left_out())
}

/// The range of whole periods of `granularity` that contains `range`.
const fn snapped(range: TimeRange, granularity: Granularity) -> TimeRange {
    TimeRange::new(granularity.floor(range.from), granularity.ceil(range.to))
}

/// The range that contains all of these; `None` where there are none.
fn around(ranges: impl Iterator<Item = TimeRange>) -> Option<TimeRange> {
    ranges.reduce(|all, range| TimeRange::new(all.from.min(range.from), all.to.max(range.to)))
}

/// The answer to one question within a snapshot that the caller has opened. Leaves out what processes
/// hold in memory, and neither uses nor fills the cache of series. For billing, whose invoice reads
/// prices and requests in one snapshot.
#[cfg(feature = "control")]
pub(crate) async fn read_one_in(tx: &mut dyn Tx, query: &Query) -> Result<Answer> {
    let known = SharedSeriesCache::default();
    let answers = read_in(tx, &known, std::slice::from_ref(query), None).await?;
    one(answers)
}

/// The answer to the only question.
///
/// # Errors
/// `StoreError::Corrupt` where there is none, which would be a mistake of this crate.
#[cfg(feature = "control")]
fn one(mut answers: Vec<Answer>) -> Result<Answer> {
    let answer = answers.pop();
    answer.ok_or_else(|| StoreError::Corrupt("a question without an answer".into()))
}
