//! The program `api-metrics` as a library: its parsers and its subcommands.
#![forbid(unsafe_code)]

pub mod format;
