//! Rate limits and quotas: how near keys are to theirs, now and in the past, and who hits first.
//!
//! The service enforces its limits itself; api-metrics counts and warns.
//!
//! | file | route | from |
//! |---|---|---|
//! | `now` | `GET /api-metrics/rate-limits` | the running minute and the one before it, unflushed requests included |
//! | `history` | `GET /api-metrics/rate-limits/{keyId}/history` | what the worker has recorded |
//! | `headroom` | `GET /api-metrics/limits` | both, and the same hours of past weeks |
//! | `what_if` | `GET /api-metrics/limits/{keyId}/what-if` | the minutes of the last 24 hours |

mod headroom;
mod history;
mod now;
mod what_if;

#[cfg(test)]
pub(crate) use headroom::__path_limits;
pub(crate) use headroom::limits;
#[cfg(test)]
pub(crate) use history::__path_history;
pub(crate) use history::history;
#[cfg(test)]
pub(crate) use now::__path_rate_limits;
pub(crate) use now::rate_limits;
#[cfg(test)]
pub(crate) use what_if::__path_what_if;
pub(crate) use what_if::what_if;
