//! The demo's own authentication, as a host would have one. What it verifies goes to the metrics as
//! an [`ApiKey`]: the consumer's name, never the secret.

use api_metrics::ApiKey;
use axum::{
    extract::Request,
    http::{HeaderName, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The header that carries the secret.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Known secrets and whose they are. A real service keeps hashes of them in its database.
pub(crate) const CONSUMERS: [(&str, &str); 4] = [
    ("demo-key-mobile", "mobile-app"),
    ("demo-key-render", "render-farm"),
    ("demo-key-partner", "partner-sync"),
    ("demo-key-reports", "nightly-reports"),
];

/// Without a key a request is anonymous, with a known one it is its consumer's, with any other it is
/// refused.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let Some(secret) = request.headers().get(&HEADER) else {
        return next.run(request).await;
    };
    let known = CONSUMERS
        .iter()
        .find(|(key, _)| secret.as_bytes() == key.as_bytes());
    let Some((_, name)) = known else {
        return (StatusCode::UNAUTHORIZED, "unknown x-api-key\n").into_response();
    };
    let mut response = next.run(request).await;
    // The layer stands outside of this middleware, so it learns the consumer from the response.
    response.extensions_mut().insert(ApiKey::from(*name));
    response
}
