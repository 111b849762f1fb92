//! Browser sessions: signed, stateless, the same for all instances.
//!
//! A session is a cookie that holds its end, a nonce and a signature (HMAC-SHA256 by a key that is
//! bound to the admin token). No instance remembers any, so all take it, and another token ends
//! them all. One that was signed out is [remembered](super::EndedSessions) until it is over.
//!
//! Writes of a session also need its CSRF token, which a second cookie hands to our own scripts.

use api_metrics_store::time::UnixSeconds;
use http::{HeaderMap, HeaderValue, header};

use super::{
    secret::{bytes, hash, keyed_hash, random, same, text},
    sign_in::TokenKeys,
};

/// Holds the session; scripts can't read it.
pub(crate) const SESSION_COOKIE: &str = "api_metrics_session";
/// Holds the CSRF token; our own scripts read it and send it back as a header.
const CSRF_COOKIE: &str = "api_metrics_csrf";
/// The header of the CSRF token.
const CSRF_HEADER: &str = "x-csrf-token";

/// How long a session lasts: 12 hours.
const LIFETIME_SECONDS: i64 = 12 * 3_600;

/// A session that was signed by this admin and is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The value of its cookie.
    pub(crate) cookie: String,
    /// What a write has to carry.
    pub(crate) csrf: String,
    /// When it ends.
    pub(crate) expires_at: UnixSeconds,
}

impl Session {
    /// A new session that begins now.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub(crate) fn start(keys: &TokenKeys, now: UnixSeconds) -> Result<Self, getrandom::Error> {
        let nonce = text(&random()?);
        Ok(Self::sign(
            keys,
            now.saturating_add(LIFETIME_SECONDS),
            &nonce,
        ))
    }

    /// The session of this end and nonce.
    fn sign(keys: &TokenKeys, expires_at: UnixSeconds, nonce: &str) -> Self {
        let body = format!("{expires_at}.{nonce}");
        let mac = text(&keyed_hash(&keys.session_key, "cookie", body.as_bytes()));
        Self {
            csrf: text(&keyed_hash(&keys.session_key, "csrf", body.as_bytes())),
            cookie: format!("{body}.{mac}"),
            expires_at,
        }
    }

    /// The session of a request's cookies.
    pub(crate) fn of(headers: &HeaderMap, keys: &TokenKeys, now: UnixSeconds) -> Option<Self> {
        cookies(headers)
            .filter(|(name, _)| *name == SESSION_COOKIE)
            .find_map(|(_, value)| Self::read(value, keys, now))
    }

    /// The session of a cookie's value, where its signature is ours and it is not over.
    fn read(cookie: &str, keys: &TokenKeys, now: UnixSeconds) -> Option<Self> {
        let mut parts = cookie.splitn(3, '.');
        let (expires_at, nonce, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_at: UnixSeconds = expires_at.parse().ok()?;
        let session = Self::sign(keys, expires_at, nonce);
        let right = bytes(session.cookie.rsplit('.').next()?)?;
        (same(&bytes(mac)?, &right) && now < expires_at).then_some(session)
    }

    /// What it is remembered by once it is signed out: a hash, which opens nothing.
    pub(crate) fn id(&self) -> String {
        text(&hash(self.cookie.as_bytes()))
    }

    /// Whether a write carries this session's CSRF token.
    pub(crate) fn admits_write(&self, headers: &HeaderMap) -> bool {
        headers
            .get(CSRF_HEADER)
            .is_some_and(|sent| same(sent.as_bytes(), self.csrf.as_bytes()))
    }

    /// The two `Set-Cookie` values that start it. There is no `Path`: browsers then take the
    /// folder of the sign-in's own URL, which is the mount point as they see it, whatever proxies
    /// have rewritten.
    pub(crate) fn set_cookies(&self, secure: bool) -> [Option<HeaderValue>; 2] {
        [
            cookie(SESSION_COOKIE, &self.cookie, LIFETIME_SECONDS, true, secure),
            cookie(CSRF_COOKIE, &self.csrf, LIFETIME_SECONDS, false, secure),
        ]
    }

    /// The two `Set-Cookie` values that end any session.
    pub(crate) fn clear_cookies(secure: bool) -> [Option<HeaderValue>; 2] {
        [
            cookie(SESSION_COOKIE, "", 0, true, secure),
            cookie(CSRF_COOKIE, "", 0, false, secure),
        ]
    }
}

/// One `Set-Cookie` value.
fn cookie(
    name: &str,
    value: &str,
    max_age: i64,
    http_only: bool,
    secure: bool,
) -> Option<HeaderValue> {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!(
        "{name}={value}; Max-Age={max_age}; SameSite=Lax{http_only}{secure}"
    ))
    .ok()
}

/// The cookies of a request, by name and value.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}
