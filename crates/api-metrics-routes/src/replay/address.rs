//! Requests that are replayed over HTTP, into a service at an address that the host has set in code.
//!
//! Such a request is one like any other to that service, so it is counted there: under the consumer `<replay>`, where the
//! layer has the same [secret](ReplaySecret). No redirect is followed, no connection is kept, and HTTP/1.1 is spoken.

use api_metrics_layer::{REPLAY_HEADER, ReplaySecret};
use axum::{body::Body, extract::Request, response::Response};
use http::{
    HeaderValue, Uri,
    header::HOST,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// Why an address can't be replayed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayAddressError {
    /// It is no URL with a host, or has more than a path beside that.
    #[error(
        "the address must be a URL such as `http://shop.internal:8080/api`, without user, query and fragment"
    )]
    Invalid,
    /// Its scheme is another one than `http` or `https`.
    #[error("the address must begin with `http://` or `https://`")]
    Scheme,
}

/// A service that is reached over HTTP.
#[derive(Clone)]
pub(super) struct Address {
    scheme: Scheme,
    authority: Authority,
    /// What stands before each path: empty, or `/api`.
    prefix: String,
    /// The value of the header that marks a replay.
    secret: HeaderValue,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl Address {
    /// The service at `base`: a URL of a scheme, a host and possibly a path, which stands before each path.
    ///
    /// # Errors
    /// [`ReplayAddressError`] where it is none. Nothing is resolved or connected yet.
    pub(super) fn new(base: &str, secret: &ReplaySecret) -> Result<Self, ReplayAddressError> {
        let invalid = ReplayAddressError::Invalid;
        // `Uri` forgets fragments without a word.
        if base.contains('#') {
            return Err(invalid);
        }
        let uri: Uri = base.parse().map_err(|_| invalid)?;
        let scheme = uri.scheme().ok_or(invalid)?.clone();
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(ReplayAddressError::Scheme);
        }
        let authority = uri.authority().ok_or(invalid)?.clone();
        if authority.as_str().contains('@') || authority.host().is_empty() || uri.query().is_some()
        {
            return Err(invalid);
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let mut secret = HeaderValue::try_from(secret.as_str()).map_err(|_| invalid)?;
        secret.set_sensitive(true);
        let connector = HttpsConnectorBuilder::new()
            // By name: a provider that the host installs for the process must not matter, nor be needed.
            .with_provider_and_webpki_roots(tokio_rustls::rustls::crypto::ring::default_provider())
            .map_err(|_| invalid)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self {
            scheme,
            authority,
            prefix,
            secret,
            client,
        })
    }

    /// Sends a request there. `None` where no response came: nobody listens, TLS failed, the connection broke.
    pub(super) async fn call(&self, mut request: Request) -> Option<Response> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", PathAndQuery::as_str);
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
            .ok()?;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        // The client names the host of the address.
        headers.remove(HOST);
        headers.insert(REPLAY_HEADER, self.secret.clone());
        match self.client.request(request).await {
            Ok(response) => Some(response.map(Body::new)),
            Err(error) => {
                // Neither the path nor a header is part of it.
                tracing::warn!(%error, "a replay was not answered");
                None
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_path() {
        let secret = ReplaySecret::new("0123456789abcdef0123456789abcdef").unwrap();
        let of = |base: &str| Address::new(base, &secret).map(|it| it.prefix);
        assert_eq!(of("http://127.0.0.1:8080"), Ok(String::new()));
        assert_eq!(of("https://shop.internal/api/"), Ok("/api".to_owned()));
        assert_eq!(of("http://[::1]:80/"), Ok(String::new()));
        for wrong in [
            "",
            "shop.internal",
            "/api",
            "http://",
            "http://a b",
            "http://user:password@shop.internal",
            "http://shop.internal/?a=b",
            "http://shop.internal/#a",
        ] {
            assert_eq!(of(wrong), Err(ReplayAddressError::Invalid), "{wrong}");
        }
        for wrong in [
            "ftp://shop.internal",
            "file://host/etc/passwd",
            "ws://shop.internal",
        ] {
            assert_eq!(of(wrong), Err(ReplayAddressError::Scheme), "{wrong}");
        }
    }
}
