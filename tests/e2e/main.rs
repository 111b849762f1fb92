//! The main job from outside: real processes, real sockets, real databases.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admin;
mod background;
mod crash;
mod demo;
mod errors;
mod examples;
mod jobs;
mod load;
mod outage;
mod program;
mod service;
