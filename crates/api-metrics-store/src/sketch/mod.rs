//! Mergeable summaries of latencies that answer quantile queries.
//!
//! A [`Sketch`] has one of two kinds, which the first byte of its encoding names:
//!
//! | kind | tag | error of a quantile | merging |
//! |---|---|---|---|
//! | [`Histogram`](SketchKind::Histogram) | 1 | at most 0.8% of the value, exact below 128 µs | addition, exact in any order |
//! | [`TDigest`](SketchKind::TDigest) | 2 | small in rank, unbounded in value where the data has gaps | approximate |
//!
//! A sketch of times to headers stands behind that of the latencies where it is kept, and has tags of its
//! own: 3 for a histogram, 4 for a t-digest. Whoever reads latencies passes over it.
//!
//! Values are whole microseconds. A quantile `q` of `n` values is the value at rank `ceil(q n)`,
//! counted from 1.
//!
//! ```
//! use api_metrics_store::sketch::{Sketch, SketchKind};
//!
//! let mut morning = Sketch::new(SketchKind::Histogram);
//! let mut evening = Sketch::new(SketchKind::Histogram);
//! (1..=500).for_each(|us| morning.record(us));
//! (501..=1_000).for_each(|us| evening.record(us));
//!
//! morning.merge(&evening)?;
//! let median = morning.quantile(0.5).unwrap_or_default();
//! assert!((median - 500.0).abs() / 500.0 < 0.008);
//! # Ok::<(), api_metrics_store::sketch::SketchError>(())
//! ```
//!
//! # Choosing a kind
//!
//! The histogram is right for almost everybody: its error is bounded in value, and merging in any
//! order, over any range and grouping, gives the same bytes. The t-digest has less bytes where
//! latencies spread over many octaves, and no bound: with half of the values at 1 ms and half at 1 s,
//! its median may be anything in between.
//!
//! # Cost
//!
//! | | histogram | t-digest |
//! |---|---|---|
//! | record | a shift and an increment | a push; every 512th value compresses |
//! | heap, empty | none | one box |
//! | heap, at most | 3,776 counters of 8 bytes: 30 KB | 200 centroids and 512 pending values: about 8 KB |
//! | quantile | one pass over the counters | one pass over the centroids after a compression |
//! | merge | one pass over the encoding | a sort of all centroids |
//!
//! Nothing in here is shared between threads: a sketch is a plain value.

mod digest;
mod headers;
mod histogram;
mod sum;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    headers::take_headers,
    sum::{Encoded, SketchMerger, encoded_quantiles, take_encoded},
};
use std::{fmt, str::FromStr};

use self::{digest::Digest, histogram::Histogram};

/// How latencies are summarised. The kind belongs to a database and is fixed when it is created.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SketchKind {
    /// A log-linear histogram, 64 sub-buckets an octave: merging is exact.
    #[default]
    Histogram,
    /// A t-digest of compression 200 (Dunning and Ertl, "Computing extremely accurate quantiles
    /// using t-digests", 2019).
    TDigest,
}

impl SketchKind {
    /// The first byte of every encoding of this kind.
    #[must_use]
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Histogram => 1,
            Self::TDigest => 2,
        }
    }

    /// The kind with that tag byte.
    #[must_use]
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Histogram),
            2 => Some(Self::TDigest),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Histogram => "histogram",
            Self::TDigest => "tdigest",
        }
    }
}

impl From<SketchKind> for &'static str {
    /// The name used in settings: `histogram` or `tdigest`.
    fn from(kind: SketchKind) -> Self {
        kind.as_str()
    }
}

impl fmt::Display for SketchKind {
    /// The name used in settings: `histogram` or `tdigest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SketchKind {
    type Err = SketchError;

    /// Reads the name used in settings.
    ///
    /// # Errors
    /// [`SketchError::UnknownName`] where it is neither `histogram` nor `tdigest`.
    fn from_str(name: &str) -> Result<Self, SketchError> {
        [Self::Histogram, Self::TDigest]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| SketchError::UnknownName(name.to_owned()))
    }
}

