//! Stored bytes that can't be read: found, kept aside, and left out.
//!
//! A disk, a restore or somebody's UPDATE can leave bytes in a bucket that are no status counts or no
//! sketch. Sums are made of many rows at once, by the database where it can, so such a row shows as a
//! sum that can't be read. The step then does its work once more, carefully: every row is read by
//! itself, and what can't be read of it is noted and left out. Everything else of the row counts,
//! above all its requests.
//!
//! A leader keeps the bytes in `quarantined_rows` and writes the row without them, so that the next
//! step is fast again. A reader that is the first to meet them asks for the lead to do the same. Period
//! counts are made anew from the buckets and lose nothing.

use std::collections::{BTreeMap, BTreeSet};

use tracing::warn;

use super::{
    backend::{Backend, Mode, Result, Tx},
    fold::lead,
    period_counts,
    sum::{Key, row},
};
use crate::{
    bucket::Bucket,
    sketch::{Sketch, SketchError, SketchKind, take_encoded, take_headers},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// Damaged parts that one transaction notes at most. Further ones are left out all the same, and noted
/// by the next transaction that meets them.
const MOST_NOTED: usize = 1_000;
/// Rows that are repaired by one statement.
const ROWS_A_STATEMENT: usize = 100;

/// What of a row can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The requests by status.
    StatusCounts,
    /// What was counted of units.
    Units,
    /// The latencies, and the times to headers where they are kept.
    Sketch,
    /// Period counts. Their series is 0.
    Requests,
}

impl Part {
    /// The name of the column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::StatusCounts => "status_counts",
            Self::Units => "units",
            Self::Sketch => "latency_sketch",
            Self::Requests => "requests",
        }
    }
}

/// Bytes that can't be read, and where they stand.
#[derive(Debug, Clone)]
pub(crate) struct DamagedPart {
    /// The row.
    pub key: Key,
    /// Which of its columns.
    pub part: Part,
    /// Why they can't be read.
    pub reason: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a careful transaction has met.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// By row and part, so that a row that is read twice is noted once.
    found: BTreeMap<(Key, Part), DamagedPart>,
    /// How often bytes of a bucket were left out.
    left_out: u64,
}

impl Damage {
    /// Notes bytes that are left out.
    pub(crate) fn note(&mut self, key: Key, part: Part, reason: String, bytes: &[u8]) {
        if part != Part::Requests {
            self.left_out += 1;
        }
        if self.found.len() < MOST_NOTED {
            let bytes = bytes.to_vec();
            self.found
                .entry((key, part))
                .or_insert_with(|| DamagedPart {
                    key,
                    part,
                    reason,
                    bytes,
                });
        }
    }

    /// How often bytes of a bucket were left out so far.
    pub(crate) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What was met so far; nothing is remembered then.
    pub(crate) fn take(&mut self) -> Vec<DamagedPart> {
        std::mem::take(&mut self.found).into_values().collect()
    }
}

/// Adds the encoded status counts of a row to its bucket. `damage` is that of the transaction, `None`
/// where it is not careful.
///
/// # Errors
/// `StoreError::Corrupt` where they can't be read and nobody is careful.
pub(crate) fn add_statuses(
    damage: &mut Option<Damage>,
    key: Key,
    bucket: &mut Bucket,
    encoded: &[u8],
) -> Result<()> {
    let outcome = bucket.status_counts.merge_encoded(encoded);
    let outcome = outcome
        .map_err(|_| format!("{} bytes are no whole entries", encoded.len()))
        .and_then(|()| is_plausible(bucket));
    match (outcome, damage) {
        (Ok(()), _) => Ok(()),
        (Err(reason), None) => Err(StoreError::Corrupt(reason)),
        (Err(reason), Some(damage)) => {
            bucket.status_counts.reset();
            damage.note(key, Part::StatusCounts, reason, encoded);
            Ok(())
        }
    }
}

/// Adds the encoded units of a row to its bucket, which are NULL where there are none. `damage` is that of the
/// transaction, `None` where it is not careful.
///
/// # Errors
/// `StoreError::Corrupt` where they can't be read and nobody is careful.
pub(crate) fn add_units(
    damage: &mut Option<Damage>,
    key: Key,
    bucket: &mut Bucket,
    encoded: Option<&[u8]>,
) -> Result<()> {
    let Some(encoded) = encoded else {
        return Ok(());
    };
    match (bucket.units.merge_encoded(encoded), damage) {
        (Ok(()), _) => Ok(()),
        (Err(error), None) => Err(StoreError::Corrupt(format!("units: {error}"))),
        (Err(error), Some(damage)) => {
            damage.note(key, Part::Units, error.to_string(), encoded);
            Ok(())
        }
    }
}

