//! The admin's routes over real sockets and a real store.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod events;
mod host;
mod process;

mod acts;
mod acts_figures;
mod acts_scopes;
mod answers;
mod bodies;
mod browser;
mod console;
mod docs;
mod document;
mod ends;
mod failures;
mod guessing;
mod hostile;
mod parameters;
mod postgres;
mod prometheus;
mod row_security;
mod scopes;
mod series;
mod sign_in;
mod streams;
mod tokens;
