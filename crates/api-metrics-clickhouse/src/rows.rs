//! Rows in ClickHouse's format `RowBinary`: columns one after another, numbers in little-endian order, lengths of lists
//! and texts as LEB128.

use api_metrics_store::bucket_database::{BucketColumns, CopiedRow, PartOfSum};

/// Bytes of a row before its columns.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) const KEY: usize = 8 + 8 + 16 + 8 + 4 + 8 + 8 + 8;

/// Appends a row as it is inserted, in the order of [`tables::COLUMNS`](crate::tables::COLUMNS).
pub(crate) fn put(row: &CopiedRow, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.period_start.to_le_bytes());
    out.extend_from_slice(&row.series_id.to_le_bytes());
    out.extend_from_slice(row.instance.as_bytes());
    out.extend_from_slice(&row.number.to_le_bytes());
    out.extend_from_slice(&row.chunk.to_le_bytes());
    out.extend_from_slice(&row.epoch.to_le_bytes());
    out.extend_from_slice(&row.epoch.to_le_bytes());
    // Rows of one key are all the same.
    out.extend_from_slice(&0_u64.to_le_bytes());
    let columns = &row.columns;
    let numbers = columns.sums.iter().chain(&columns.least);
    for number in numbers.chain(&columns.greatest) {
        out.extend_from_slice(&number.to_le_bytes());
    }
    put_list(out, &columns.statuses, |n, out| {
        out.extend_from_slice(&n.to_le_bytes())
    });
    put_list(out, &columns.status_counts, |n, out| {
        out.extend_from_slice(&n.to_le_bytes())
    });
    put_list(out, &columns.bins, |n, out| {
        out.extend_from_slice(&n.to_le_bytes())
    });
    put_list(out, &columns.bin_counts, |n, out| {
        out.extend_from_slice(&n.to_le_bytes())
    });
    put_list(out, &columns.unit_keys, |key, out| {
        put_length(out, key.len());
        out.extend_from_slice(key.as_bytes());
    });
    put_list(out, &columns.unit_values, |n, out| {
        out.extend_from_slice(&n.to_le_bytes())
    });
}

fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&T, &mut Vec<u8>)) {
    put_length(out, list.len());
    for item in list {
        put(item, out);
    }
}

pub(crate) fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Takes a part of a sum off the front of `input`; `None` where it is not there whole, and `input` is unchanged then.
pub(crate) fn take(input: &mut &[u8]) -> Option<PartOfSum> {
    let mut rest = *input;
    let step = u32::from_le_bytes(bytes(&mut rest)?);
    let series_id = i64::from_le_bytes(bytes(&mut rest)?);
    let rolled_up_at = i64::from_le_bytes(bytes(&mut rest)?);
    let mut columns = BucketColumns::default();
    let numbers = columns.sums.iter_mut().chain(&mut columns.least);
    for number in numbers.chain(&mut columns.greatest) {
        *number = u64::from_le_bytes(bytes(&mut rest)?);
    }
    columns.statuses = list(&mut rest, |rest| bytes(rest).map(u16::from_le_bytes))?;
    columns.status_counts = list(&mut rest, |rest| bytes(rest).map(u64::from_le_bytes))?;
    columns.bins = list(&mut rest, |rest| bytes(rest).map(u16::from_le_bytes))?;
    columns.bin_counts = list(&mut rest, |rest| bytes(rest).map(u64::from_le_bytes))?;
    columns.unit_keys = list(&mut rest, text)?;
    columns.unit_values = list(&mut rest, |rest| bytes(rest).map(i64::from_le_bytes))?;
    *input = rest;
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    Some(PartOfSum::new(series_id, step, rolled_up_at, columns))
}

pub(crate) fn bytes<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

/// Grows by what was read, whatever the length says.
fn list<T>(rest: &mut &[u8], item: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    (0..length(rest)?).map(|_| item(rest)).collect()
}

pub(crate) fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(length(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn length(rest: &mut &[u8]) -> Option<u64> {
    let mut length = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = bytes(rest)?;
        length |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::{array::uniform2, array::uniform10, collection::vec, prelude::*};
    use uuid::Uuid;

    use super::*;

    fn columns() -> impl Strategy<Value = BucketColumns> {
        let lists = (
            vec(any::<u16>(), 0..5),
            vec(any::<u64>(), 0..300),
            vec(any::<u16>(), 0..300),
            vec(any::<u64>(), 0..5),
            vec("[a-z ]{0,200}", 0..4),
            vec(any::<i64>(), 0..4),
        );
        let numbers = (
            uniform10(any::<u64>()),
            uniform2(any::<u64>()),
            uniform2(any::<u64>()),
        );
        (numbers, lists).prop_map(|((sums, least, greatest), lists)| {
            let (statuses, status_counts, bins, bin_counts, unit_keys, unit_values) = lists;
            let mut columns = BucketColumns::default();
            (columns.sums, columns.least, columns.greatest) = (sums, least, greatest);
            (columns.statuses, columns.status_counts) = (statuses, status_counts);
            (columns.bins, columns.bin_counts) = (bins, bin_counts);
            (columns.unit_keys, columns.unit_values) = (unit_keys, unit_values);
            columns
        })
    }

    proptest! {
        #[test]
        fn columns_come_back_as_they_were_sent_and_a_part_of_them_is_none(
            columns in columns(),
            step in any::<u32>(),
            series_id in any::<i64>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let row = CopiedRow::new((0, 0), (Uuid::nil(), 0, 0), 0, columns.clone());
            let mut sent = Vec::new();
            put(&row, &mut sent);
            // Both forms end with the columns.
            let mut found = step.to_le_bytes().to_vec();
            found.extend_from_slice(&series_id.to_le_bytes());
            found.extend_from_slice(&7_i64.to_le_bytes());
            found.extend_from_slice(&sent[KEY..]);
            let mut rest = &found[..];
            let part = take(&mut rest);
            prop_assert!(rest.is_empty());
            let part = part.map(|part| (part.step, part.series_id, part.rolled_up_at, part.columns));
            prop_assert_eq!(part, Some((step as usize, series_id, 7, columns)));
            let mut some = &found[..cut.index(found.len())];
            let before = some.len();
            prop_assert!(take(&mut some).is_none());
            prop_assert_eq!(some.len(), before);
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in vec(any::<u8>(), 0..600)) {
            let mut rest = &bytes[..];
            while take(&mut rest).is_some() {}
            prop_assert!(rest.len() <= bytes.len());
        }
    }
}
