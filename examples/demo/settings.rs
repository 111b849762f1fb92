//! Settings from the environment.

use std::fmt;

use api_metrics::store::text::without_password;

/// What the demo runs with.
#[derive(Clone, PartialEq)]
pub(crate) struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub(crate) listen: String,
    /// A Postgres URL, or a SQLite file.
    pub(crate) database: String,
    /// Requests a second of its own traffic.
    pub(crate) traffic: f64,
    /// Signs in to the dashboard.
    pub(crate) admin_token: String,
    /// Requests a minute that the admin takes from one principal.
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
    /// Reads them, or names the one that can't be used.
    pub(crate) fn from_environment(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let text = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let traffic = text("DEMO_TRAFFIC").unwrap_or_else(|| "20".to_owned());
        Ok(Self {
            listen: text("DEMO_LISTEN").unwrap_or_else(|| "127.0.0.1:3000".to_owned()),
            database: text("DATABASE_URL").unwrap_or_else(|| "demo-metrics.db".to_owned()),
            traffic: traffic
                .parse()
                .ok()
                .filter(|rate| (0.0..=10_000.0).contains(rate))
                .ok_or_else(|| {
                    format!("DEMO_TRAFFIC={traffic}: not a number of requests a second, 0 to 10000")
                })?,
            admin_requests: match text("DEMO_ADMIN_REQUESTS") {
                None => 600,
                Some(n) => n.parse().map_err(|_| {
                    format!("DEMO_ADMIN_REQUESTS={n}: not a number of requests a minute")
                })?,
            },
            // Not kept anywhere: whoever restarts the demo reads the new one.
            admin_token: text("DEMO_ADMIN_TOKEN")
                .unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn without_any_setting_it_runs_on_an_embedded_file_with_a_fresh_token() {
        let first = Settings::from_environment(&|_| None).unwrap();
        assert_eq!(first.listen, "127.0.0.1:3000");
        assert_eq!(first.database, "demo-metrics.db");
        let second = Settings::from_environment(&|_| None).unwrap();
        assert!(first.admin_token.len() >= 32 && first.admin_token != second.admin_token);
    }

    #[test]
    fn traffic_that_is_no_rate_is_an_error_that_names_it() {
        for value in ["fast", "-1", "NaN", "inf"] {
            let set = |name: &str| (name == "DEMO_TRAFFIC").then(|| value.to_owned());
            let error = Settings::from_environment(&set).unwrap_err();
            assert!(error.contains(&format!("DEMO_TRAFFIC={value}")), "{error}");
        }
    }
}
