//! Sums of units: what requests used beside their time and bytes, by name.
//!
//! Sparse: a bucket without units has an empty list, no allocation, and no byte in any encoding. A bucket holds
//! few units, so that they are a list in the order of their names, searched by halves. A name stands once; it may
//! be both a sum and a gauge.
//!
//! In the tables a row's units stand in one column of bytes, which is NULL where there are none. The encoding of a
//! bucket carries the same bytes. One entry:
//!
//! | bytes | field |
//! |---|---|
//! | 1 | 0 for a sum, 1 for a gauge |
//! | 1 | the length of the name, 1 to 64 |
//! | length | the name, UTF-8 |
//! | 8 | of a sum: the sum, u64 |
//! | 8 | of a gauge: observations, u64, at least 1 |
//! | 8 | of a gauge: the minimum in millionths, i64 |
//! | 8 | of a gauge: the maximum in millionths, i64 |
//! | 16 | of a gauge: the sum in millionths, i128 |
//!
//! Numbers are big-endian. As with status codes, SQL can decode an entry, and concatenated encodings are an encoding
//! of their sum. Entries are written ascending by name, a sum before a gauge, and those of nothing are left out.
//!
//! Sums are 64 bits without a sign and saturate. A gauge's sum can't overflow before its count does: 2^64
//! observations of 2^63 millionths fit into 128 bits.

use std::{fmt, sync::Arc};

use api_metrics_layer::{Gauge, INVALID_UNIT, MAX_UNIT_BYTES, OTHER_UNIT, UnitValue, Units};

use crate::sketch::SketchError;

/// Different units of one series that a recorder keeps by name between two flushes; those beyond count as
/// [`OTHER_UNIT`].
pub(crate) const MAX_UNITS_A_SERIES: usize = 32;
/// Different names of units in one recorder, and in one database; those beyond count as [`OTHER_UNIT`].
pub(crate) const MAX_UNIT_NAMES: usize = 256;

/// The first byte of a sum's entry.
const SUM: u8 = 0;
/// The first byte of a gauge's entry.
const GAUGE: u8 = 1;

/// Sums and gauges by the name of their unit, ascending by name.
///
/// ```
/// use api_metrics_layer::{RequestRecord, Units};
/// use api_metrics_store::{bucket::Bucket, sketch::SketchKind};
///
/// let units = Units::new().add("tokens", 1_234).gauge("score", 0.5);
/// let mut record = RequestRecord::new("POST", "/chat", std::time::SystemTime::now());
/// record.units = Some(&units);
/// let mut bucket = Bucket::new(SketchKind::Histogram);
/// bucket.record(&record);
/// bucket.record(&record);
/// assert_eq!(bucket.units.sum("tokens"), 2_468);
/// assert_eq!(bucket.units.gauge("score").map(|score| score.mean()), Some(0.5));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnitSums(Vec<Entry>);

/// One unit.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    name: Arc<str>,
    /// 0 where it is a gauge alone.
    sum: u64,
    gauge: Option<Gauge>,
}

impl Entry {
    fn add(&mut self, value: UnitValue) {
        match (value, &mut self.gauge) {
            (UnitValue::Sum(n), _) => self.sum = self.sum.saturating_add(n),
            (UnitValue::Gauge(observed), Some(gauge)) => gauge.merge(&observed),
            (UnitValue::Gauge(observed), none) => *none = Some(observed),
            // The layer may learn others, which this release can't keep.
            _ => {}
        }
    }
}

