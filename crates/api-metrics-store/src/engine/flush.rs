//! The flush of a recorder's batches: each record exactly once, whatever happens to the
//! acknowledgement.
//!
//! # Order
//!
//! 1. Take the next number `n` from the recorder. What is open becomes the batch with seq `n`.
//! 2. Begin, lock the fence row and read it. Without a row, insert one with 0 and read again.
//! 3. Fence at or above `n`: somebody else writes under this id, or an earlier try of the same number
//!    is in. Fence below what was acknowledged: the database went back.
//! 4. Choose the contents: the batches with `fence < seq <= n`, and only these.
//! 5. Intern unknown keys and series, in order of their labels.
//! 6. Insert the chunks under (`id`, `n`), note coarsened spans, set the fence to `n`.
//! 7. COMMIT. Only after its acknowledgement are the batches stamped and the new series numbers
//!    remembered.
//!
//! # Why it is safe
//!
//! - The fence is read before the contents are chosen, and its lock proves that no earlier attempt can
//!   still commit. A batch is therefore in the database if and only if the fence has reached its seq.
//! - A batch keeps its seq once a COMMIT that carried it was sent. Renumbered, it would count twice if
//!   the service returned to a server on which the old number had been committed after all.
//! - Series numbers are remembered only after the acknowledgement, because a rollback leaves them to
//!   others. They are forgotten when the database goes back.
//!
//! # Concurrency
//!
//! One flush of a `Writer` at a time, by its async lock. Flushes of different instances share no lock
//! but that of a new series or key. Recording never waits for a flush.
//!
//! # Cancellation
//!
//! Dropped before COMMIT, the batch is open again. Dropped during COMMIT, its outcome is unknown: the
//! batch stays as it is, and the next flush learns from the fence.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use tracing::warn;

