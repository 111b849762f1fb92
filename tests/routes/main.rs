//! The admin's routes over real sockets and a real store.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod host;

mod answers;
mod failures;
mod parameters;
mod series;
mod sign_in;
mod streams;
