//! The trace that a request belongs to.

use http::HeaderValue;

/// What a `traceparent` header says (W3C Trace Context).
///
/// ```
/// use api_metrics_layer::TraceContext;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let trace = TraceContext::parse(header).unwrap();
/// assert_eq!(u128::from_be_bytes(trace.trace_id), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceContext {
    /// The trace, big-endian; never zero.
    pub trace_id: [u8; 16],
    /// The caller's span, big-endian; never zero.
    pub span_id: [u8; 8],
}

impl TraceContext {
    /// A trace and the caller's span; `None` where one of them is zero, which the standard forbids.
    #[must_use]
    pub fn new(trace_id: [u8; 16], span_id: [u8; 8]) -> Option<Self> {
        let valid = trace_id != [0; 16] && span_id != [0; 8];
        valid.then_some(Self { trace_id, span_id })
    }

    /// Reads a header's value. `None` where it is malformed: of the version `ff`, with capital letters, too
    /// short, or too long for version `00`.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        let mut parts = header.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let [version] = hex(version)?;
        let [_] = hex(flags)?;
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Self::new(hex(trace)?, hex(span)?)
    }

    pub(super) fn of(header: &HeaderValue) -> Option<Self> {
        Self::parse(header.to_str().ok()?)
    }
}

/// Exactly `N` bytes of lower-case hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        for &digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_contexts_name_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = "00f067aa0ba902b7";
        for good in [
            format!("00-{trace}-{span}-01"),
            format!(" 00-{trace}-{span}-00 "),
            format!("cc-{trace}-{span}-01-what-comes-later"),
        ] {
            assert!(TraceContext::parse(&good).is_some(), "{good}");
        }
        for bad in [
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-more"),
            format!("00-{trace}-{span}"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", &trace[1..]),
            String::new(),
        ] {
            assert!(TraceContext::parse(&bad).is_none(), "{bad}");
        }
    }
}
