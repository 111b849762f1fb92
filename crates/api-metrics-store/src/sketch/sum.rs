//! Works on encoded sketches: splits them, sums them and answers quantiles without decoding them.
//!
//! Queries and folds spend most of their time here. A query over a day of minutes sums up to 1,440
//! encodings a series; decoding each into a histogram of its own would allocate 1,440 times.
//! Instead the encodings of one group are concatenated, and [`SketchMerger`] reads them in one pass
//! into one array of counters that is reused.
//!
//! | function | reads | answers |
//! |---|---|---|
//! | [`take_encoded`] | one encoding | its extent, kind, count, minimum, maximum |
//! | [`SketchMerger::sum`] | any number of encodings | the encoding of their sum |
//! | [`SketchMerger::merge`] | any number of encodings | adds them to a sketch |
//! | [`encoded_quantiles`] | one encoding | several quantiles in one pass |
//!
//! Sketches of times to headers may stand among those of latencies, see [`headers`](super::headers).
//!
//! All of them check what they read, and leave their target unchanged where the bytes are cut or
//! corrupt.

use super::{
    Inner, Sketch, SketchError, SketchKind, body_of,
    headers::{self, take_body},
    histogram::{Counters, values_at},
    peek_kind, rank_of,
};

/// One encoding and its totals.
///
/// The totals stand in the encoding only implicitly, so that they are found while it is checked.
/// Minimum and maximum are `None` for an empty sketch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoded<'a> {
    /// The whole encoding, tag byte included.
    pub bytes: &'a [u8],
    pub kind: SketchKind,
    pub count: u64,
    pub min: Option<u64>,
    pub max: Option<u64>,
}

/// Checks one encoding and takes it off the front of `input`.
///
/// # Errors
///
/// [`SketchError::UnknownKind`], [`SketchError::Truncated`] or [`SketchError::Corrupt`]; `input` is unchanged then.
pub(crate) fn take_encoded<'a>(input: &mut &'a [u8]) -> Result<Encoded<'a>, SketchError> {
    take_body(peek_kind(input)?, input)
}

/// Bytes of encodings, some hundred values, from which a pass over all counters is faster.
///
/// Below it the histogram's own form, often a short log of buckets, is cheaper than to touch 30 KB of
/// counters.
const MUCH: usize = 1_024;

/// Sums encodings, and reuses its memory from one sum to the next.
///
/// Takes 30 KB from the first sum of histograms on. Keep one per query or fold and not one per group.
#[derive(Debug, Default)]
pub(crate) struct SketchMerger(Counters);

impl SketchMerger {
    /// The encoding of the sum of zero or more encodings that follow one another: of their latencies,
    /// then of their times to headers, where they have any. For histograms it is byte for byte what
    /// merging and encoding [`Sketch`]es gives.
    ///
    /// An empty input gives the encoding of an empty sketch. A single t-digest is copied as it is.
    ///
    /// # Errors
    ///
    /// `SketchError::KindMismatch` where an encoding is of another kind, `SketchError::Truncated` or
    /// `SketchError::Corrupt` where it can't be read. The merger can be used again afterwards.
    pub(crate) fn sum(
        &mut self,
        kind: SketchKind,
        encodings: &[u8],
    ) -> Result<Vec<u8>, SketchError> {
        match self.sum_latencies(kind, encodings) {
            Err(error) if headers::is_cause(&error) => {
                let split = headers::split(kind, encodings)?;
                let mut out = self.sum_latencies(kind, &split.latencies)?;
                if !split.headers.is_empty() {
                    let sum = self.sum_latencies(kind, &split.headers)?;
                    headers::append(&sum, kind, &mut out);
                }
                Ok(out)
            }
            outcome => outcome,
        }
    }

    /// [`sum`](Self::sum) of encodings among which are none of times to headers.
    fn sum_latencies(
        &mut self,
        kind: SketchKind,
        encodings: &[u8],
    ) -> Result<Vec<u8>, SketchError> {
        let mut out = Vec::new();
        match kind {
            SketchKind::Histogram => self.0.sum(encodings, &mut out)?,
            SketchKind::TDigest => {
                let mut rest = encodings;
                if !rest.is_empty() && take_encoded(&mut rest)?.kind == kind && rest.is_empty() {
                    // Compressing what is compressed would only make it worse.
                    return Ok(encodings.to_vec());
                }
                let mut sum = Sketch::new(kind);
                sum.merge_latencies(encodings)?;
                sum.encode(&mut out);
            }
        }
        Ok(out)
    }

    /// Adds encodings to latencies and to times to headers, which begin with the first of them. Like
    /// [`Sketch::merge_encoded`], with one pass instead of two where there is much to add.
    ///
    /// # Errors
    ///
    /// As [`sum`](Self::sum); both are unchanged then.
    pub(crate) fn merge(
        &mut self,
        encodings: &[u8],
        latencies: &mut Sketch,
        times_to_headers: &mut Option<Box<Sketch>>,
    ) -> Result<(), SketchError> {
        match self.merge_latencies(encodings, latencies) {
            Err(error) if headers::is_cause(&error) => {
                let kind = latencies.kind();
                // All of it is checked here, so that nothing fails between the two.
                let split = headers::split(kind, encodings)?;
                if !split.headers.is_empty() {
                    let into = times_to_headers.get_or_insert_with(|| Box::new(Sketch::new(kind)));
                    self.merge_latencies(&split.headers, into)?;
                }
                self.merge_latencies(&split.latencies, latencies)
            }
            outcome => outcome,
        }
    }

    /// [`merge`](Self::merge) of encodings among which are none of times to headers.
    fn merge_latencies(&mut self, encodings: &[u8], into: &mut Sketch) -> Result<(), SketchError> {
        match &mut into.0 {
            Inner::Histogram(histogram) if encodings.len() >= MUCH => {
                self.0.merge(encodings, histogram)
            }
            _ => into.merge_latencies(encodings),
        }
    }
}

/// The quantiles `qs` (ascending) of one encoding, in microseconds, as [`Sketch::quantile`] returns them;
/// `None` where it is empty.
///
/// A histogram is scanned twice: once to check it and to find the count, once to find the ranks.
/// Nothing is allocated.
///
/// # Errors
///
/// `SketchError::UnknownKind`, `SketchError::Truncated` or `SketchError::Corrupt`.
pub(crate) fn encoded_quantiles<const N: usize>(
    encoded: &[u8],
    qs: [f64; N],
) -> Result<[Option<f64>; N], SketchError> {
    match peek_kind(encoded)? {
        kind @ SketchKind::Histogram => {
            let values = values_at(body_of(kind, encoded)?, |count| {
                qs.map(|q| rank_of(q, count))
            })?;
            Ok(values.map_or([None; N], |values| values.map(Some)))
        }
        SketchKind::TDigest => {
            let sketch = Sketch::decode(&mut &*encoded)?;
            Ok(qs.map(|q| sketch.quantile(q)))
        }
    }
}