impl UnitSums {
    /// The units and their values, ascending by name; of one that is both, the sum first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, UnitValue)> + '_ {
        self.0.iter().flat_map(|entry| {
            let sum = (entry.sum > 0).then_some(UnitValue::Sum(entry.sum));
            let gauge = entry.gauge.map(UnitValue::Gauge);
            let values = sum.into_iter().chain(gauge);
            values.map(|value| (&*entry.name, value))
        })
    }

    /// The units that are sums, ascending by name.
    pub fn sums(&self) -> impl Iterator<Item = (&str, u64)> + '_ {
        let summed = self.0.iter().filter(|entry| entry.sum > 0);
        summed.map(|entry| (&*entry.name, entry.sum))
    }

    /// The units that are gauges, ascending by name.
    pub fn gauges(&self) -> impl Iterator<Item = (&str, &Gauge)> + '_ {
        let entries = self.0.iter();
        entries.filter_map(|entry| Some((&*entry.name, entry.gauge.as_ref()?)))
    }

    /// The sum of a unit, 0 if nothing of it was counted.
    #[must_use]
    pub fn sum(&self, name: &str) -> u64 {
        self.entry(name).map_or(0, |entry| entry.sum)
    }

    /// The observations of a unit, `None` if there are none.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Option<&Gauge> {
        self.entry(name)?.gauge.as_ref()
    }

    /// Whether no unit was counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.0.get(self.place(name).ok()?)
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| (*entry.name).cmp(name))
    }

    /// Adds what a request has counted. Names that are new here are asked of `name`, which also learns
    /// whether there are as many as a series may have; what it returns is the name that counts.
    #[cold]
    pub(crate) fn record(&mut self, units: &Units, mut name: impl FnMut(&str, bool) -> Arc<str>) {
        units.for_each(|unit, value| self.add(unit, *value, &mut name));
    }

    /// Adds to a unit. Of a new one that adds something the name is asked for.
    fn add(&mut self, unit: &str, value: UnitValue, name: &mut impl FnMut(&str, bool) -> Arc<str>) {
        if value == UnitValue::Sum(0) {
            return;
        }
        let Err(mut at) = self.place(unit).map(|at| self.add_at(at, value)) else {
            return;
        };
        let full = self.0.len() >= MAX_UNITS_A_SERIES;
        let name = name(unit, full);
        // Another name than the one that was asked about has another place, and may be there.
        if *name != *unit {
            match self.place(&name) {
                Ok(there) => return self.add_at(there, value),
                Err(place) => at = place,
            }
        }
        let mut entry = Entry {
            name,
            sum: 0,
            gauge: None,
        };
        entry.add(value);
        self.0.insert(at, entry);
    }

    fn add_at(&mut self, at: usize, value: UnitValue) {
        if let Some(entry) = self.0.get_mut(at) {
            entry.add(value);
        }
    }

    /// Adds all units of another one. Both lists are in order: one pass, and names are shared.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.0.is_empty() {
            return;
        }
        for theirs in &other.0 {
            let mut shared = |_: &str, _| Arc::clone(&theirs.name);
            self.add(&theirs.name, UnitValue::Sum(theirs.sum), &mut shared);
            if let Some(gauge) = theirs.gauge {
                self.add(&theirs.name, UnitValue::Gauge(gauge), &mut shared);
            }
        }
    }

    /// Counts everything whose name is not `kept` as [`OTHER_UNIT`].
    pub(crate) fn keep_names(&mut self, kept: impl Fn(&str) -> bool) {
        let refused: Vec<Entry> = self.0.extract_if(.., |entry| !kept(&entry.name)).collect();
        let mut other = |_: &str, _| Arc::from(OTHER_UNIT);
        for entry in refused {
            self.add(OTHER_UNIT, UnitValue::Sum(entry.sum), &mut other);
            if let Some(gauge) = entry.gauge {
                self.add(OTHER_UNIT, UnitValue::Gauge(gauge), &mut other);
            }
        }
    }

    /// The names, ascending.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|entry| &entry.name)
    }

    /// Removes all units and keeps the memory for reuse.
    pub(crate) fn reset(&mut self) {
        self.0.clear();
    }

    /// Appends the entries.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            // A name is at most 64 bytes long, as every way in has made sure.
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            let tag = match value {
                UnitValue::Gauge(_) => GAUGE,
                _ => SUM,
            };
            out.extend_from_slice(&[tag, length]);
            out.extend_from_slice(name.as_bytes());
            match value {
                UnitValue::Sum(sum) => out.extend_from_slice(&sum.to_be_bytes()),
                UnitValue::Gauge(gauge) => {
                    out.extend_from_slice(&gauge.count().to_be_bytes());
                    out.extend_from_slice(&gauge.min_millionths().to_be_bytes());
                    out.extend_from_slice(&gauge.max_millionths().to_be_bytes());
                    out.extend_from_slice(&gauge.sum_millionths().to_be_bytes());
                }
                _ => {}
            }
        }
    }

    /// The entries as the column of a row holds them; `None` without any.
    pub(crate) fn column(&self) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        let mut encoded = Vec::new();
        self.encode(&mut encoded);
        Some(encoded)
    }

    /// Adds the units of any number of concatenated [encodings](Self::encode).
    ///
    /// # Errors
    ///
    /// [`SketchError::Truncated`] where it ends within an entry, [`SketchError::Corrupt`] where an entry
    /// can't be one; nothing is changed then.
    pub(crate) fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        let mut rest = encoded;
        while !rest.is_empty() {
            take(&mut rest)?;
        }
        let mut rest = encoded;
        while !rest.is_empty() {
            let (name, value) = take(&mut rest)?;
            self.add(name, value, &mut |name, _| Arc::from(name));
        }
        Ok(())
    }

    /// Bytes on the heap, without names, which are shared.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Entry>()
    }
}

