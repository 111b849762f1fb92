//! Our own health: what each process says of itself, once a minute, for alert rules over it.
//!
//! A process knows its own health, and rules are evaluated by the leader. So each process writes a row a minute,
//! `health_samples`, and the leader reads those of a rule's window:
//!
//! | type of a rule | value over its window | of several processes |
//! |---|---|---|
//! | `store_unreachable` | seconds in which the store could not be reached | the worst |
//! | `flush_lag` | the longest, in seconds | the worst |
//! | `answer_time` | the mean, or a quantile, of our own routes' answers in milliseconds | all together |
//! | `query_time` | the same of queries of the store | all together |
//! | `open_streams` | the most that were open at once | the worst |
//! | `dropped_log_rows` | requests that the log chose and dropped | all together |
//! | `cache_hit_rate` | answers from the cache, in percent | all together |
//!
//! # An unreachable store
//!
//! Nobody can write that the store is unreachable while it is. A process keeps its last two hours of minutes in memory
//! until they are written, so that it tells afterwards how long it could not reach the store; rules catch up with the
//! same two hours. Where one process is cut off and others are not, its silence is what the others see: each minute
//! without a row of it counts as unreachable, up to the newest minute that any process has told, for ten minutes.
//! After that, or once it has ended in order, it counts as gone.
//!
//! # Ready-made rules
//!
//! Four rules are made by the first leader that finds none of them, see [`ControlSettings::health_rules`]. A mark of
//! each stays in `ready_made_rules`, so that one that was deleted is not made again.
//!
//! [`ControlSettings::health_rules`]: crate::control::ControlSettings::health_rules

mod ready_made;
mod sample;
mod silence;
mod store;
mod sum;

pub use sample::{HealthSample, OwnTimes};
pub(crate) use store::HealthStore;
pub(in crate::control) use store::StoredSample;
pub(in crate::control) use sum::{HealthSum, steps};

/// How long samples are kept, in seconds: two windows of the longest rule.
pub(in crate::control) const KEPT_SECONDS: i64 = 2 * 86_400;
