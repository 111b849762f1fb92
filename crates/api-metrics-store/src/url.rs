//! What is wrong with a database's URL.

use std::fmt::Display;

use crate::{store::StoreError, text::without_password};

/// The error about a URL, which tells its password to nobody.
pub(crate) fn malformed(url: &str, error: impl Display) -> StoreError {
    StoreError::Url {
        url: without_password(url),
        reason: error.to_string(),
    }
}
