//! Signatures, as Standard Webhooks 1.0 has them.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Hidden, endpoint::WebhookError};

/// The key of signatures.
#[derive(Clone)]
pub(super) struct Secret(Vec<u8>);

impl Secret {
    pub(super) fn parse(text: &str) -> Result<Self, WebhookError> {
        let key = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map_err(|_| WebhookError::Secret("what follows `whsec_` is no Base64"))?,
            None => text.as_bytes().to_vec(),
        };
        if key.is_empty() {
            return Err(WebhookError::Secret("it is empty"));
        }
        Ok(Self(key))
    }

    /// The value of `webhook-signature`.
    pub(super) fn signature(&self, id: &str, timestamp: u64, body: &str) -> String {
        // HMAC takes keys of any length (RFC 2104).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&Hidden).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_there() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            secret.signature(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert!(!format!("{secret:?}").contains("49"));
    }

    #[test]
    fn text_is_a_key_and_nothing_is_not() {
        assert_ne!(
            Secret::parse("a").unwrap().signature("i", 1, "b"),
            Secret::parse("b").unwrap().signature("i", 1, "b")
        );
        assert!(Secret::parse("").is_err());
        assert!(Secret::parse("whsec_").is_err());
        assert!(Secret::parse("whsec_!").is_err());
    }
}
