//! The admin's routes over real sockets and a real store.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod events;
mod host;
mod process;
mod site;

mod answers;
mod bodies;
mod browser;
mod console;
mod control;
mod control_figures;
mod control_scopes;
mod docs;
mod document;
mod ends;
mod failures;
mod fuzzed;
mod guessing;
mod hints;
mod hostile;
mod ingest;
mod parameters;
mod postgres;
mod prometheus;
mod request_stream;
mod request_views;
mod requests;
mod row_security;
mod scopes;
mod series;
mod sign_in;
mod signer;
mod streams;
mod time;
mod tokens;
