//! What the source of this workspace must look like: its arrows, sizes and words, and its book.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod arrows;
mod book;
mod reads;
mod shapes;
mod words;
