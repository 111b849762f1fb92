//! The rows of a hand-over as bytes: what a row of the inbox carries.
//!
//! A version byte, then rows in the order of (series, period): the series' number and the period in
//! minutes as signed varints, each relative to the row before, and the encoded bucket.

use uuid::Uuid;

use super::backend::{BucketRow, InboxChunk, Result};
use crate::{bucket::Bucket, store::StoreError, varint};

const VERSION: u8 = 1;
/// Bounds one payload to a few hundred KiB at the usual size of a bucket.
const ROWS_A_CHUNK: usize = 2_000;

/// Encodes `rows`, which must be sorted by (series, period), into chunks of bounded size.
pub(crate) fn encode(id: Uuid, seq: u64, rows: &[BucketRow]) -> Vec<InboxChunk> {
    rows.chunks(ROWS_A_CHUNK)
        .zip(0..)
        .map(|(rows, chunk)| {
            let mut payload = vec![VERSION];
            let (mut series, mut minute) = (0, 0);
            for row in rows {
                let row_minute = row.period_start.div_euclid(60);
                put_signed(&mut payload, row.series_id - series);
                put_signed(&mut payload, row_minute - minute);
                row.bucket.encode(&mut payload);
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
                records: rows
                    .iter()
                    .fold(0, |n, row| n.saturating_add(row.bucket.request_count)),
                payload,
            }
        })
        .collect()
}

/// The rows of a payload.
pub(crate) fn decode(payload: &[u8]) -> Result<Vec<BucketRow>> {
    let (version, mut rest) = payload
        .split_first()
        .ok_or_else(|| StoreError::Corrupt("an empty hand-over".into()))?;
    if *version != VERSION {
        return Err(StoreError::Corrupt(format!(
            "a hand-over of version {version}"
        )));
    }
    let mut rows = Vec::new();
    let (mut series, mut minute) = (0_i64, 0_i64);
    while !rest.is_empty() {
        series = series.saturating_add(take_signed(&mut rest)?);
        minute = minute.saturating_add(take_signed(&mut rest)?);
        let bucket = Bucket::decode(&mut rest)?;
        rows.push(BucketRow {
            period_start: minute.saturating_mul(60),
            series_id: series,
            bucket,
        });
    }
    Ok(rows)
}

/// The zigzag form, so that small steps back are short too.
fn put_signed(out: &mut Vec<u8>, value: i64) {
    varint::put(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn take_signed(input: &mut &[u8]) -> Result<i64> {
    let value = varint::take(input)
        .ok_or_else(|| StoreError::Corrupt("a hand-over that ends within a number".into()))?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}
