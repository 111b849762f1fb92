//! Settings by flag or environment.

use std::fmt;

use api_metrics::store::text::without_password;
use clap::{Parser, builder::NonEmptyStringValueParser};

/// A small API with its metrics: the layer, the dashboard under /admin, and gentle traffic of its own.
///
/// Ctrl-C and SIGTERM end it within five seconds and lose nothing.
#[derive(Clone, PartialEq, Parser)]
#[command(name = "demo")]
pub(crate) struct Settings {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "DEMO_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) listen: String,
    /// postgres://.. or the path of a SQLite file.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", default_value = "demo-metrics.db", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) database: String,
    /// Requests a second of its own traffic, 0 for none.
    #[arg(long, env = "DEMO_TRAFFIC", value_name = "RATE", default_value_t = 20.0, value_parser = rate)]
    pub(crate) traffic: f64,
    /// Signs in to the dashboard [default: made at each start and printed].
    #[arg(
        long,
        env = "DEMO_ADMIN_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    admin_token: Option<String>,
    /// Where the dashboard leads from a request to its trace, such as https://traces.example/{traceId}.
    #[arg(long, env = "DEMO_TRACE_URL", value_name = "URL", default_value = "")]
    pub(crate) trace_url: String,
    /// Requests a minute that the admin takes from one principal.
    #[arg(
        long,
        env = "DEMO_ADMIN_REQUESTS",
        value_name = "COUNT",
        default_value_t = 600
    )]
    pub(crate) admin_requests: u32,
}

impl fmt::Debug for Settings {
    // Neither a password nor a token may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("database", &without_password(&self.database))
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The token that was set, or a fresh one. It is not kept anywhere: whoever restarts the demo reads the
    /// new one.
    pub(crate) fn admin_token(&self) -> String {
        self.admin_token
            .clone()
            .filter(|token| !token.is_empty())
            .unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.0..=10_000.0).contains(rate))
        .ok_or_else(|| "DEMO_TRAFFIC is a number of requests a second, 0 to 10000".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn without_any_setting_it_runs_on_an_embedded_file_with_a_fresh_token() {
        let first = Settings::try_parse_from(["demo"]).unwrap();
        assert_eq!(first.listen, "127.0.0.1:3000");
        assert!(first.admin_token().len() >= 32 && first.admin_token() != first.admin_token());
    }

    #[test]
    fn the_command_line_is_sound() {
        let command = <Settings as clap::CommandFactory>::command();
        command.clone().debug_assert();
        let database = command
            .get_arguments()
            .find(|argument| argument.get_id() == "database");
        let database = database.unwrap().get_default_values();
        assert_eq!(database, ["demo-metrics.db"]);
    }

    #[test]
    fn traffic_that_is_no_rate_is_an_error_that_names_it() {
        for value in ["fast", "-1", "NaN", "inf"] {
            let error = Settings::try_parse_from(["demo", &format!("--traffic={value}")]);
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("--traffic") && error.contains(value),
                "{error}"
            );
        }
    }
}
