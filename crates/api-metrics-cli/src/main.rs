//! The program `api-metrics`: see its `--help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    api_metrics_cli::run(std::env::args_os())
}
