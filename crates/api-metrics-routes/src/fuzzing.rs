//! Checks of everything that is read from a caller's text, for the fuzzer. Not part of the public API: it
//! may change or go in any release.
//!
//! Each function takes arbitrary bytes and panics where a promise about them is broken.

use api_metrics_store::calendar::Tz;
use api_metrics_store::query::{Filter, TimeRange};
use http::Uri;

use crate::{
    request::{Context, Cursor, Limit, Params, QueryParams as _, question, take_step},
    response::Problem,
};

/// 2026-03-10T12:00:00Z
const NOW: i64 = 1_773_144_000;

/// A query string: it is read, or refused as the caller's mistake.
pub fn query_string(data: &[u8]) {
    let Some(uri) = uri(data) else { return };
    let refused = |problem: Problem| {
        assert_eq!(problem.status().as_u16(), 400, "{}", problem.detail());
        assert!(problem.detail().len() < 2_000, "{}", problem.detail());
    };
    let mut params = match Params::from_uri(&uri) {
        Ok(params) => params,
        Err(problem) => return refused(problem),
    };
    let name = question("fuzz", &params);
    let context = Context::at(NOW);
    let range = match TimeRange::take(&mut params, &context) {
        Ok(range) => {
            assert!(range.from < range.to, "{range:?}");
            range
        }
        Err(problem) => return refused(problem),
    };
    match Limit::<100>::take(&mut params, &context) {
        Ok(limit) => assert!((1..=1_000).contains(&limit.rows())),
        Err(problem) => return refused(problem),
    }
    match Filter::take(&mut params, &context) {
        Ok(filter) => {
            for text in [&filter.service, &filter.environment, &filter.endpoint] {
                let held = text.as_deref().unwrap_or("x");
                assert!(!held.is_empty() && !held.contains('\0'));
                assert!(held.len() <= 1_024);
            }
        }
        Err(problem) => return refused(problem),
    }
    if let Err(problem) = take_step(&mut params, range) {
        return refused(problem);
    }
    if let Err(problem) = Tz::take(&mut params, &context) {
        return refused(problem);
    }
    match Cursor::<(u64, String)>::take(&mut params, &name) {
        Ok(cursor) => {
            if let Some(cursor) = cursor {
                comes_back(&cursor, &name);
            }
        }
        Err(problem) => return refused(problem),
    }
    if let Err(problem) = params.finish() {
        refused(problem);
    }
}

/// A cursor: ours comes back as it was, and any other text is refused as the caller's mistake.
pub fn cursor(data: &[u8]) {
    let name = "abcdefghijkl";
    if let Ok(text) = std::str::from_utf8(data) {
        let pairs = vec![("cursor".to_owned(), text.to_owned())];
        if let Ok(mut params) = Params::from_pairs(pairs) {
            match Cursor::<(u64, String)>::take(&mut params, name) {
                Ok(Some(cursor)) => comes_back(&cursor, name),
                Ok(None) => {}
                Err(problem) => assert_eq!(problem.status().as_u16(), 400),
            }
        }
    }
    // One of ours whose last row holds any text.
    let text = String::from_utf8_lossy(data).into_owned();
    let rank = data.iter().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    });
    let ours = Cursor::new(name, TimeRange::new(NOW - 3_600, NOW), (rank, text));
    if ours.encode().len() <= 4_096 {
        comes_back(&ours, name);
    }
}

fn comes_back(cursor: &Cursor<(u64, String)>, name: &str) {
    let take = |name: &str| {
        let pairs = vec![("cursor".to_owned(), cursor.encode())];
        let mut params = Params::from_pairs(pairs).ok()?;
        Cursor::take(&mut params, name).ok().flatten()
    };
    assert_eq!(take(name).as_ref(), Some(cursor), "it comes back");
    assert_eq!(take("another"), None, "it is of one question");
}

/// A JSON Web Token: nothing that was not signed is taken, and what was signed is taken as it says.
#[cfg(feature = "jwt")]
pub fn jwt(data: &[u8]) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    use crate::{Role, auth::Jwt};

    const SECRET: &[u8] = b"a secret of more than 32 bytes for the fuzzer";
    let Ok(jwt) = Jwt::hs256(SECRET, "issuer", "audience") else {
        return;
    };
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(jwt.principal(text, NOW).is_none(), "nobody signed {text}");
    }
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(data));
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET) else {
        return;
    };
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let token = format!("{signed}.{signature}");
    if let Some((principal, ends_at)) = jwt.principal(&token, NOW) {
        assert!(ends_at > NOW, "it has ended");
        let claims: Option<serde_json::Value> = serde_json::from_slice(data).ok();
        let text = |name| {
            claims
                .as_ref()
                .and_then(|c| c.get(name))
                .and_then(|v| v.as_str())
        };
        assert_eq!(Some(principal.subject()), text("sub"));
        assert_eq!(
            Some(principal.role()),
            text("role").and_then(Role::from_name)
        );
        assert_eq!(principal.tenant(), text("tenant"));
        // The same under another key is nobody's.
        let other = Jwt::hs256(
            b"another secret of more than 32 bytes",
            "issuer",
            "audience",
        );
        assert!(other.is_ok_and(|other| other.principal(&token, NOW).is_none()));
    }
}

/// A request's URI with this query string, as far as it can be one.
fn uri(data: &[u8]) -> Option<Uri> {
    Uri::try_from([b"/?", data].concat()).ok()
}

/// The body of an exporter of metrics: what is accepted can be counted.
#[cfg(feature = "otlp")]
pub fn otlp(data: &[u8]) {
    crate::ingest::fuzz_otlp(data, NOW);
}

/// The body of a report: nothing of it is more than its bounds, and what is accepted can be counted.
#[cfg(feature = "ingest")]
pub fn report(data: &[u8]) {
    crate::ingest::fuzz(data, NOW);
}
