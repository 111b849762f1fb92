//! Rate limits: how near keys are to theirs, now and in the past.
//!
//! The service enforces its limits itself; api-metrics counts and warns.

mod history;
mod now;

pub(crate) use history::{__path_history, history};
pub(crate) use now::{__path_rate_limits, rate_limits};
