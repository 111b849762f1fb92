//! The command line.

use std::{fmt, net::SocketAddr};

use api_metrics_store::text::without_password;

use clap::{ArgAction, Parser, builder::NonEmptyStringValueParser};

/// Fills a database with a month of a shop's traffic, and serves its dashboard where asked to.
#[derive(Clone, Parser)]
#[command(name = "seed")]
pub(crate) struct Settings {
    /// postgres://.. or the path of a SQLite file.
    #[arg(long, value_name = "URL", default_value = "shop-metrics.db", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) database: String,
    /// Days of history to write, 0 for none.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(i64).range(0..=3_650))]
    pub(crate) days: i64,
    /// How many of them are written every five minutes; those before by the hour.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(i64).range(0..=3_650))]
    pub(crate) fine: i64,
    /// In parts of the shop's full traffic, above 0 and at most 100.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = load)]
    pub(crate) load: f64,
    /// Of the random numbers: the same seed writes the same history.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// With routes of names that break careless pages.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = false)]
    pub(crate) hostile: bool,
    /// Serves the dashboard here until a signal, with live traffic.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) serve: Option<SocketAddr>,
    /// Signs in to the dashboard.
    #[arg(long)]
    pub(crate) token: Option<String>,
}

fn load(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|load| *load > 0.0 && *load <= 100.0)
        .ok_or_else(|| "lies above 0, at most 100".to_owned())
}

impl fmt::Debug for Settings {
    // Neither a password nor a token may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("serve", &self.serve)
            .field("database", &without_password(&self.database))
            .finish_non_exhaustive()
    }
}
