//! What the source of this workspace must look like: its arrows, sizes and words.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod arrows;
mod reads;
mod shapes;
mod words;
