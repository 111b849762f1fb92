//! The settings file, and how settings are written.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::ValueEnum;
use serde::Deserialize;

use crate::failure::Failure;

/// What a settings file may hold. A flag wins over the environment, and both over the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) database: Option<String>,
    pub(crate) clickhouse: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    #[serde(default)]
    pub(crate) import: ImportSettings,
    #[serde(default)]
    pub(crate) serve: ServeSettings,
}

/// The table `[import]` of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ImportSettings {
    pub(crate) format: Option<String>,
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) time_unit: Option<String>,
    pub(crate) max_time: Option<String>,
    pub(crate) utc_offset: Option<String>,
    pub(crate) routes: Option<PathBuf>,
    pub(crate) max_bad: Option<String>,
    pub(crate) max_series: Option<usize>,
    pub(crate) flush_every: Option<String>,
    pub(crate) reject_file: Option<PathBuf>,
}

/// The table `[serve]` of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServeSettings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) read_replica: Option<String>,
    pub(crate) admin_token: Option<String>,
    pub(crate) admin_token_file: Option<PathBuf>,
    pub(crate) no_auth: Option<bool>,
    pub(crate) jwt_key_file: Option<PathBuf>,
    pub(crate) jwt_algorithm: Option<Algorithm>,
    pub(crate) jwt_issuer: Option<String>,
    pub(crate) jwt_audience: Option<String>,
    pub(crate) keep_minutes: Option<String>,
    pub(crate) keep_five_minutes: Option<String>,
    pub(crate) keep_hours: Option<String>,
    pub(crate) max_connections: Option<u32>,
    pub(crate) default_rate_limit: Option<u64>,
    pub(crate) default_quota: Option<u64>,
    pub(crate) openapi: Option<Vec<String>>,
    pub(crate) log: Option<String>,
}

/// The algorithms of JSON Web Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Algorithm {
    /// A shared secret.
    Hs256,
    /// An RSA public key.
    Rs256,
    /// A P-256 public key.
    Es256,
}

impl Settings {
    /// Reads the file, if one was named.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            // Not the whole error: it shows the line, which may hold a password.
            let line = error.span().map_or(1, |span| {
                text[..span.start.min(text.len())].matches('\n').count() + 1
            });
            Failure::usage(format!(
                "{}: line {line}: {}",
                path.display(),
                error.message()
            ))
        })
    }
}

/// A duration: `90s`, `1500ms`, `2h`, `1d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(millis))
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "a duration is 1500ms, 90s, 5m, 2h or 1d".to_owned())
}
