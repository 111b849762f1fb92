//! Shared parts of the benchmarks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

pub mod database;
pub mod fill;
pub mod measure;
mod numbers;

pub use numbers::{Dice, quantile, thread_time};
