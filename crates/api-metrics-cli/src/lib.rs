//! The program `api-metrics`: serves the dashboard for services that don't embed it, and brings the access
//! logs of every server into the same buckets as your Rust services.
//!
//! The program itself is [`run`]; what it reads is described in [`format`](mod@format), whose parsers can be used by
//! themselves.
#![forbid(unsafe_code)]

mod api;
mod buckets;
mod doctor;
mod export;
mod failure;
pub mod format;
mod import;
mod move_buckets;
mod progress;
mod report;
mod serve;
mod settings;
mod terminal;
mod top;
mod verify;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use failure::Failure;
use settings::Settings;
use tracing_subscriber::filter::LevelFilter;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    a file or the database failed; what was acknowledged before is stored
  2    the command line or the settings make no sense
  3    the input is no log, or has more unreadable lines than --max-bad allows
  4    every log was imported before, or can't be taken back
  130  a signal came before the end; what was read until then is stored";

const SERVE_EXAMPLES: &str = "\
Examples:
  api-metrics serve
  api-metrics serve --database postgres://app@db/metrics --listen 127.0.0.1:8080
  API_METRICS_ADMIN_TOKEN=$(openssl rand -hex 32) api-metrics serve --listen 0.0.0.0:3000
  api-metrics serve --config /etc/api-metrics.toml

It speaks plain HTTP: put a proxy that ends TLS in front of whatever is not 127.0.0.1. Environment
variables and the keys of the settings file are in docs/server.md.";

const TOP_EXAMPLES: &str = "\
Examples:
  api-metrics top
  api-metrics top --server http://shop.internal:9000/admin --service shop

The keys are shown by ?. NO_COLOR=1 shows it without colours.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  api-metrics verify http://127.0.0.1:3000/api/products
  api-metrics verify http://127.0.0.1:3000/a http://127.0.0.1:3000/b --requests 500 --rate 100 --json
  api-metrics verify http://shop.internal/ --admin http://shop.internal:9000/admin --requests 1000

The service must have no other traffic meanwhile: that is counted too. Its admin token is read from
API_METRICS_ADMIN_TOKEN or --admin-token-file.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  api-metrics doctor
  api-metrics doctor --database postgres://app@db/metrics
  api-metrics doctor --json --no-notices | jq '.checks[] | select(.verdict != \"ok\")'

Ends with 1 where something does not work. Sends a test notice to the notifiers that the environment names.";

const REPORT_EXAMPLES: &str = "\
Examples:
  api-metrics report
  api-metrics report --week 2026-11-23 --tz Europe/Berlin --format html -o week.html
  api-metrics report --server http://127.0.0.1:3000 --service shop --format markdown";

const EXPORT_EXAMPLES: &str = "\
Examples:
  api-metrics export --period 24h --granularity 1h -o yesterday.csv
  api-metrics export --server http://127.0.0.1:3000 --format ndjson --from 2026-11-01 --to 2026-12-01
  api-metrics export --database postgres://app@db/metrics --group-by endpoint --metrics requestCount,p95Ms";

const MOVE_EXAMPLES: &str = "\
Examples:
  api-metrics move --database postgres://owner@db/metrics --clickhouse http://metrics@ch:8123/metrics

Services go on: what they record waits in Postgres meanwhile. Afterwards they are started anew with
API_METRICS_CLICKHOUSE_URL, and until then their dashboards say so. See docs/scale.md.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  api-metrics import access.log.gz --database metrics.db --routes routes.txt
  api-metrics import '/var/log/nginx/access.log*' --database postgres://app@db/metrics --service shop
  api-metrics import access.log --format '$remote_addr [$time_local] \"$request\" $status $request_time'
  api-metrics import access.log --format '%h %l %u %t \"%r\" %>s %b %D' --max-bad 1% --reject-file bad.log
  api-metrics import app.json --format json --field path=req.url --field latency=took:ms
  journalctl -o cat -u caddy -f | api-metrics import - --format caddy
  api-metrics import /var/log/nginx/access.log --follow

Times are used only where the format says that a field is one. Environment variables and the keys of the
settings file are in docs/import.md.";

/// API metrics from the command line: a server, imports of access logs, reports and checks.
#[derive(Debug, Parser)]
#[command(name = "api-metrics", bin_name = "api-metrics", version, after_help = EXIT_CODES)]
struct Cli {
    /// Settings in TOML; flags and environment variables win over it
    #[arg(long, global = true, env = "API_METRICS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the dashboard, the admin's HTTP API and the console
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Box<serve::ServeArgs>),
    /// Import access logs, each line at its own time
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Box<import::ImportArgs>),
    /// Watch a service's traffic on the terminal
    #[command(after_help = TOP_EXAMPLES)]
    Top(top::TopArgs),
    /// Send requests to a service that has the layer, and prove that each is counted
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Box<verify::VerifyArgs>),
    /// Look for what is wrong with a database and its settings, and say what to do
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(doctor::DoctorArgs),
    /// Write a day's or a week's report
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Box<report::ReportArgs>),
    /// Write rows as CSV or JSON
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Box<export::ExportArgs>),
    /// Move the buckets of a Postgres database into ClickHouse, while services go on
    #[command(name = "move", after_help = MOVE_EXAMPLES)]
    Move(move_buckets::MoveArgs),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  api-metrics completions bash > /etc/bash_completion.d/api-metrics"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the program with these arguments, the first of which is its name.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    for argument in &arguments {
        let argument = argument.to_string_lossy();
        terminal::hide(
            argument
                .split_once('=')
                .map_or(&argument, |(_, value)| value),
        );
        terminal::hide(&argument);
    }
    if let Ok(url) = std::env::var("API_METRICS_DATABASE_URL") {
        terminal::hide(&url);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().to_string();
            let text = text.trim_end();
            if error.use_stderr() {
                terminal::err(text);
                return ExitCode::from(Failure::USAGE);
            }
            terminal::out(text);
            return ExitCode::SUCCESS;
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::err(&format!("api-metrics: {failure}"));
            failure.exit_code()
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    let settings = Settings::read(cli.config.as_deref())?;
    match cli.command {
        Command::Serve(args) => {
            log(args.log(&settings.serve)?);
            serve::run(*args, settings)
        }
        Command::Import(mut args) => {
            // Warnings of the store are told by the import itself; its errors are worth seeing.
            log(LevelFilter::ERROR);
            args.fill(settings)?;
            import::run(&args)
        }
        Command::Top(args) => {
            log(LevelFilter::OFF);
            top::run(&args)
        }
        Command::Verify(args) => {
            log(LevelFilter::ERROR);
            on_runtime(verify::run(*args))
        }
        Command::Doctor(args) => {
            // It says everything itself.
            log(LevelFilter::OFF);
            on_runtime(doctor::run(args, settings))
        }
        Command::Report(args) => {
            log(LevelFilter::ERROR);
            on_runtime(report::run(*args, settings))
        }
        Command::Export(args) => {
            log(LevelFilter::ERROR);
            on_runtime(export::run(*args, settings))
        }
        Command::Move(args) => {
            log(LevelFilter::INFO);
            on_runtime(move_buckets::run(args, settings))
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "api-metrics", &mut script);
            terminal::out(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}

/// Sends what is logged to stderr.
fn log(level: LevelFilter) {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(terminal::Log)
        .log_internal_errors(false)
        .init();
}

/// Runs something to its end.
fn on_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(error.to_string()))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}
