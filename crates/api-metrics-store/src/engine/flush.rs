//! The flush batch of a recorder's deltas: exactly once, whatever happens to the acknowledgement.

use std::{collections::HashMap, sync::Arc};

use tracing::warn;

use super::{
    SCHEMA_KNOWLEDGE,
    backend::{Backend, FlushTx, Mode, Owner, Result, SeriesLabels, Tx, key_text},
    payload::{self, EncodedRow},
};
use crate::{
    bucket::Bucket,
    recorder::{Deltas, FlushBatch, Recorder},
    series::SeriesKey,
    store::{FlushError, Flushed, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// Records from further ahead than this count in the current minute.
const MOST_AHEAD_SECONDS: i64 = 3_600;
/// 0001-01-01T00:00:00Z, the start of the calendar that both databases can show.
pub(crate) const EARLIEST: UnixSeconds = -62_135_596_800;
/// More interned series than this are remembered only while they are in use.
const MOST_REMEMBERED: usize = 50_000;

/// What is ready to be committed.
struct Ready<T> {
    tx: T,
    rows: u64,
    records: u64,
    interned: Vec<(Arc<SeriesKey>, i64)>,
}

pub(crate) async fn flush<B: Backend>(
    backend: &B,
    writer: &Writer,
) -> std::result::Result<Flushed, FlushError> {
    let _one_at_a_time = writer.flushing.lock().await;
    let mut done = commit_one(backend, writer).await?;
    if done.retry {
        // That was what waited for its outcome; what was recorded since goes under a number of its own.
        let earlier = done.flushed;
        done = commit_one(backend, writer).await?;
        done.flushed.rows = done.flushed.rows.saturating_add(earlier.rows);
        done.flushed.records = done.flushed.records.saturating_add(earlier.records);
    }
    done.flushed.lost = writer.take_lost();
    Ok(done.flushed)
}

struct Committed {
    flushed: Flushed,
    retry: bool,
}

async fn commit_one<B: Backend>(
    backend: &B,
    writer: &Writer,
) -> std::result::Result<Committed, FlushError> {
    let recorder = writer.recorder();
    let mut attempt = Unsent::new(recorder);
    let ready = loop {
        let FlushBatch { seq: number, retry } = attempt.sealed;
        match make_ready(backend, writer, number).await {
            Ok(Attempt::Ready(ready)) => break ready,
            Ok(Attempt::Superseded { stored }) if retry && stored == number => {
                // The earlier attempt under this number is in, and with it all that wait.
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
                    instance: writer.instance().id,
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
        let mut known = writer.interned();
        if known.len() + interned.len() > MOST_REMEMBERED {
            known.clear();
        }
        known.extend(interned);
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

/// An attempt whose COMMIT has not been sent. Dropped, also in the middle of an await, its part is open
/// again: the transaction ends without it.
struct Unsent<'a> {
    recorder: &'a Recorder,
    sealed: FlushBatch,
}

impl<'a> Unsent<'a> {
    fn new(recorder: &'a Recorder) -> Self {
        let sealed = recorder.begin_batch_or_retry();
        Self { recorder, sealed }
    }

    /// From here on nobody knows, until the database says so.
    fn send(mut self) -> FlushBatch {
        let sealed = self.sealed;
        self.sealed.retry = true;
        sealed
    }
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        // One that was attempted before may be in.
        if !self.sealed.retry {
            self.recorder.release(self.sealed.seq);
        }
    }
}

enum Attempt<T> {
    Ready(Ready<T>),
    Rewound { to: u64 },
    Superseded { stored: u64 },
}

async fn make_ready<B: Backend>(
    backend: &B,
    writer: &Writer,
    number: u64,
) -> Result<Attempt<B::Tx>> {
    let (instance, recorder) = (writer.instance(), writer.recorder());
    let mut tx = backend.begin(Mode::Write).await?;
    // The fence is read before the contents are chosen: once its lock is ours, no older attempt can
    // still commit, so that what it says about the parts stays true.
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
    let (series, interned) = intern(&mut tx, writer, &contents).await?;
    let rows = rows_of(&contents, &series, meta.now())?;
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

type Numbers = HashMap<Arc<SeriesKey>, i64>;

/// The numbers of all series in `contents`, and those among them that were not known before.
async fn intern<T: Tx>(
    tx: &mut T,
    writer: &Writer,
    contents: &Deltas,
) -> Result<(Numbers, Vec<(Arc<SeriesKey>, i64)>)> {
    let mut numbers = Numbers::new();
    let mut unknown: Vec<Arc<SeriesKey>> = Vec::new();
    {
        let known = writer.interned();
        // Rows come in key order, so equal series are neighbours.
        let mut last: Option<&Arc<SeriesKey>> = None;
        for row in contents.rows() {
            let series = row.series;
            if last.is_some_and(|last| last == series) {
                continue;
            }
            match known.get(series) {
                Some(number) => drop(numbers.insert(Arc::clone(series), *number)),
                None => unknown.push(Arc::clone(series)),
            }
            last = Some(series);
        }
    }
    if unknown.is_empty() {
        return Ok((numbers, Vec::new()));
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
    let owner = Owner::of(writer.instance());
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
    let new: Vec<_> = series
        .into_iter()
        .zip(tx.intern_series(&labels).await?)
        .collect();
    numbers.extend(new.iter().cloned());
    Ok((numbers, new))
}

/// The rows to send, by (series, period); times that can't be true are moved to where they count.
fn rows_of<'a>(
    contents: &'a Deltas,
    numbers: &Numbers,
    now: UnixSeconds,
) -> Result<Vec<EncodedRow<'a>>> {
    let mut rows: Vec<EncodedRow<'_>> = Vec::new();
    let mut moved = 0_u64;
    for row in contents.rows() {
        let series_id = *numbers.get(row.series).ok_or_else(|| {
            StoreError::Corrupt(format!("series {:?} was not interned", row.series))
        })?;
        let plausible = plausible_period(row.period_start, now);
        if plausible != row.period_start {
            moved = moved.saturating_add(Bucket::peek_request_count(row.encoded()));
        }
        rows.push(EncodedRow {
            period_start: plausible,
            series_id,
            bucket: row.into_encoded(),
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

/// The period itself, or the current minute where the recording clock must have been wrong.
pub(crate) fn plausible_period(period_start: UnixSeconds, now: UnixSeconds) -> UnixSeconds {
    if period_start > now + MOST_AHEAD_SECONDS {
        Granularity::Minute.floor(now)
    } else {
        period_start.max(EARLIEST)
    }
}
