//! The weekly digest: what a week was like, sent as a notice.
//!
//! At an hour of a weekday, in a zone, the leader sums up the seven days before that day and leaves one notice in the
//! outbox. Its id is made of the week, so that two leaders write one; where the process was down at that hour it comes
//! later, within a day. Pagers get none.
//!
//! | section | from |
//! |---|---|
//! | traffic, errors, slowest, changed most | the buckets of the week and of the one before, in one snapshot |
//! | quotas | keys that have used 80% or more |
//! | bill | the running month in UTC, by currency, and where it is going |

mod publish;
mod schedule;
mod sections;

pub(super) use publish::publish_digest;
pub use schedule::WeeklyDigest;
