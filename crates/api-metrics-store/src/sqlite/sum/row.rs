//! What one row of a read holds.

use crate::{
    bucket::Bucket,
    engine::{
        backend::Result,
        damage::{self, Damage},
        sum::Key,
    },
    query::Detail,
    sketch::SketchKind,
    sqlite::rows::{self, COUNTS},
    store::StoreError,
    time::Granularity,
};

/// The numbers of a row: its period, its series, its counts, and the lengths of its status counts and units.
const NUMBERS: usize = 2 + COUNTS.len() + 2;
/// What ends the numbers.
const END: u8 = b';';

/// The one column of an answer of this detail, of a row as it stands or of several that are added up.
///
/// It is `period,series,count,..;` as text, in which NULL is empty, followed by the bytes of status counts, units and
/// sketch. One value instead of sixteen, because each is copied twice, and freed on another thread under a lock that
/// all threads in SQLite share.
pub(super) fn column(series: &str, detail: Detail, added: bool) -> String {
    let sum = |column: &str| match (added, column) {
        (false, _) => format!("m.{column}"),
        (true, "period_start" | "latency_min_us") => format!("min(m.{column})"),
        (true, "latency_max_us") => format!("max(m.{column})"),
        (true, "status_counts" | "units" | "latency_sketch") => {
            format!("group_concat(m.{column}, '')")
        }
        (true, _) => format!("sum(m.{column})"),
    };
    let mut numbers = vec![sum("period_start"), series.to_owned()];
    let mut bytes = Vec::new();
    if detail == Detail::Requests {
        numbers.push(sum("request_count"));
    } else {
        numbers.extend(COUNTS.map(sum));
        for column in ["status_counts", "units"].map(sum) {
            numbers.push(format!("octet_length({column})"));
            bytes.push(column);
        }
    }
    if detail == Detail::Quantiles {
        bytes.push(sum("latency_sketch"));
    }
    let format = vec!["%s"; numbers.len()].join(",");
    let mut column = format!("printf('{format};', {})", numbers.join(", "));
    for bytes in bytes {
        column.push_str(&format!(" || coalesce({bytes}, '')"));
    }
    format!("CAST({column} AS BLOB)")
}

/// A row, or the sum of some rows of one series.
pub(super) struct SumRow<'r> {
    /// Its period is the first of those that were added up.
    pub(super) key: Key,
    counts: [Option<i64>; COUNTS.len()],
    status_counts: &'r [u8],
    units: &'r [u8],
    /// Encoded, one after another. Empty where the answer has none.
    sketches: &'r [u8],
}

impl<'r> SumRow<'r> {
    /// Reads the value of its column.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where a column of the table holds something else than it should.
    pub(super) fn read(value: &'r [u8], granularity: Granularity, detail: Detail) -> Result<Self> {
        let end = value.iter().position(|byte| *byte == END);
        let (text, bytes) = value.split_at(end.ok_or_else(|| no_numbers(value))?);
        let wanted = if detail == Detail::Requests {
            3
        } else {
            NUMBERS
        };
        let mut numbers = [None; NUMBERS];
        let mut parts = text.split(|byte| *byte == b',');
        for number in numbers.iter_mut().take(wanted) {
            let part = parts.next().ok_or_else(|| no_numbers(text))?;
            if !part.is_empty() {
                let part = std::str::from_utf8(part).ok();
                let parsed = part.and_then(|part| part.parse::<i64>().ok());
                *number = Some(parsed.ok_or_else(|| no_numbers(text))?);
            }
        }
        if parts.next().is_some() {
            return Err(no_numbers(text));
        }
        let [
            Some(period_start),
            Some(series_id),
            counts @ ..,
            statuses,
            units,
        ] = numbers
        else {
            return Err(no_numbers(text));
        };
        let length =
            |number: Option<i64>| usize::try_from(number.unwrap_or(0)).unwrap_or(usize::MAX);
        let bytes = bytes.get(1..).unwrap_or_default();
        let (status_counts, bytes) = bytes
            .split_at_checked(length(statuses))
            .ok_or_else(|| no_numbers(text))?;
        let (units, sketches) = bytes
            .split_at_checked(length(units))
            .ok_or_else(|| no_numbers(text))?;
        Ok(Self {
            key: Key {
                granularity,
                period_start,
                series_id,
            },
            counts,
            status_counts,
            units,
            sketches,
        })
    }

    /// The requests, and nothing else.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where there is no number of them.
    pub(super) fn requests(&self, kind: SketchKind) -> Result<Bucket> {
        let mut counts = Bucket::new(kind);
        let [requests, ..] = self.counts;
        counts.request_count = rows::count(requests)?;
        Ok(counts)
    }

    /// The counts. The sketch stays empty. A careful transaction leaves out status counts and units that can't be
    /// read.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where a count is missing, or where status counts or units can't be read, unless the
    /// transaction is careful.
    pub(super) fn counts(&self, kind: SketchKind, damage: &mut Option<Damage>) -> Result<Bucket> {
        let mut bucket = rows::of_counts(kind, self.counts)?;
        damage::add_statuses(damage, self.key, &mut bucket, self.status_counts)?;
        let units = (!self.units.is_empty()).then_some(self.units);
        damage::add_units(damage, self.key, &mut bucket, units)?;
        Ok(bucket)
    }

    /// The encoded sketches, empty where a careful transaction leaves one out.
    pub(super) fn sketches(&self, kind: SketchKind, damage: &mut Option<Damage>) -> &'r [u8] {
        damage::sketch_of(damage, self.key, kind, self.sketches)
    }
}

fn no_numbers(found: &[u8]) -> StoreError {
    let found = String::from_utf8_lossy(found);
    StoreError::Corrupt(format!("a bucket holds {found:?} where numbers belong"))
}