use super::{
    SCHEMA_KNOWLEDGE,
    backend::{Backend, BoxTx, Mode, Owner, Result, SeriesLabels, Tx, key_text},
    payload::{self, EncodedRow},
};
use crate::{
    bucket::Bucket,
    recorder::{Deltas, FlushBatch, Recorder},
    series::SeriesKey,
    store::{FlushError, Flushed, Instance, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// How far a record may be ahead of the database's clock, in seconds. Records from further ahead count
/// in the current minute, since the clock that recorded them must be wrong.
const MOST_AHEAD_SECONDS: i64 = 3_600;
/// 0001-01-01T00:00:00Z, the start of the calendar that both databases can show, in Unix seconds. Also
/// the floor of days, which never moves.
pub(crate) const EARLIEST: UnixSeconds = -62_135_596_800;
/// Series whose numbers a writer remembers in any case, beside twice as many as its last batch had rows. When new ones
/// come past it the memory is cleared and filled anew, which costs one lookup of the series still in use.
const REMEMBERED: usize = 50_000;

/// A transaction in which everything is written and nothing is committed.
struct Ready {
    /// The open transaction. It holds the lock of the fence row.
    tx: BoxTx,
    /// Buckets in the payload, after equal ones were merged.
    rows: u64,
    /// Requests in the contents.
    records: u64,
    /// Series that were not known before, and their numbers: to be remembered after the commit.
    interned: Vec<(Arc<SeriesKey>, i64)>,
}

/// Flushes what `writer` holds. Where the earlier batches wait for their outcome and the last number
/// must be tried again, one call sends twice: first that number, then what was recorded since.
///
/// One or two transactions. Each takes a constant number of statements, and one for each chunk and
/// coarsened span; SQLite also takes one or two for each new key and series.
///
/// # Errors
/// `FlushError::NotSent` when the attempt ended before COMMIT: the batch is open again and nothing is
/// lost. `FlushError::Unknown` when COMMIT was sent and not acknowledged. `FlushError::Superseded` when
/// another process writes under this id.
pub(crate) async fn flush(
    backend: &dyn Backend,
    writer: &Writer,
) -> std::result::Result<Flushed, FlushError> {
    let _one_at_a_time = writer.flushing.lock().await;
    let mut done = commit_one(backend, writer).await?;
    if done.retry {
        // The batches of unknown outcome are in. What was recorded since goes under the next number.
        let earlier = done.flushed;
        done = commit_one(backend, writer).await?;
        done.flushed.rows = done.flushed.rows.saturating_add(earlier.rows);
        done.flushed.records = done.flushed.records.saturating_add(earlier.records);
    }
    done.flushed.lost = writer.take_lost();
    Ok(done.flushed)
}

/// A flush that was acknowledged.
struct Committed {
    /// What is reported to the caller.
    flushed: Flushed,
    /// Whether it was the last number tried again. What was recorded since then still waits.
    retry: bool,
}

/// Makes one transaction ready and commits it. The loop goes round once more where the database has
/// gone back, with the same number and more contents, or where the earlier attempt turned out to be in,
/// with a new number.
async fn commit_one(
    backend: &dyn Backend,
    writer: &Writer,
) -> std::result::Result<Committed, FlushError> {
    let recorder = &writer.recorder;
    let mut attempt = Unsent::new(recorder);
    let ready = loop {
        let FlushBatch { seq: number, retry } = attempt.sealed;
        match make_ready(backend, writer, number).await {
            Ok(Attempt::Ready(ready)) => break ready,
            Ok(Attempt::Superseded { stored }) if retry && stored == number => {
                // The earlier attempt under this number is in, and with it all batches that wait.
                recorder.acknowledge(number);
                attempt.sealed = recorder.begin_batch_or_retry();
            }
            Ok(Attempt::Rewound { to }) => {
                // The database went back behind what it had acknowledged. Its series numbers may
                // mean something else now; what is still held is sent again.
                writer.interned().clear();
                if let Some(gone) = recorder.rewind(to) {
                    writer.lose(gone.first, gone.last);
                    warn!(
                        first = gone.first,
                        last = gone.last,
                        "the database has lost acknowledged flushes"
                    );
                }
            }
            Ok(Attempt::Superseded { stored }) => {
                return Err(FlushError::Superseded {
                    instance: writer.instance.id,
                    number,
                    stored,
                });
            }
            Err(error) => return Err(FlushError::NotSent(error)),
        }
    };
    let Ready {
        tx,
        rows,
        records,
        interned,
    } = ready;
    let FlushBatch { seq: number, retry } = attempt.send();
    tx.commit().await.map_err(FlushError::Unknown)?;
    recorder.acknowledge(number);
    // An earlier attempt under this number may be in another history of the database, where the same
    // series got other numbers; should that come back, its fence alone would not tell.
    if !retry {
        remember(&mut writer.interned(), interned, rows);
    }
    Ok(Committed {
        flushed: Flushed {
            number,
            rows,
            records,
            lost: None,
        },
        retry,
    })
}

/// An attempt whose COMMIT has not been sent. When it is dropped, also in the middle of an await, its
/// batch is open again: the transaction ends without it.
struct Unsent<'a> {
    /// Where the batch goes back to.
    recorder: &'a Recorder,
    /// The number of the attempt, and whether it was tried before.
    sealed: FlushBatch,
}

impl<'a> Unsent<'a> {
    /// Takes a number from the recorder. What is open becomes the batch of that number, unless an
    /// earlier one must be tried again.
    fn new(recorder: &'a Recorder) -> Self {
        let sealed = recorder.begin_batch_or_retry();
        Self { recorder, sealed }
    }

    /// Ends the time in which the attempt can be taken back. To be called just before COMMIT is sent:
    /// from then on nobody knows the outcome until the database says so.
    fn send(mut self) -> FlushBatch {
        let sealed = self.sealed;
        self.sealed.retry = true;
        sealed
    }
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        // A batch that was attempted before may be in the database, so it keeps its number.
        if !self.sealed.retry {
            self.recorder.release(self.sealed.seq);
        }
    }
}

/// How far an attempt came before its COMMIT.
enum Attempt {
    /// Everything is written; it may be committed.
    Ready(Ready),
    /// The fence is below what was acknowledged: the database was restored, or failed over to a replica
    /// that lagged.
    Rewound { to: u64 },
    /// The fence is at or above the number. An earlier attempt under it is in, or another process uses
    /// the same id.
    Superseded { stored: u64 },
}

