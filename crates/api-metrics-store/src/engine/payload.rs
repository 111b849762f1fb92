//! The rows of a flush batch as bytes: what a row of the inbox carries.
//!
//! A version byte, then rows in the order of (series, period): the series' number and the period in
//! minutes as signed varints, each relative to the row before, the length of the encoded bucket as a
//! varint, and the bucket.

use std::borrow::Cow;

use uuid::Uuid;

use super::backend::{InboxChunk, Result};
use crate::{bucket::Bucket, store::StoreError, time::UnixSeconds, varint};

const VERSION: u8 = 1;
/// Bounds one payload to a few hundred KiB at the usual size of a bucket.
const ROWS_A_CHUNK: usize = 2_000;

/// A row to be handed over: its bucket as the recorder encoded it.
#[derive(Debug)]
pub(crate) struct EncodedRow<'a> {
    pub period_start: UnixSeconds,
    pub series_id: i64,
    pub bucket: Cow<'a, [u8]>,
}

/// A row of a payload, its bucket unread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnreadRow<'a> {
    pub period_start: UnixSeconds,
    pub series_id: i64,
    pub bucket: &'a [u8],
}

/// A row of a payload, its sketch still encoded.
#[derive(Debug)]
pub(crate) struct PayloadRow<'a> {
    pub period_start: UnixSeconds,
    pub series_id: i64,
    /// Everything but the sketch, which is an empty one of the row's kind.
    pub counts: Bucket,
    pub sketch: &'a [u8],
}

/// Joins `rows`, which must be sorted by (series, period), into chunks of bounded size.
pub(crate) fn encode(id: Uuid, seq: u64, rows: &[EncodedRow<'_>]) -> Vec<InboxChunk> {
    rows.chunks(ROWS_A_CHUNK)
        .zip(0..)
        .map(|(rows, chunk)| {
            let mut payload = vec![VERSION];
            let (mut series, mut minute) = (0, 0);
            for row in rows {
                let row_minute = row.period_start.div_euclid(60);
                put_signed(&mut payload, row.series_id - series);
                put_signed(&mut payload, row_minute - minute);
                varint::put(&mut payload, row.bucket.len() as u64);
                payload.extend_from_slice(&row.bucket);
                (series, minute) = (row.series_id, row_minute);
            }
            let starts = || rows.iter().map(|row| row.period_start);
            InboxChunk {
                id,
                seq,
                chunk,
                period_from: starts().min().unwrap_or_default(),
                period_to: starts().max().unwrap_or_default() + 60,
                row_count: rows.len() as u64,
                records: rows.iter().fold(0, |n, row| {
                    n.saturating_add(Bucket::peek_request_count(&row.bucket))
                }),
                payload,
            }
        })
        .collect()
}

/// The rows of a payload, whose buckets may turn out to be unreadable.
pub(crate) fn rows(payload: &[u8]) -> Result<impl Iterator<Item = Result<UnreadRow<'_>>>> {
    let (version, mut rest) = payload
        .split_first()
        .ok_or_else(|| StoreError::Corrupt("an empty flush batch".into()))?;
    if *version != VERSION {
        return Err(StoreError::Corrupt(format!(
            "a flush batch of version {version}"
        )));
    }
    let (mut series, mut minute) = (0_i64, 0_i64);
    let mut next = move || -> Result<Option<UnreadRow<'_>>> {
        if rest.is_empty() {
            return Ok(None);
        }
        series = series.saturating_add(take_signed(&mut rest)?);
        minute = minute.saturating_add(take_signed(&mut rest)?);
        let bucket = usize::try_from(take(&mut rest)?)
            .ok()
            .and_then(|length| rest.split_at_checked(length));
        let Some((bucket, after)) = bucket else {
            return Err(StoreError::Corrupt(
                "a flush batch that ends within a bucket".into(),
            ));
        };
        rest = after;
        Ok(Some(UnreadRow {
            period_start: minute.saturating_mul(60),
            series_id: series,
            bucket,
        }))
    };
    let mut failed = false;
    Ok(std::iter::from_fn(move || {
        // Where one row ends is known by that row alone: nothing follows one that can't be read.
        let row = if failed { None } else { next().transpose() };
        failed = matches!(row, Some(Err(_)));
        row
    }))
}

/// The rows of a payload, all of which are read.
pub(crate) fn decode(payload: &[u8]) -> Result<Vec<PayloadRow<'_>>> {
    rows(payload)?
        .map(|row| {
            let row = row?;
            let (counts, sketch) = Bucket::decode_parts(row.bucket)?;
            Ok(PayloadRow {
                period_start: row.period_start,
                series_id: row.series_id,
                counts,
                sketch,
            })
        })
        .collect()
}

/// The zigzag form, so that small steps back are short too.
fn put_signed(out: &mut Vec<u8>, value: i64) {
    varint::put(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn take_signed(input: &mut &[u8]) -> Result<i64> {
    let value = take(input)?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

fn take(input: &mut &[u8]) -> Result<u64> {
    varint::take(input)
        .ok_or_else(|| StoreError::Corrupt("a flush batch that ends within a number".into()))
}