/// Checks that no more requests have a status than there are. Fewer have one where bytes were
/// quarantined.
fn is_plausible(bucket: &Bucket) -> std::result::Result<(), String> {
    let counts = bucket.status_counts.iter();
    let counted = counts.fold(0_u64, |sum, (_, n)| sum.saturating_add(n));
    // A count that large was cut off by the database.
    if counted > bucket.request_count && bucket.request_count < i64::MAX.cast_unsigned() {
        return Err(format!(
            "statuses of {counted} requests in a row of {}",
            bucket.request_count
        ));
    }
    Ok(())
}

/// The encoded sketches of a row as they may be added to others: nothing where a careful transaction
/// finds that one of them can't be read, because damage in the first can hide where the second begins.
pub(crate) fn sketch_of<'a>(
    damage: &mut Option<Damage>,
    key: Key,
    kind: SketchKind,
    encoded: &'a [u8],
) -> &'a [u8] {
    let Some(damage) = damage else { return encoded };
    match check(kind, encoded) {
        Ok(()) => encoded,
        Err(error) => {
            damage.note(key, Part::Sketch, error.to_string(), encoded);
            &[]
        }
    }
}

/// Checks that the bytes are exactly one sketch of that kind, or that and one of times to headers.
fn check(expected: SketchKind, encoded: &[u8]) -> std::result::Result<(), SketchError> {
    let mut rest = encoded;
    let mut found = take_encoded(&mut rest)?.kind;
    if found == expected && !rest.is_empty() {
        found = take_headers(&mut rest)?.kind;
    }
    if found != expected {
        return Err(SketchError::KindMismatch { expected, found });
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(SketchError::Truncated)
    }
}

/// Whether a step that failed so is done once more, carefully.
pub(crate) const fn asks_for_care<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(StoreError::Corrupt(_)))
}

/// Keeps what was met in `quarantined_rows`, and names it in the log. The rows themselves must be
/// written in the same transaction. It must lead.
pub(crate) async fn quarantine(tx: &mut dyn Tx, parts: &[DamagedPart]) -> Result<()> {
    for part in parts {
        warn!(
            granularity = part.key.granularity.as_str(),
            period_start = part.key.period_start,
            series = part.key.series_id,
            part = part.part.as_str(),
            reason = part.reason,
            "bytes of a stored row can't be read and were quarantined"
        );
    }
    if parts.is_empty() {
        return Ok(());
    }
    tx.put_quarantined(parts).await
}

/// Writes these rows without what can't be read of them, and keeps that aside. Rows that can be read
/// stay as they are. The transaction must lead and be careful.
pub(crate) async fn repair(
    tx: &mut dyn Tx,
    kind: SketchKind,
    rows: impl IntoIterator<Item = Key>,
) -> Result<()> {
    let mut buckets: BTreeMap<Granularity, BTreeSet<Key>> = BTreeMap::new();
    let mut counts = BTreeSet::new();
    for key in rows {
        if key.series_id == 0 {
            counts.insert((key.granularity, key.period_start));
        } else {
            buckets.entry(key.granularity).or_default().insert(key);
        }
    }
    for (granularity, keys) in buckets {
        let keys: Vec<Key> = keys.into_iter().collect();
        for keys in keys.chunks(ROWS_A_STATEMENT) {
            let periods: Vec<UnixSeconds> = keys.iter().map(|key| key.period_start).collect();
            let series: Vec<i64> = keys.iter().map(|key| key.series_id).collect();
            let found = tx.buckets(granularity, &periods, &series).await?;
            let damaged = tx.take_damage();
            let is_damaged = |period_start, series_id| {
                damaged.iter().any(|part| {
                    (part.key.period_start, part.key.series_id) == (period_start, series_id)
                })
            };
            let mut repaired = Vec::new();
            for old in found {
                if is_damaged(old.period_start, old.series_id) {
                    let sketch = readable(kind, old.sketch);
                    repaired.push(row(old.period_start, old.series_id, old.counts, sketch)?);
                }
            }
            tx.put_buckets(granularity, &repaired, false).await?;
            quarantine(tx, &damaged).await?;
        }
    }
    for (granularity, period) in counts {
        period_counts::repair(tx, granularity, period).await?;
        let damaged = tx.take_damage();
        quarantine(tx, &damaged).await?;
    }
    Ok(())
}

/// The sketch of a row, or that of no latency where it was left out.
fn readable(kind: SketchKind, sketch: Vec<u8>) -> Vec<u8> {
    if !sketch.is_empty() {
        return sketch;
    }
    let mut empty = Vec::new();
    Sketch::new(kind).encode(&mut empty);
    empty
}

/// Repairs what a reader has met, where nobody else leads right now. Otherwise the next reader, or the
/// leader's own work, meets it again.
pub(crate) async fn repair_as_leader(backend: &dyn Backend, met: Vec<DamagedPart>) -> Result<()> {
    let mut tx = backend.begin(Mode::Lead).await?;
    let Some(meta) = lead(&mut *tx).await? else {
        return Ok(());
    };
    tx.be_careful();
    let rows = met.into_iter().map(|part| part.key);
    repair(&mut *tx, meta.sketch_kind, rows).await?;
    tx.commit().await
}
