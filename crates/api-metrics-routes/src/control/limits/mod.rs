//! Rate limits: how near keys are to theirs, now and in the past.

mod history;
mod now;

pub(crate) use history::{__path_history, history};
pub(crate) use now::{__path_rate_limits, rate_limits};