/// The reason why two sketches, or two buckets, can't be merged, or bytes can't be decoded as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SketchError {
    /// The two sketches are of different kinds, so that they can't be merged exactly.
    #[error("a {found} sketch can't be merged into a {expected} sketch")]
    KindMismatch {
        /// The kind of the sketch that was merged into.
        expected: SketchKind,
        /// The kind of the other sketch.
        found: SketchKind,
    },
    /// The version of a bucket's encoding is unknown to this library.
    #[error("unknown bucket version {0}")]
    UnknownVersion(u8),
    /// The first byte names no known kind.
    #[error("unknown sketch kind {0}")]
    UnknownKind(u8),
    /// No kind has this name.
    #[error("`{0}` is neither `histogram` nor `tdigest`")]
    UnknownName(String),
    /// The encoding ends too early.
    #[error("the encoding is cut short")]
    Truncated,
    /// The encoding contradicts itself in the named field.
    #[error("the encoding is corrupt: {0}")]
    Corrupt(&'static str),
}

/// The greatest value that a histogram counts together with this one, at most 1.6% above: what lies within it is counted
/// exactly by [`Sketch::count_up_to`].
#[cfg(feature = "control")]
pub(crate) const fn edge_above(value_us: u64) -> u64 {
    let (low, extent) = histogram::bounds_of(histogram::bucket_of(value_us));
    low + extent
}

/// A mergeable summary of latencies in whole microseconds. See the [module](self).
///
/// Counts saturate at `u64::MAX`. Two sketches are equal if they answer every query alike, however they were
/// filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch(Inner);

#[derive(Debug, Clone, PartialEq)]
enum Inner {
    Histogram(Histogram),
    Digest(Box<Digest>),
}

impl Sketch {
    /// An empty sketch; allocates nothing for [`SketchKind::Histogram`].
    #[must_use]
    pub fn new(kind: SketchKind) -> Self {
        Self(match kind {
            SketchKind::Histogram => Inner::Histogram(Histogram::default()),
            SketchKind::TDigest => Inner::Digest(Box::default()),
        })
    }

    /// The kind of sketch.
    pub(crate) const fn kind(&self) -> SketchKind {
        match &self.0 {
            Inner::Histogram(_) => SketchKind::Histogram,
            Inner::Digest(_) => SketchKind::TDigest,
        }
    }

    /// Adds one value in microseconds.
    #[inline]
    pub fn record(&mut self, value_us: u64) {
        match &mut self.0 {
            Inner::Histogram(histogram) => histogram.record(value_us),
            Inner::Digest(digest) => digest.record(value_us),
        }
    }

    /// Adds many values in microseconds.
    pub(crate) fn record_all(&mut self, values_us: &[u32]) {
        match &mut self.0 {
            Inner::Histogram(histogram) => histogram.record_all(values_us),
            Inner::Digest(digest) => {
                values_us
                    .iter()
                    .for_each(|&us| digest.record(u64::from(us)));
            }
        }
    }

    /// Adds values in microseconds, each as often as it says.
    pub(crate) fn record_pairs(&mut self, pairs: &[(u64, u64)]) {
        match &mut self.0 {
            Inner::Histogram(histogram) => histogram.record_pairs(pairs),
            Inner::Digest(digest) => digest.record_pairs(pairs),
        }
    }

