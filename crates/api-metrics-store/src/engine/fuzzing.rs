//! Checks of what the engine reads from stored bytes, for the fuzzer.

use std::{borrow::Cow, collections::BTreeMap};

use uuid::Uuid;

use super::{
    payload::{self, EncodedRow},
    period_counts as counts,
};

/// Rows that can be read are written as they were.
pub(crate) fn inbox_payload(data: &[u8]) {
    let rows: Option<Vec<_>> = payload::rows(data)
        .ok()
        .and_then(|rows| rows.collect::<Result<_, _>>().ok());
    let decoded = payload::decode(data);
    let Some(rows) = rows else {
        assert!(decoded.is_err(), "nor can its buckets be read");
        return;
    };
    if let Ok(decoded) = &decoded {
        let places = |row: &payload::PayloadRow<'_>| (row.series_id, row.period_start);
        let read: Vec<_> = decoded.iter().map(places).collect();
        let unread: Vec<_> = rows.iter().map(|r| (r.series_id, r.period_start)).collect();
        assert_eq!(read, unread, "both ways to read agree");
    }
    // Numbers and periods as the recorder makes them: others can't be written.
    let real = i64::from(i32::MIN)..=i64::from(i32::MAX);
    if !rows
        .iter()
        .all(|row| real.contains(&row.series_id) && real.contains(&(row.period_start / 60)))
    {
        return;
    }
    let encoded: Vec<_> = rows
        .iter()
        .map(|row| EncodedRow {
            period_start: row.period_start,
            series_id: row.series_id,
            bucket: Cow::Borrowed(row.bucket),
        })
        .collect();
    let chunks = payload::encode(Uuid::nil(), 1, &encoded);
    let mut before = 0;
    let mut again = 0;
    for chunk in &chunks {
        let read: Result<Vec<_>, _> = payload::rows(&chunk.payload).and_then(|rows| rows.collect());
        assert!(read.is_ok(), "what was written can be read");
        for row in read.unwrap_or_default() {
            let was = &rows[again];
            assert_eq!(
                (row.series_id, row.period_start, row.bucket),
                (was.series_id, was.period_start, was.bucket)
            );
            assert!((chunk.period_from..chunk.period_to).contains(&row.period_start));
            again += 1;
        }
        assert_eq!(chunk.row_count, (again - before) as u64);
        before = again;
    }
    assert_eq!(again, rows.len(), "no row is lost");
}

/// Entries that can be read are ascending and come back as they were.
pub(crate) fn period_counts(data: &[u8]) {
    let Ok(entries) = counts::entries(data) else {
        return;
    };
    let mut read = BTreeMap::new();
    let mut last = None;
    for entry in entries {
        let Ok((series, requests)) = entry else {
            return;
        };
        assert!(last.is_none_or(|before| before < series), "ascending");
        last = Some(series);
        read.insert(series, requests);
    }
    let encoded = counts::encode(&read);
    let again: Option<BTreeMap<_, _>> = counts::entries(&encoded)
        .ok()
        .and_then(|entries| entries.collect::<Result<_, _>>().ok());
    assert_eq!(again, Some(read), "they come back");
}
