//! What reads bytes of a server, as functions of arbitrary bytes that panic where a promise is broken.

use api_metrics_store::{
    bucket_database::{BucketColumns, CopiedRow},
    request_database::RequestRow,
};
use uuid::Uuid;

use crate::{requests::rows as requests, rows};

/// Parts of a sum: what is read of any bytes is what would be written of it, and nothing is read of less.
///
/// # Panics
/// Where that is not so.
pub fn parts(data: &[u8]) {
    let mut rest = data;
    loop {
        let before = rest;
        let Some(part) = rows::take(&mut rest) else {
            assert_eq!(
                before.len(),
                rest.len(),
                "a part is taken whole or not at all"
            );
            return;
        };
        let taken = &before[..before.len() - rest.len()];
        assert!(!taken.is_empty(), "a part has bytes");
        let same = written(
            part.step as u32,
            part.series_id,
            part.rolled_up_at,
            part.columns,
        );
        let mut again = &same[..];
        let second = rows::take(&mut again).map(|part| (part.step, part.series_id));
        assert_eq!(second, Some((part.step, part.series_id)));
        assert!(again.is_empty(), "it ends where it was written to");
        // Lengths and texts may have been written in more than one way.
        assert!(
            same.len() <= taken.len() * 3,
            "{} of {}",
            same.len(),
            taken.len()
        );
    }
}

/// A part as a server would write it.
#[must_use]
pub fn written(step: u32, series_id: i64, rolled_up_at: i64, columns: BucketColumns) -> Vec<u8> {
    let mut row = Vec::new();
    let copied = CopiedRow::new((0, 0), (Uuid::nil(), 0, 0), 0, columns);
    rows::put(&copied, &mut row);
    let mut part = step.to_le_bytes().to_vec();
    part.extend_from_slice(&series_id.to_le_bytes());
    part.extend_from_slice(&rolled_up_at.to_le_bytes());
    // Both forms end with the columns.
    part.extend_from_slice(row.get(rows::KEY..).unwrap_or_default());
    part
}

/// Requests, their details and sums of them: what is read of any bytes is read once more of what is written of it, and each
/// of them takes bytes.
///
/// # Panics
/// Where that is not so.
pub fn single_requests(data: &[u8]) {
    let mut rest = data;
    let mut before = rest.len();
    while let Some(row) = requests::take_list(&mut rest) {
        let mut written = Vec::new();
        requests::put_list(&row, &mut written);
        let mut again = &written[..];
        assert_eq!(requests::take_list(&mut again), Some(row));
        // Words follow, which are never read: a text without characters, and none.
        assert_eq!(again, [0, 1]);
        assert!(rest.len() < before, "a row has bytes");
        before = rest.len();
    }
    let mut rest = data;
    while let Some((id, detail)) = requests::take_detail(&mut rest) {
        let mut row = RequestRow::default();
        row.id = id;
        row.detail = detail;
        let mut written = Vec::new();
        requests::put_detail(&row, &mut written);
        let mut again = &written[..];
        let second = requests::take_detail(&mut again);
        assert_eq!(second, Some((id, row.detail)));
    }
    for take in [
        |rest: &mut &[u8]| requests::take_group(rest).is_some(),
        |rest: &mut &[u8]| requests::take_part(rest).is_some(),
        |rest: &mut &[u8]| requests::take_optional_text(rest).is_some(),
    ] {
        let mut rest = data;
        let mut before = rest.len();
        while take(&mut rest) {
            assert!(rest.len() < before, "a row has bytes");
            before = rest.len();
        }
    }
}

/// A request as a server would write what is filtered by, or what is shown of it.
#[must_use]
pub fn written_request(row: &RequestRow, shown: bool) -> Vec<u8> {
    let mut written = Vec::new();
    if shown {
        requests::put_detail(row, &mut written);
    } else {
        requests::put_list(row, &mut written);
    }
    written
}
