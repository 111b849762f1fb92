//! Following the log: what arrives, in the order in which it arrives.
//!
//! Requests are found by the time at which they finished, but a batch of another process, or a sample whose minute
//! is over, brings some that are older than what is there already. So whoever follows the log has a place in the
//! order of arrival instead.
//!
//! Noting that order costs a row a request. So it is noted only while somebody follows: the lease of one row says
//! so, and each batch looks at it in the transaction that it has anyway. A batch that finds the lease gets the next
//! number, behind the lock of that row, so that numbers become visible in their order.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::query::{RequestFilter, StoredRequest};
use crate::query::Scope;

/// How long after it was renewed last a lease lasts, in milliseconds.
pub(super) const LEASE_MS: i64 = 60_000;
/// How long arrivals stay noted, in milliseconds: so long a follower may be away and still miss nothing.
pub(super) const NOTED_MS: i64 = 120_000;
/// How far back somebody may begin by time, in milliseconds.
pub(super) const MAX_BACK_MS: i64 = 3_600_000;

/// A place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TailCursor {
    /// The number of the last batch that was seen.
    pub number: u64,
    /// When it was looked for, in milliseconds since 1970: used where the order of arrival was not noted meanwhile.
    pub at_ms: i64,
}

impl fmt::Display for TailCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.number, self.at_ms)
    }
}

/// A text that is no [`TailCursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in the log")]
pub struct InvalidTailCursor;

impl FromStr for TailCursor {
    type Err = InvalidTailCursor;

    fn from_str(text: &str) -> Result<Self, InvalidTailCursor> {
        // Digits alone: a sign would be a second way to write a number.
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (number, at_ms) = text.split_once('-').ok_or(InvalidTailCursor)?;
        if !digits(number) || !digits(at_ms) {
            return Err(InvalidTailCursor);
        }
        Ok(Self {
            number: number.parse().map_err(|_| InvalidTailCursor)?,
            at_ms: at_ms.parse().map_err(|_| InvalidTailCursor)?,
        })
    }
}

/// Where somebody begins to follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TailStart {
    /// With what arrives from now on.
    #[default]
    Now,
    /// With what finished after this request, at most an hour ago.
    After(Uuid),
    /// Where an earlier step has ended.
    At(TailCursor),
}

/// A question for what has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailQuery {
    /// Which requests are wanted.
    pub filter: RequestFilter,
    /// What the caller may see.
    pub scope: Scope,
    /// Where to begin.
    pub start: TailStart,
    /// Requests answered, 0 to 1,000: the newest, where more have arrived.
    pub limit: u32,
}

/// How a step goes on from the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TailContinuation {
    /// It begins now.
    #[default]
    Now,
    /// With exactly what has arrived since.
    Arrival,
    /// With what has finished since: the order of arrival was not noted meanwhile, so that what arrived late may be
    /// missing.
    Time,
}

/// What has arrived.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TailPage {
    /// The requests, in the order of their ids.
    pub requests: Vec<StoredRequest>,
    /// Requests that have arrived beyond the limit.
    pub left_out: u64,
    /// Where the next step begins.
    pub cursor: TailCursor,
    /// How it goes on from the step before.
    pub continuation: TailContinuation,
}

/// How far the log has come, and whether somebody follows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailPosition {
    /// The number of the batch that arrived last.
    pub number: u64,
    /// Whether somebody follows: processes then flush their logs every second.
    pub followed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_in_no_other_way() {
        for (number, at_ms) in [(0, 0), (7, 1_773_144_000_123), (u64::MAX, i64::MAX)] {
            let cursor = TailCursor { number, at_ms };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for wrong in [
            "",
            "7",
            "-7",
            "7-",
            "7--1",
            "+7-1",
            "7-1-1",
            "99999999999999999999-1",
            "a-1",
        ] {
            assert_eq!(
                wrong.parse::<TailCursor>(),
                Err(InvalidTailCursor),
                "{wrong}"
            );
        }
    }
}
