//! Reads the source of this workspace: which module uses which, and what its text holds.
//!
//! `arrows.txt` lists the arrows that are allowed between the top-level modules of each crate.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

pub mod files;
pub mod graph;
pub mod list;
pub mod reader;
pub mod syntax;

pub use graph::Graph;
pub use reader::{Arrow, Crate};