/// Takes one entry off the front.
fn take<'a>(rest: &mut &'a [u8]) -> Result<(&'a str, UnitValue), SketchError> {
    let (&[tag, length], after) = rest.split_first_chunk().ok_or(SketchError::Truncated)?;
    let length = usize::from(length);
    if !(1..=MAX_UNIT_BYTES).contains(&length) {
        return Err(SketchError::Corrupt("length of a unit's name"));
    }
    let (name, mut after) = after
        .split_at_checked(length)
        .ok_or(SketchError::Truncated)?;
    let name = str::from_utf8(name).map_err(|_| SketchError::Corrupt("name of a unit"))?;
    if name.contains('\0') {
        return Err(SketchError::Corrupt("name of a unit"));
    }
    let value = match tag {
        SUM => UnitValue::Sum(u64::from_be_bytes(number(&mut after)?)),
        GAUGE => {
            let count = u64::from_be_bytes(number(&mut after)?);
            let min = i64::from_be_bytes(number(&mut after)?);
            let max = i64::from_be_bytes(number(&mut after)?);
            let sum = i128::from_be_bytes(number(&mut after)?);
            let gauge = Gauge::from_millionths(count, min, max, sum);
            UnitValue::Gauge(gauge.ok_or(SketchError::Corrupt("gauge of a unit"))?)
        }
        _ => return Err(SketchError::Corrupt("sort of a unit")),
    };
    *rest = after;
    Ok((name, value))
}

/// Takes the bytes of one number.
fn number<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], SketchError> {
    let (number, after) = rest.split_first_chunk().ok_or(SketchError::Truncated)?;
    *rest = after;
    Ok(*number)
}