/// Does the steps 2 to 6 of a flush. The fence comes first and the contents after it.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer writers; everything recorded is kept.
/// `StoreError::Corrupt` when an own bucket can't be read or a series was not interned.
async fn make_ready(backend: &dyn Backend, writer: &Writer, number: u64) -> Result<Attempt> {
    let (instance, recorder) = (&writer.instance, &writer.recorder);
    let mut tx = backend.begin(Mode::Write).await?;
    // The fence is read before the contents are chosen: once its lock is ours, no older attempt can
    // still commit, so what it says about the batches stays true.
    let stored = match tx.fence(instance.id).await? {
        Some(stored) => stored,
        None => {
            tx.register(instance).await?;
            tx.fence(instance.id).await?.unwrap_or_default()
        }
    };
    if stored >= number {
        return Ok(Attempt::Superseded { stored });
    }
    if stored < recorder.acknowledged() {
        return Ok(Attempt::Rewound { to: stored });
    }
    // The fence's lock is ours: all attempts before this one have ended, heard of or not.
    recorder.acknowledge(stored);
    let meta = tx.meta().await?;
    if meta.writer_min > SCHEMA_KNOWLEDGE {
        return Err(StoreError::Outdated {
            what: "writing",
            needed: meta.writer_min,
            known: SCHEMA_KNOWLEDGE,
        });
    }
    let contents = recorder.contents(stored, number);
    let records = contents.records();
    let (series, interned) = intern(&mut *tx, writer, &contents).await?;
    let rows = contents.rows();
    let rows = rows.map(|row| (row.series, row.period_start, row.into_encoded()));
    let rows = rows_of(rows, &series, meta.now())?;
    tx.put_inbox(&payload::encode(instance.id, number, &rows))
        .await?;
    tx.put_coarse(&contents.coarse).await?;
    tx.advance(instance.id, number, meta.now()).await?;
    Ok(Attempt::Ready(Ready {
        tx,
        rows: rows.len() as u64,
        records,
        interned,
    }))
}

/// The numbers of series in this database.
pub(crate) type Numbers = HashMap<Arc<SeriesKey>, i64>;

/// Adds the numbers of series that were new in a batch of so many rows.
fn remember(known: &mut Numbers, new: Vec<(Arc<SeriesKey>, i64)>, rows: u64) {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let most = REMEMBERED.max(rows.saturating_mul(2));
    if !new.is_empty() && known.len() + new.len() > most {
        known.clear();
    }
    known.extend(new);
}

/// The numbers of all series in `contents`, and those among them that were not known before.
///
/// Where all are known, no statement is sent: the usual case. Otherwise keys come first, since a series
/// needs its key's number; both are sorted, so that writers which meet in the same new ones never wait
/// for each other in a circle.
async fn intern(
    tx: &mut dyn Tx,
    writer: &Writer,
    contents: &Deltas,
) -> Result<(Numbers, Vec<(Arc<SeriesKey>, i64)>)> {
    let (mut numbers, unknown) = {
        let known = writer.interned();
        known_among(&known, contents.rows().map(|row| row.series))
    };
    let new = intern_new(tx, &writer.instance, unknown).await?;
    numbers.extend(new.iter().cloned());
    Ok((numbers, new))
}

/// Those of the series whose numbers are `known`, and the others. Equal series must be neighbours.
pub(crate) fn known_among<'a>(
    known: &Numbers,
    series: impl Iterator<Item = &'a Arc<SeriesKey>>,
) -> (Numbers, Vec<Arc<SeriesKey>>) {
    let mut numbers = Numbers::new();
    let mut unknown: Vec<Arc<SeriesKey>> = Vec::new();
    let mut last: Option<&Arc<SeriesKey>> = None;
    for series in series {
        if last.is_some_and(|last| last == series) {
            continue;
        }
        match known.get(series) {
            Some(number) => drop(numbers.insert(Arc::clone(series), *number)),
            None => unknown.push(Arc::clone(series)),
        }
        last = Some(series);
    }
    (numbers, unknown)
}

/// The numbers of these series of an instance, which get one where they have none. No statement where
/// there are none.
///
/// # Errors
/// `StoreError::Corrupt` when a key that was just inserted is not found.
pub(crate) async fn intern_new(
    tx: &mut dyn Tx,
    instance: &Instance,
    unknown: Vec<Arc<SeriesKey>>,
) -> Result<Vec<(Arc<SeriesKey>, i64)>> {
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    // In key order, so that writers which meet in the same new series never wait in a circle.
    let mut keys: Vec<String> = unknown
        .iter()
        .filter_map(|s| s.api_key.as_ref().map(key_text))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let key_numbers: HashMap<&str, i64> = keys
        .iter()
        .map(String::as_str)
        .zip(tx.intern_keys(&keys).await?)
        .collect();
    let owner = Owner::of(instance);
    let mut labelled: Vec<(SeriesLabels, Arc<SeriesKey>)> = Vec::with_capacity(unknown.len());
    for series in unknown {
        let api_key_id = match &series.api_key {
            None => 0,
            Some(key) => *key_numbers
                .get(key_text(key).as_str())
                .ok_or_else(|| StoreError::Corrupt(format!("API key `{key}` was not interned")))?,
        };
        labelled.push((owner.labels(&series, api_key_id), series));
    }
    labelled.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let (labels, series): (Vec<_>, Vec<_>) = labelled.into_iter().unzip();
    Ok(series
        .into_iter()
        .zip(tx.intern_series(&labels).await?)
        .collect())
}

