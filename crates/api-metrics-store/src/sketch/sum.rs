//! Works on encoded sketches: splits them, sums them and answers quantiles without decoding them.

use super::{
    Inner, Sketch, SketchError, SketchKind, body_of,
    histogram::{Counters, Totals, values_at},
    peek_kind, rank_of,
};

/// One encoding and its totals.
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
    let kind = peek_kind(input)?;
    let (count, min, max, rest) = match kind {
        SketchKind::Histogram => {
            let mut totals = Totals::default();
            let rest = totals.scan(body_of(kind, input)?)?;
            let filled = |value| (totals.count > 0).then_some(value);
            (totals.count, filled(totals.min), filled(totals.max), rest)
        }
        SketchKind::TDigest => {
            let mut rest = *input;
            let sketch = Sketch::decode(&mut rest)?;
            (sketch.count(), sketch.min(), sketch.max(), rest)
        }
    };
    let bytes = input.get(..input.len() - rest.len()).unwrap_or_default();
    *input = rest;
    Ok(Encoded {
        bytes,
        kind,
        count,
        min,
        max,
    })
}

/// Bytes of encodings, some hundred values, from which a pass over all counters is faster.
const MUCH: usize = 1_024;

/// Sums encodings, and reuses its memory from one sum to the next.
#[derive(Debug, Default)]
pub(crate) struct SketchMerger(Counters);

impl SketchMerger {
    /// The encoding of the sum of zero or more encodings that follow one another. For histograms it is
    /// byte for byte what merging and encoding [`Sketch`]es gives.
    pub(crate) fn sum(
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
                sum.merge_encoded(encodings)?;
                sum.encode(&mut out);
            }
        }
        Ok(out)
    }

    /// Like [`Sketch::merge_encoded`], with one pass instead of two where there is much to add.
    pub(crate) fn merge(&mut self, encodings: &[u8], into: &mut Sketch) -> Result<(), SketchError> {
        match &mut into.0 {
            Inner::Histogram(histogram) if encodings.len() >= MUCH => {
                self.0.merge(encodings, histogram)
            }
            _ => into.merge_encoded(encodings),
        }
    }
}

/// The quantiles `qs` (ascending) of one encoding, in microseconds, as [`Sketch::quantile`] returns them;
/// `None` where it is empty.
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
