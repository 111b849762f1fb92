//! Sketches that stay encoded: taken apart, summed and asked without being built.

use super::{
    Inner, Sketch, SketchError, SketchKind, body_of,
    histogram::{Counters, Totals, values_at},
    peek_kind, rank_of,
};

/// One encoding and what it says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoded<'a> {
    /// The whole of it, the tag byte included.
    pub bytes: &'a [u8],
    pub kind: SketchKind,
    pub count: u64,
    pub min: Option<u64>,
    pub max: Option<u64>,
}

/// Takes one encoding off the front of `input` after checking it, which is left where it was if it is none.
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

/// So many bytes of encodings, some hundred values, are worth a look at all counters.
const MUCH: usize = 1_024;

/// Sums encodings, with memory that lasts from one sum to the next.
#[derive(Debug, Default)]
pub(crate) struct Sums(Counters);

impl Sums {
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

    /// As [`Sketch::merge_encoded`], in one pass instead of two where there is much to add.
    pub(crate) fn merge(&mut self, encodings: &[u8], into: &mut Sketch) -> Result<(), SketchError> {
        match &mut into.0 {
            Inner::Histogram(histogram) if encodings.len() >= MUCH => {
                self.0.merge(encodings, histogram)
            }
            _ => into.merge_encoded(encodings),
        }
    }
}

/// The quantiles `qs` (ascending) of one encoding, in microseconds, as [`Sketch::quantile`] answers; `None`
/// where it is empty.
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