impl fmt::Debug for UnitSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a> FromIterator<(&'a str, UnitValue)> for UnitSums {
    /// The sum of these. What has a name of more than 64 bytes counts as [`INVALID_UNIT`].
    fn from_iter<T: IntoIterator<Item = (&'a str, UnitValue)>>(units: T) -> Self {
        let mut sums = Self::default();
        for (name, value) in units {
            let fits = (1..=MAX_UNIT_BYTES).contains(&name.len()) && !name.contains('\0');
            let name = if fits { name } else { INVALID_UNIT };
            sums.add(name, value, &mut |name, _| Arc::from(name));
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    type Unit = (&'static str, UnitValue);

    fn gauge() -> impl Strategy<Value = UnitValue> {
        let value = prop_oneof![-1e3..1e3_f64, Just(9_007_199_254.0), Just(-0.000_001)];
        value.prop_filter_map("in range", |value| Gauge::of(value).map(UnitValue::Gauge))
    }

    fn unit() -> impl Strategy<Value = Unit> {
        let names = vec!["tokens", "credits", "score", "a", "<other>", "<invalid>"];
        let sum = prop_oneof![8 => 0..10_000_u64, 1 => Just(u64::MAX)];
        let value = prop_oneof![sum.prop_map(UnitValue::Sum), gauge()];
        (select(names), value)
    }

    fn sums(units: &[Unit]) -> UnitSums {
        units.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn an_encoding_comes_back_and_two_after_another_are_their_sum(
            one in vec(unit(), 0..20),
            other in vec(unit(), 0..20),
        ) {
            let all = sums(&[&one[..], &other[..]].concat());
            let (mut encoded, mut second) = (Vec::new(), Vec::new());
            sums(&one).encode(&mut encoded);
            sums(&other).encode(&mut second);
            let mut merged = sums(&one);
            merged.merge(&sums(&other));
            prop_assert_eq!(&merged, &all);
            let mut turned = sums(&other);
            turned.merge(&sums(&one));
            prop_assert_eq!(&turned, &all);
            let mut read = UnitSums::default();
            prop_assert_eq!(read.merge_encoded(&[second, encoded].concat()), Ok(()));
            prop_assert_eq!(&read, &all);
            let names: Vec<_> = all.names().collect();
            prop_assert!(names.is_sorted_by(|one, next| one < next));
        }

        #[test]
        fn a_cut_encoding_changes_nothing(units in vec(unit(), 1..9), cut in 1..8_usize) {
            let mut encoded = Vec::new();
            sums(&units).encode(&mut encoded);
            if encoded.is_empty() {
                return Ok(());
            }
            encoded.truncate(encoded.len() - cut.min(encoded.len() - 1));
            let before = sums(&[("tokens", UnitValue::Sum(1))]);
            let mut after = before.clone();
            if after.merge_encoded(&encoded).is_err() {
                prop_assert_eq!(after, before);
            }
        }

        #[test]
        fn what_is_not_kept_is_other_and_nothing_is_lost(units in vec(unit(), 0..30)) {
            let before = sums(&units);
            let mut after = before.clone();
            after.keep_names(|name| name == "tokens");
            prop_assert_eq!(after.sum("tokens"), before.sum("tokens"));
            let total = |units: &UnitSums| units.sums().fold(0_u64, |sum, (_, n)| sum.saturating_add(n));
            prop_assert_eq!(total(&after), total(&before));
            let seen = |units: &UnitSums| units.gauges().map(|(_, gauge)| gauge.count()).sum::<u64>();
            prop_assert_eq!(seen(&after), seen(&before));
            prop_assert!(after.names().all(|name| **name == *"tokens" || **name == *OTHER_UNIT));
        }
    }

    #[test]
    fn gauges_that_saturate_stay_readable() {
        let most =
            |at| Gauge::from_millionths(u64::MAX, at, at, i128::from(u64::MAX) * i128::from(at));
        for at in [i64::MAX, i64::MIN] {
            let units: Vec<Unit> = most(at)
                .map(|gauge| ("score", UnitValue::Gauge(gauge)))
                .into_iter()
                .cycle()
                .take(3)
                .collect();
            assert_eq!(units.len(), 3);
            let mut encoded = Vec::new();
            sums(&units).encode(&mut encoded);
            let mut again = UnitSums::default();
            assert_eq!(again.merge_encoded(&encoded), Ok(()));
            assert_eq!(again, sums(&units));
        }
    }

    #[test]
    fn bytes_that_are_no_units_are_refused() {
        let mut good = Vec::new();
        sums(&[("tokens", UnitValue::Sum(7))]).encode(&mut good);
        assert_eq!(good, b"\x00\x06tokens\x00\x00\x00\x00\x00\x00\x00\x07");
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            UnitSums::default().merge_encoded(&bad)
        };
        assert_eq!(with(0, 2), Err(SketchError::Corrupt("sort of a unit")));
        assert_eq!(
            with(1, 0),
            Err(SketchError::Corrupt("length of a unit's name"))
        );
        assert_eq!(
            with(1, 65),
            Err(SketchError::Corrupt("length of a unit's name"))
        );
        assert_eq!(with(2, 0xff), Err(SketchError::Corrupt("name of a unit")));
        assert_eq!(with(2, 0), Err(SketchError::Corrupt("name of a unit")));
        for cut in 1..good.len() {
            let read = UnitSums::default().merge_encoded(&good[..cut]);
            assert_eq!(read, Err(SketchError::Truncated), "{cut} bytes");
        }
    }
}
