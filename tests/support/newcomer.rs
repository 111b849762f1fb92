//! Series that nobody has seen before.

/// How many of them a flush brings at most.
pub const NEWCOMERS: u64 = 20;

/// The endpoint of newcomer `n` of flush `number`: known beforehand, so that a test can meet a process in it.
#[must_use]
pub fn newcomer(number: u64, n: u64) -> String {
    format!("/new/{number}/{n}")
}
