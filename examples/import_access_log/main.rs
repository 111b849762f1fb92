//! Imports an Apache or nginx access log (combined format, plain or gzip) into a metrics store,
//! every line at its own time.
//!
//! ```text
//! cargo run --release --example import_access_log -- FILE [--database URL] [--routes FILE]
//! ```
//!
//! Old times are kept by longer periods than new ones, so the program says at the end by which its times
//! are kept. `docs/http-api.md#what-is-kept-how-long` has the table of what that means for a question.
//!
//! A file that is imported twice is counted twice: a log says nothing about whether it was seen
//! before.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a command line program answers on stdout"
)]

mod args;
mod import;
mod line;
mod report;
mod routes;
mod source;

use std::process::ExitCode;

use api_metrics::{
    ApiMetrics, Maintenance,
    store::text::{shown, without_password},
};

use crate::{args::Args, import::import, routes::Routes, source::Source};

/// What ends the program: a sentence that names what went wrong where.
type Failure = String;

#[tokio::main]
async fn main() -> ExitCode {
    // Warnings of the store are worth seeing; the progress is told by the bar.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::ERROR)
        .with_writer(std::io::stderr)
        .init();
    let outcome = match Args::parse(std::env::args().skip(1)) {
        // A failure may name what a log or a command line holds.
        Ok(Some(args)) => run(args)
            .await
            .map_err(|failure| shown(failure).to_string()),
        Ok(None) => {
            println!("{}", args::USAGE);
            Ok(())
        }
        Err(failure) => Err(format!("{}\n\n{}", shown(failure), args::USAGE)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("import_access_log: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    let routes = args.routes.as_deref().map(Routes::read).transpose()?;
    let source = Source::open(&args.file)?;
    // A process of its own with its own fence row: it may run beside the service that serves the
    // same store, and beside other imports.
    let metrics = ApiMetrics::builder()
        .database(args.database.clone())
        .maintenance(Maintenance::Manual)
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let imported = import(&metrics, source, routes.as_ref(), &args).await;
    // What was read before a failure is in the store, and is reported as such.
    metrics
        .shutdown()
        .await
        .map_err(|error| format!("{}: {error}", without_password(&args.database)))?;
    imported?;
    Ok(())
}