    /// Adds all values of another sketch.
    ///
    /// # Errors
    ///
    /// [`SketchError::KindMismatch`] if the kinds differ, even where one is empty; nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        match (&mut self.0, &other.0) {
            (Inner::Histogram(into), Inner::Histogram(from)) => into.merge(from),
            (Inner::Digest(into), Inner::Digest(from)) => into.merge(from),
            _ => {
                return Err(SketchError::KindMismatch {
                    expected: self.kind(),
                    found: other.kind(),
                });
            }
        }
        Ok(())
    }

    /// Adds the values of zero or more concatenated encodings, such as `string_agg` over a `bytea` column
    /// returns. Cheaper than decoding each of them. Sketches of times to headers, which may stand among
    /// them, are checked and left out.
    ///
    /// # Errors
    ///
    /// [`SketchError::UnknownKind`], [`SketchError::Truncated`] or [`SketchError::Corrupt`] as
    /// [`decode`](Self::decode), and [`SketchError::KindMismatch`] if a kind differs; nothing is changed then.
    pub fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        match self.merge_latencies(encoded) {
            Err(error) if headers::is_cause(&error) => {
                let split = headers::split(self.kind(), encoded)?;
                self.merge_latencies(&split.latencies)
            }
            outcome => outcome,
        }
    }

    /// [`merge_encoded`](Self::merge_encoded) of encodings among which are none of times to headers.
    ///
    /// # Errors
    ///
    /// As there, and `SketchError::UnknownKind` for the tag of such a one; nothing is changed then.
    fn merge_latencies(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        match &mut self.0 {
            Inner::Histogram(histogram) => histogram.merge_encoded(encoded),
            Inner::Digest(digest) => digest.merge_encoded(encoded),
        }
    }

    /// The buckets of a histogram that count something, ascending, for databases that add them up themselves; `None` for
    /// a t-digest.
    pub(crate) fn bins(&self) -> Option<Vec<(u16, u64)>> {
        match &self.0 {
            Inner::Histogram(histogram) => Some(histogram.bins()),
            Inner::Digest(_) => None,
        }
    }

    /// The histogram of these buckets, which lie from `min_us` to `max_us`.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    pub(crate) fn of_bins(bins: Vec<(u16, u64)>, min_us: u64, max_us: u64) -> Self {
        Self(Inner::Histogram(Histogram::of_bins(bins, min_us, max_us)))
    }

    /// The number of values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        match &self.0 {
            Inner::Histogram(histogram) => histogram.count(),
            Inner::Digest(digest) => digest.count(),
        }
    }

    /// The least value in microseconds, exact; `None` for an empty sketch.
    #[must_use]
    pub(crate) const fn min(&self) -> Option<u64> {
        match &self.0 {
            Inner::Histogram(histogram) => histogram.min(),
            Inner::Digest(digest) => digest.min(),
        }
    }

    /// The greatest value in microseconds, exact; `None` for an empty sketch.
    #[must_use]
    pub(crate) const fn max(&self) -> Option<u64> {
        match &self.0 {
            Inner::Histogram(histogram) => histogram.max(),
            Inner::Digest(digest) => digest.max(),
        }
    }

    /// Whether it holds no value.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The value in microseconds at rank `ceil(q n)`, with `q` clamped to 0..=1; `None` for an empty sketch and
    /// for a NaN. It never decreases as `q` grows, lies within min..=max, and is exact for one value.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 || q.is_nan() {
            return None;
        }
        let rank = rank_of(q, count);
        match &self.0 {
            Inner::Histogram(histogram) => histogram.value_at(rank),
            Inner::Digest(digest) => digest.value_at(rank),
        }
    }

    /// The same of the values that are here and not in `part`, which must be a part of this sketch: what everybody
    /// else has seen. Exact to a histogram's bucket, as [`quantile`](Self::quantile) is; `None` where nothing is left,
    /// and for a t-digest, from which nothing can be taken away.
    ///
    /// ```
    /// use api_metrics_store::sketch::{Sketch, SketchKind};
    ///
    /// let mut all = Sketch::new(SketchKind::Histogram);
    /// let mut mine = Sketch::new(SketchKind::Histogram);
    /// [10, 20, 900].map(|us| all.record(us));
    /// mine.record(900);
    /// assert_eq!(all.quantile_without(&mine, 1.0), Some(20.0));
    /// assert_eq!(all.quantile_without(&all, 0.5), None);
    /// ```
    #[must_use]
    #[doc(hidden)]
    pub fn quantile_without(&self, part: &Self, q: f64) -> Option<f64> {
        match (&self.0, &part.0) {
            (Inner::Histogram(all), Inner::Histogram(part)) if !q.is_nan() => {
                all.quantile_without(part, |count| rank_of(q, count))
            }
            _ => None,
        }
    }

    /// How many values are at most `value_us`. Of a histogram, the bucket that holds `value_us` counts as a whole, so
    /// that the answer is that of a value at most 1.6% above, always the same one: a count that has grown since is
    /// never less. Of a t-digest it is an estimate.
    ///
    /// ```
    /// use api_metrics_store::sketch::{Sketch, SketchKind};
    ///
    /// let mut sketch = Sketch::new(SketchKind::Histogram);
    /// [1_000, 2_000, 70_000].map(|us| sketch.record(us));
    /// assert_eq!(sketch.count_up_to(5_000), 2);
    /// ```
    #[must_use]
    pub fn count_up_to(&self, value_us: u64) -> u64 {
        match &self.0 {
            Inner::Histogram(histogram) => histogram.count_up_to(value_us),
            Inner::Digest(digest) => digest.count_up_to(value_us),
        }
    }

    /// Appends the encoding: the tag byte, then self-delimiting varints. It takes about one byte per distinct
    /// value in the usual sparse case, and at most about 12 KB for a histogram of realistic counts and 2.5 KB
    /// for a t-digest.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind().code());
        match &self.0 {
            Inner::Histogram(histogram) => histogram.encode(out),
            Inner::Digest(digest) => digest.encode(out),
        }
    }

    /// Takes one encoding off the front of `input`. Allocates at most 32 KB, whatever the bytes claim.
    ///
    /// # Errors
    ///
    /// [`SketchError::UnknownKind`] for an unknown tag byte, [`SketchError::Truncated`] where the input ends too
    /// early, [`SketchError::Corrupt`] where it contradicts itself; `input` is unchanged then.
    pub fn decode(input: &mut &[u8]) -> Result<Self, SketchError> {
        Self::decode_body(peek_kind(input)?, input)
    }

    /// [`decode`](Self::decode) of an encoding of this kind, whatever its tag byte says.
    fn decode_body(kind: SketchKind, input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut rest = input.get(1..).unwrap_or_default();
        let sketch = Self(match kind {
            SketchKind::Histogram => Inner::Histogram(Histogram::decode(&mut rest)?),
            SketchKind::TDigest => Inner::Digest(Box::new(Digest::decode(&mut rest)?)),
        });
        *input = rest;
        Ok(sketch)
    }

    /// Removes all values and keeps the memory for reuse.
    pub(crate) fn reset(&mut self) {
        match &mut self.0 {
            Inner::Histogram(histogram) => histogram.reset(),
            Inner::Digest(digest) => digest.reset(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.0 {
            Inner::Histogram(histogram) => histogram.heap_bytes(),
            Inner::Digest(digest) => size_of::<Digest>() + digest.heap_bytes(),
        }
    }
}

/// The rank of quantile `q` among `count` values.
fn rank_of(q: f64, count: u64) -> u64 {
    // Both conversions saturate; the clamp corrects what f64's 53 bits lose.
    ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count)
}

/// The bytes after the tag byte of an encoding, which must be of this kind.
fn body_of(expected: SketchKind, input: &[u8]) -> Result<&[u8], SketchError> {
    let found = peek_kind(input)?;
    if found != expected {
        return Err(SketchError::KindMismatch { expected, found });
    }
    Ok(input.get(1..).unwrap_or_default())
}

/// The kind of the encoding at the front of `input`.
fn peek_kind(input: &[u8]) -> Result<SketchKind, SketchError> {
    let &tag = input.first().ok_or(SketchError::Truncated)?;
    SketchKind::from_code(tag).ok_or(SketchError::UnknownKind(tag))
}
