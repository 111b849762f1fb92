//! The settings file, and how settings are written.

use std::{path::Path, time::Duration};

use serde::Deserialize;

use crate::{failure::Failure, import::ImportSettings, serve::ServeSettings};

/// What a settings file may hold. A flag wins over the environment, and both over the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) database: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    #[serde(default)]
    pub(crate) import: ImportSettings,
    #[serde(default)]
    pub(crate) serve: ServeSettings,
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
