//! A receiver of webhooks, as an operator would write one: it checks the signature before it
//! believes a word.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc::UnboundedSender;

/// A delivery that is older may have been recorded and sent again by somebody else.
const OLDEST: Duration = Duration::from_secs(300);

#[derive(Clone)]
struct Receiver {
    secret: &'static str,
    messages: UnboundedSender<Value>,
}

/// `POST /hook`; what is genuine goes into `messages`.
pub(crate) fn router(secret: &'static str, messages: UnboundedSender<Value>) -> Router {
    Router::new()
        .route("/hook", post(receive))
        .with_state(Receiver { secret, messages })
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    if !is_genuine(receiver.secret, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, "the signature is wrong or old\n");
    }
    let Ok(notice) = serde_json::from_slice(&body) else {
        return (StatusCode::BAD_REQUEST, "this is no JSON\n");
    };
    // A real receiver remembers `webhook-id` and takes each one once.
    let _ = receiver.messages.send(notice);
    (StatusCode::NO_CONTENT, "")
}

/// Standard Webhooks: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
fn is_genuine(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signature)) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    ) else {
        return false;
    };
    let sent = timestamp
        .parse()
        .map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    let fresh = sent.is_ok_and(|sent| match SystemTime::now().duration_since(sent) {
        Ok(age) => age < OLDEST,
        Err(ahead) => ahead.duration() < OLDEST,
    });
    let signature = signature
        .strip_prefix("v1,")
        .and_then(|text| STANDARD.decode(text).ok());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    // Compares in constant time.
    fresh && signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
}
