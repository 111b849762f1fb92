//! Sketches of times to headers, which stand among those of latencies.
//!
//! ```text
//! latency_sketch    1 latencies                      not kept, or no such time is known
//!                   1 latencies | 3 times to headers
//! sum of rows       1 latencies | 3 times to headers | 1 latencies | 1 latencies | 3 times to headers
//! ```
//!
//! Both are encoded alike, but for the tag byte. A row that keeps no times to headers has the bytes that
//! it would have if there were no such thing, and rows of both sorts may be mixed. Databases add rows up
//! by joining their bytes, so that encodings of both sorts come in any order.
//!
//! Whoever sums takes all encodings for latencies first. The first tag that says otherwise makes the
//! attempt fail before it has read much, and the bytes are split. A database without times to headers
//! thus pays nothing for them; one with them reads its encodings once more.

use super::{Digest, Encoded, Sketch, SketchError, SketchKind, histogram::Totals, peek_kind};

impl SketchKind {
    /// The first byte of every encoding of times to headers of this kind.
    const fn headers_code(self) -> u8 {
        match self {
            Self::Histogram => 3,
            Self::TDigest => 4,
        }
    }

    /// The kind whose encodings of times to headers begin with this byte.
    const fn from_headers_code(code: u8) -> Option<Self> {
        match code {
            3 => Some(Self::Histogram),
            4 => Some(Self::TDigest),
            _ => None,
        }
    }
}

impl Sketch {
    /// Appends the encoding of this sketch as one of times to headers.
    pub(crate) fn encode_headers(&self, out: &mut Vec<u8>) {
        let at = out.len();
        self.encode(out);
        if let Some(tag) = out.get_mut(at) {
            *tag = self.kind().headers_code();
        }
    }

    /// Takes one encoding of times to headers off the front of `input`. An empty one is never written and
    /// so can't be read.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), where another tag byte is an unknown one; `input` is unchanged then.
    pub(crate) fn decode_headers(input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut rest = *input;
        let sketch = Self::decode_body(peek_headers_kind(rest)?, &mut rest)?;
        if sketch.is_empty() {
            return Err(EMPTY);
        }
        *input = rest;
        Ok(sketch)
    }
}

/// No times to headers, which are not written.
const EMPTY: SketchError = SketchError::Corrupt("no time to headers");

/// Checks one encoding of times to headers and takes it off the front of `input`.
///
/// # Errors
///
/// As [`Sketch::decode_headers`].
pub(crate) fn take_headers<'a>(input: &mut &'a [u8]) -> Result<Encoded<'a>, SketchError> {
    let mut rest = *input;
    let encoded = take_body(peek_headers_kind(rest)?, &mut rest)?;
    if encoded.count == 0 {
        return Err(EMPTY);
    }
    *input = rest;
    Ok(encoded)
}

/// Checks one encoding of this kind, whatever its tag byte says, and takes it off the front of `input`.
///
/// # Errors
///
/// `SketchError::Truncated` or `SketchError::Corrupt`; `input` is unchanged then.
pub(super) fn take_body<'a>(
    kind: SketchKind,
    input: &mut &'a [u8],
) -> Result<Encoded<'a>, SketchError> {
    let mut rest = input.get(1..).ok_or(SketchError::Truncated)?;
    let (count, min, max) = match kind {
        SketchKind::Histogram => {
            let mut totals = Totals::default();
            rest = totals.scan(rest)?;
            let filled = |value| (totals.count > 0).then_some(value);
            (totals.count, filled(totals.min), filled(totals.max))
        }
        SketchKind::TDigest => {
            let digest = Digest::decode(&mut rest)?;
            (digest.count(), digest.min(), digest.max())
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

/// Whether encodings could not be read as latencies because one of times to headers is among them.
pub(super) const fn is_cause(error: &SketchError) -> bool {
    matches!(error, SketchError::UnknownKind(tag) if SketchKind::from_headers_code(*tag).is_some())
}

/// Encodings by what they are of, each one after another.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// Those of latencies.
    pub(super) latencies: Vec<u8>,
    /// Those of times to headers, with the tags of latencies.
    pub(super) headers: Vec<u8>,
}

/// Checks and splits encodings of this kind.
///
/// # Errors
///
/// `SketchError::KindMismatch`, `SketchError::UnknownKind`, `SketchError::Truncated` or
/// `SketchError::Corrupt`.
pub(super) fn split(expected: SketchKind, encodings: &[u8]) -> Result<Split, SketchError> {
    let mut split = Split::default();
    let mut rest = encodings;
    while let Some(&tag) = rest.first() {
        let headers = SketchKind::from_headers_code(tag);
        let found = match headers {
            Some(kind) => kind,
            None => peek_kind(rest)?,
        };
        if found != expected {
            return Err(SketchError::KindMismatch { expected, found });
        }
        let encoded = take_body(found, &mut rest)?;
        if headers.is_none() {
            split.latencies.extend_from_slice(encoded.bytes);
        } else if encoded.count == 0 {
            return Err(EMPTY);
        } else {
            split.headers.push(found.code());
            let body = encoded.bytes.get(1..).unwrap_or_default();
            split.headers.extend_from_slice(body);
        }
    }
    Ok(split)
}

/// Appends one encoding with the tag of latencies as one of times to headers.
pub(super) fn append(encoded: &[u8], kind: SketchKind, out: &mut Vec<u8>) {
    if let Some(body) = encoded.get(1..) {
        out.push(kind.headers_code());
        out.extend_from_slice(body);
    }
}

/// The kind of the encoding of times to headers at the front of `input`.
fn peek_headers_kind(input: &[u8]) -> Result<SketchKind, SketchError> {
    let &tag = input.first().ok_or(SketchError::Truncated)?;
    SketchKind::from_headers_code(tag).ok_or(SketchError::UnknownKind(tag))
}