/// The rows to send, sorted by (series, period). Times that can't be true are moved to where they
/// count, and rows that fall together by that are merged. O(n log n) in the number of rows; buckets
/// stay encoded unless they are merged.
pub(crate) fn rows_of<'a>(
    contents: impl Iterator<Item = (&'a Arc<SeriesKey>, UnixSeconds, Cow<'a, [u8]>)>,
    numbers: &Numbers,
    now: UnixSeconds,
) -> Result<Vec<EncodedRow<'a>>> {
    let mut rows: Vec<EncodedRow<'_>> = Vec::new();
    let mut moved = 0_u64;
    for (series, period_start, bucket) in contents {
        let series_id = *numbers
            .get(series)
            .ok_or_else(|| StoreError::Corrupt(format!("series {series:?} was not interned")))?;
        let plausible = plausible_period(period_start, now);
        if plausible != period_start {
            moved = moved.saturating_add(Bucket::peek_request_count(&bucket));
        }
        rows.push(EncodedRow {
            period_start: plausible,
            series_id,
            bucket,
        });
    }
    if moved > 0 {
        warn!(
            records = moved,
            "records with times that can't be true were counted in the current minute"
        );
    }
    rows.sort_by_key(|row| (row.series_id, row.period_start));
    let mut merged: Vec<EncodedRow<'_>> = Vec::with_capacity(rows.len());
    for row in rows {
        match merged.last_mut() {
            Some(last)
                if (last.series_id, last.period_start) == (row.series_id, row.period_start) =>
            {
                let mut sum = Bucket::decode(&mut &*last.bucket)?;
                sum.merge(&Bucket::decode(&mut &*row.bucket)?)?;
                let mut encoded = Vec::with_capacity(last.bucket.len() + row.bucket.len());
                sum.encode(&mut encoded);
                last.bucket = encoded.into();
            }
            _ => merged.push(row),
        }
    }
    Ok(merged)
}

/// The period itself, or the current minute where the recording clock must have been wrong: more than
/// an hour ahead of `now`. Times before the year 1 count in its first minute. Late times stay as they
/// are; the fold finds the granularity that still keeps them.
///
/// The read applies the same rule to what is in memory, so that a record does not move once it is
/// flushed.
pub(crate) fn plausible_period(period_start: UnixSeconds, now: UnixSeconds) -> UnixSeconds {
    if period_start > now + MOST_AHEAD_SECONDS {
        Granularity::Minute.floor(now)
    } else {
        period_start.max(EARLIEST)
    }
}

#[cfg(test)]
mod tests {
    use api_metrics_layer::Protocol;

    use super::*;

    fn numbered(from: i64, upto: i64) -> Vec<(Arc<SeriesKey>, i64)> {
        let series = |number: i64| SeriesKey {
            protocol: Protocol::Http,
            method: "GET",
            endpoint: number.to_string().into(),
            api_key: None,
        };
        (from..upto)
            .map(|number| (Arc::new(series(number)), number))
            .collect()
    }

    #[test]
    fn a_writer_remembers_all_series_of_its_batches_however_many_and_forgets_when_new_ones_come_in_small_ones()
     {
        let mut known = Numbers::new();
        remember(&mut known, numbered(0, 120_000), 120_000);
        assert_eq!(known.len(), 120_000);
        remember(&mut known, numbered(120_000, 120_010), 120_010);
        assert_eq!(known.len(), 120_010);
        remember(&mut known, Vec::new(), 3);
        assert_eq!(known.len(), 120_010, "nothing new, nothing forgotten");
        remember(&mut known, numbered(200_000, 200_003), 3);
        assert_eq!(known.len(), 3);
    }
}
