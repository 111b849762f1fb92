//! The admin's routes over real sockets and a real store.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod host;

mod acts;
mod acts_figures;
mod acts_scopes;
mod answers;
mod browser;
mod console;
mod document;
mod failures;
mod parameters;
mod postgres;
mod prometheus;
mod scopes;
mod series;
mod sign_in;
mod streams;
mod tokens;
