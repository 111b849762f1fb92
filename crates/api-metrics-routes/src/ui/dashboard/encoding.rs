//! Which compression a browser takes (RFC 9110, section 12.5.3).
//!
//! Files are compressed when the dashboard is built, so serving one to a browser costs no work.

use http::{HeaderMap, header};

/// The forms that files are sent in, the smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `br`.
    Brotli,
    /// `gzip`.
    Gzip,
    /// As it is: made from the gzip for whoever takes neither.
    Identity,
}

impl Encoding {
    /// The smallest form that the request's `Accept-Encoding` admits.
    pub(super) fn of(request: &HeaderMap) -> Self {
        let admits = |name: &str| {
            request
                .get_all(header::ACCEPT_ENCODING)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|entry| {
                    let mut parts = entry.split(';').map(str::trim);
                    parts.next().is_some_and(|n| n.eq_ignore_ascii_case(name))
                        && !parts.any(is_refusal)
                })
        };
        if admits("br") {
            Self::Brotli
        } else if admits("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// The `Content-Encoding`; none for the file as it is.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// A weight of zero means "not acceptable".
fn is_refusal(parameter: &str) -> bool {
    parameter
        .strip_prefix("q=")
        .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_smallest_form_that_is_admitted_is_chosen() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            Encoding::of(&headers)
        };
        assert_eq!(of("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(of("GZIP"), Encoding::Gzip);
        assert_eq!(of("br;q=0, gzip;q=0.5"), Encoding::Gzip);
        assert_eq!(of("br; q=0.000, gzip; q=0"), Encoding::Identity);
        assert_eq!(of("deflate"), Encoding::Identity);
        assert_eq!(Encoding::of(&HeaderMap::new()), Encoding::Identity);
    }
}
