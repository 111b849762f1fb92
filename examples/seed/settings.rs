//! The command line.

use std::net::SocketAddr;

use crate::Failure;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) database: String,
    pub(crate) days: i64,
    /// In parts of the shop's full traffic.
    pub(crate) load: f64,
    pub(crate) seed: u64,
    pub(crate) serve: Option<SocketAddr>,
    pub(crate) token: Option<String>,
}

impl Settings {
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Failure> {
        let mut settings = Self {
            database: "shop-metrics.db".to_owned(),
            days: 28,
            load: 1.0,
            seed: 1,
            serve: None,
            token: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--database" => settings.database = value,
                "--days" => settings.days = value.parse()?,
                "--load" => settings.load = value.parse()?,
                "--seed" => settings.seed = value.parse()?,
                "--serve" => settings.serve = Some(value.parse()?),
                "--token" => settings.token = Some(value),
                _ => {
                    return Err(format!(
                        "{name} is none of --database, --days, --load, --seed, --serve, --token"
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
