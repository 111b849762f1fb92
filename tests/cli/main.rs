//! The program `api-metrics`: formats, imports, and how it behaves as a program.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(target_os = "linux")]
mod collector;
#[cfg(unix)]
mod docs;
mod doctor;
mod formats;
mod import;
mod inputs;
mod ledger;
mod numbers;
mod program;
mod serve;
#[cfg(unix)]
mod top;
mod verify;

/// Where cargo put it.
const PROGRAM: &str = env!("CARGO_BIN_EXE_api-metrics-cli");

/// A command of the program, with these arguments.
fn api_metrics(arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(PROGRAM);
    command.args(arguments);
    command
}
