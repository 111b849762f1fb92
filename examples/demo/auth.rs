//! The demo's own authentication, as a host would have one. What it verifies goes to the metrics as
//! an [`ApiKey`]: the consumer's name, never the secret. Consumers say for which of their users they
//! call, which goes to the log of requests as a [`UserId`].

use api_metrics::{ApiKey, Principal, Role, UserId};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The header that carries the secret.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// The header by which a consumer names its user. Without a known secret nobody is believed.
pub(crate) const USER: HeaderName = HeaderName::from_static("x-user");

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
    let name = match consumer(request.headers()) {
        Ok(None) => return next.run(request).await,
        Ok(Some(name)) => name,
        Err(refused) => return refused.into_response(),
    };
    let user = request.headers().get(&USER);
    let user = user.and_then(|value| value.to_str().ok()).map(UserId::from);
    let mut response = next.run(request).await;
    // The layer stands outside of this middleware, so it learns the consumer and its user from the response.
    response.extensions_mut().insert(ApiKey::from(name));
    if let Some(user) = user {
        response.extensions_mut().insert(user);
    }
    response
}

/// The same for the console: a consumer is a viewer of its own key. Whoever comes with none has to
/// sign in as an operator does.
pub(crate) async fn principal(mut request: Request, next: Next) -> Response {
    match consumer(request.headers()) {
        Ok(None) => {}
        Ok(Some(name)) => {
            let principal = Principal::new(name, Role::Viewer).with_key(name);
            request.extensions_mut().insert(principal);
        }
        Err(refused) => return refused.into_response(),
    }
    next.run(request).await
}

fn consumer(headers: &HeaderMap) -> Result<Option<&'static str>, (StatusCode, &'static str)> {
    let Some(secret) = headers.get(&HEADER) else {
        return Ok(None);
    };
    CONSUMERS
        .iter()
        .find(|(key, _)| secret.as_bytes() == key.as_bytes())
        .map(|(_, name)| Some(*name))
        .ok_or((StatusCode::UNAUTHORIZED, "unknown x-api-key\n"))
}
