//! The command line.

use std::{fmt, net::SocketAddr};

use api_metrics_store::text::without_password;

use crate::Failure;

/// What was asked for.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) database: String,
    pub(crate) days: i64,
    /// How many of them are written every five minutes; those before by the hour.
    pub(crate) fine: i64,
    /// In parts of the shop's full traffic.
    pub(crate) load: f64,
    pub(crate) seed: u64,
    /// With routes of names that break careless pages.
    pub(crate) hostile: bool,
    pub(crate) serve: Option<SocketAddr>,
    pub(crate) token: Option<String>,
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

impl Settings {
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Failure> {
        let mut settings = Self {
            database: "shop-metrics.db".to_owned(),
            days: 28,
            fine: 7,
            load: 1.0,
            seed: 1,
            hostile: false,
            serve: None,
            token: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{} needs a value", without_password(&name)))?;
            match name.as_str() {
                "--database" => settings.database = value,
                "--days" => settings.days = value.parse()?,
                "--fine" => settings.fine = value.parse()?,
                "--load" => settings.load = value.parse()?,
                "--seed" => settings.seed = value.parse()?,
                "--hostile" => settings.hostile = value.parse()?,
                "--serve" => settings.serve = Some(value.parse()?),
                "--token" => settings.token = Some(value),
                _ => {
                    let name = without_password(&name);
                    return Err(format!(
                        "{name} is none of --database, --days, --fine, --load, --seed, --hostile, --serve, --token"
                    )
                    .into());
                }
            }
        }
        if !(settings.load > 0.0 && settings.load <= 100.0) {
            return Err("--load lies above 0, at most 100".into());
        }
        Ok(settings)
    }
}
