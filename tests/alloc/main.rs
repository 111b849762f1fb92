//! What the recorder takes of the heap, counted at the allocator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod counting;
mod memory;
mod outage;
mod recorder;
mod traffic;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;
