//! What ClickHouse's refusals mean for a store.

use std::time::Duration;

use api_metrics_store::store::StoreError;
use clickhouse::error::Error;

/// Codes of errors that another try may mend, by ClickHouse's own numbers.
const PASSING: [u32; 19] = [
    3,   // UNEXPECTED_END_OF_FILE
    32,  // ATTEMPT_TO_READ_AFTER_EOF
    159, // TIMEOUT_EXCEEDED
    164, // READONLY
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    203, // NO_FREE_CONNECTION
    209, // SOCKET_TIMEOUT
    210, // NETWORK_ERROR
    225, // NO_ZOOKEEPER
    236, // ABORTED
    241, // MEMORY_LIMIT_EXCEEDED
    242, // TABLE_IS_READ_ONLY
    252, // TOO_MANY_PARTS
    279, // ALL_CONNECTION_TRIES_FAILED
    285, // TOO_FEW_LIVE_REPLICAS
    319, // UNKNOWN_STATUS_OF_INSERT
    369, // ALL_REPLICAS_ARE_STALE
    394, // QUERY_WAS_CANCELLED
    999, // KEEPER_EXCEPTION
];

/// The code that ClickHouse gave, of a text such as `Code: 241. DB::Exception: ..`.
fn code(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Code: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit());
    rest.get(..digits.unwrap_or(rest.len()))?.parse().ok()
}

/// As an error of a store.
pub(crate) fn of(error: Error) -> StoreError {
    match error {
        Error::TimedOut => StoreError::Timeout(error.into()),
        // The text alone tells.
        Error::BadResponse(text) => match code(&text) {
            Some(60 | 81) => StoreError::Unprepared(text.into()),
            Some(159 | 209) => StoreError::Timeout(text.into()),
            Some(code) if !PASSING.contains(&code) => StoreError::Database(text.into()),
            _ => StoreError::Unavailable(text.into()),
        },
        Error::InvalidParams(_) | Error::Unsupported(_) => StoreError::Database(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}

/// A statement that has taken too long.
pub(crate) fn late(limit: Duration) -> StoreError {
    StoreError::Timeout(format!("no answer of ClickHouse within {} s", limit.as_secs()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let of = |text: &str| of(Error::BadResponse(text.to_owned()));
        assert!(of("Code: 241. DB::Exception: Memory limit exceeded").may_pass());
        assert!(of("Code: 60. DB::Exception: Table default.t doesn't exist").may_pass());
        assert!(matches!(
            of("Code: 159. DB::Exception: Timeout"),
            StoreError::Timeout(_)
        ));
        assert!(!of("Code: 62. DB::Exception: Syntax error").may_pass());
        assert!(of("a proxy's page").may_pass());
    }
}
