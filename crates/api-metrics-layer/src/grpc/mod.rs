//! gRPC: the outcome is in `grpc-status`, the method in the path.

mod call;
mod frames;
mod methods;
mod timeout;

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};

pub(crate) use self::{call::Call, methods::Methods};

pub(crate) const UNIMPLEMENTED: u16 = 12;
/// What an absent or unreadable status means to a client.
pub(crate) const UNKNOWN: u16 = 2;

/// The flavour of gRPC that a message's `content-type` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// The status stands in the headers or the trailers.
    Grpc,
    /// grpc-web: the status may also stand in the last frame of the body.
    Web,
    /// grpc-web whose body is base64.
    WebText,
}

impl Flavour {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(CONTENT_TYPE)?)
    }

    /// `application/grpc`, `application/grpc+proto`, `application/grpc-web-text;charset=utf-8`; a
    /// media type is case-insensitive (RFC 9110, 8.3.1).
    fn parse(content_type: &HeaderValue) -> Option<Self> {
        const PREFIX: &[u8] = b"application/grpc";
        let rest = after(content_type.as_bytes(), PREFIX)?;
        if ends(rest) {
            return Some(Self::Grpc);
        }
        let rest = after(rest, b"-web")?;
        if ends(rest) {
            return Some(Self::Web);
        }
        ends(after(rest, b"-text")?).then_some(Self::WebText)
    }
}

/// Whether the name of the subtype ends here.
const fn ends(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

/// What comes after `name`, in whatever case it is written.
fn after<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// The code in `grpc-status`; [`UNKNOWN`] if it can't be read.
pub(crate) fn code_in(headers: &HeaderMap) -> Option<u16> {
    let value = headers.get("grpc-status")?;
    Some(read_code(value.as_bytes()))
}

/// A code in decimal digits; [`UNKNOWN`] if it can't be read.
fn read_code(text: &[u8]) -> u16 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.trim().parse().unwrap_or(UNKNOWN)
}

/// The HTTP equivalent of a gRPC code, as `google.rpc.Code` defines it.
pub(crate) const fn http_equivalent(code: u16) -> u16 {
    match code {
        0 => 200,
        1 => 499,          // CANCELLED
        3 | 9 | 11 => 400, // INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE
        4 => 504,          // DEADLINE_EXCEEDED
        5 => 404,          // NOT_FOUND
        6 | 10 => 409,     // ALREADY_EXISTS, ABORTED
        7 => 403,          // PERMISSION_DENIED
        8 => 429,          // RESOURCE_EXHAUSTED
        UNIMPLEMENTED => 501,
        14 => 503, // UNAVAILABLE
        16 => 401, // UNAUTHENTICATED
        _ => 500,  // UNKNOWN, INTERNAL, DATA_LOSS and codes yet to come
    }
}

/// Whether a status shows that the method ran.
///
/// Interceptors, authentication, rate limits and overload protection answer any path, with any code, but in
/// the head alone. They have nothing to send trailers after. UNIMPLEMENTED says that there is no such method.
pub(crate) const fn shows_method(code: Option<u16>, in_trailers: bool) -> bool {
    match code {
        Some(0) => true,
        Some(UNIMPLEMENTED) | None => false,
        Some(_) => in_trailers,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn flavour(content_type: &str) -> Option<Flavour> {
        Flavour::parse(&HeaderValue::from_str(content_type).unwrap())
    }

    #[test]
    fn the_content_type_tells_grpc_from_grpc_web_and_from_its_lookalikes() {
        assert_eq!(flavour("application/grpc"), Some(Flavour::Grpc));
        assert_eq!(flavour("Application/gRPC+proto"), Some(Flavour::Grpc));
        assert_eq!(flavour("application/grpc; charset=x"), Some(Flavour::Grpc));
        assert_eq!(flavour("application/grpc-web+proto"), Some(Flavour::Web));
        assert_eq!(
            flavour("application/grpc-web-text;charset=utf-8"),
            Some(Flavour::WebText)
        );
        assert_eq!(flavour("application/grpc-website"), None);
        assert_eq!(flavour("application/grpc-json"), None);
        assert_eq!(flavour("application/grpcish"), None);
        assert_eq!(flavour("application/json"), None);
        assert_eq!(flavour("app"), None);
    }

    #[test]
    fn every_code_has_the_http_status_of_google_rpc_code() {
        let expected = [
            200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
        ];
        for (code, status) in expected.into_iter().enumerate() {
            assert_eq!(http_equivalent(u16::try_from(code).unwrap()), status);
        }
        assert_eq!(http_equivalent(17), 500);
    }

    #[test]
    fn an_unreadable_status_is_unknown_and_an_absent_one_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(code_in(&headers), None);
        headers.insert("grpc-status", HeaderValue::from_static("16"));
        assert_eq!(code_in(&headers), Some(16));
        headers.insert("grpc-status", HeaderValue::from_static("ok"));
        assert_eq!(code_in(&headers), Some(UNKNOWN));
        headers.insert("grpc-status", HeaderValue::from_static("-1"));
        assert_eq!(code_in(&headers), Some(UNKNOWN));
    }

    #[test]
    fn only_ok_and_a_status_in_trailers_show_that_a_method_ran() {
        assert!(shows_method(Some(0), false));
        assert!(!shows_method(None, false));
        for code in 1..17 {
            assert!(!shows_method(Some(code), false), "code {code} in the head");
            let expected = code != UNIMPLEMENTED;
            assert_eq!(shows_method(Some(code), true), expected, "code {code}");
        }
    }
}
