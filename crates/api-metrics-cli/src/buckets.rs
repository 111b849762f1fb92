//! Where the buckets are, if not in the database itself.

use clap::Args;

use crate::{settings::Settings, terminal};

/// A second database beside Postgres.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BucketsArgs {
    /// ClickHouse, where the Postgres database keeps its buckets there: http://user:password@host:8123/metrics
    /// [default: none]
    #[arg(
        long,
        env = "API_METRICS_CLICKHOUSE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    clickhouse: Option<String>,
}

impl BucketsArgs {
    /// Its URL, which is never printed.
    pub(crate) fn url(&self, settings: &Settings) -> Option<String> {
        let url = self
            .clickhouse
            .clone()
            .or_else(|| settings.clickhouse.clone());
        if let Some(url) = &url {
            terminal::hide(url);
        }
        url
    }
}
