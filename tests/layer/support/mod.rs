//! A server, a client and a clock under the tests' command.

mod body;
mod client;
mod clock;
mod record;
mod server;

pub(crate) use body::{Feed, chunk, feed, trailers};
pub(crate) use client::{Client, body, empty};
pub(crate) use clock::{FakeClock, START, ms};
pub(crate) use record::{Record, Recorded, aborted, get, post};
pub(crate) use server::{AnyLayer as Layer, Server, bound};
