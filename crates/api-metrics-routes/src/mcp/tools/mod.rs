//! The tools, a file for each family.
//!
//! Each asks the handlers of the routes, with the caller's scope, and makes their answers small.

pub(super) mod compare;
pub(super) mod consumers;
pub(super) mod endpoints;
pub(super) mod errors;
#[cfg(feature = "control")]
pub(super) mod incident;
pub(super) mod overview;
#[cfg(feature = "control")]
pub(super) mod rules;
