//! Who made a request.

use std::{fmt, sync::Arc};

use crate::label::{MAX_API_KEY_BYTES, bounded};

/// The person or account behind a request, as the host has verified it: cheap to clone, at most 256 bytes.
///
/// Put it into the extensions of the request, before the layer, or of the response, where authentication is
/// inside of it. Use an id of yours: a log of requests keeps it in clear, so that requests of a user can be found and erased.
///
/// ```
/// use api_metrics_layer::UserId;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(UserId::from(4711));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> Self {
        Self(bounded(id, MAX_API_KEY_BYTES).into())
    }
}

impl From<String> for UserId {
    fn from(id: String) -> Self {
        Self::from(id.as_str())
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self(id.to_string().into())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({self})")
    }
}
