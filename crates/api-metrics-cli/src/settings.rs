//! The settings file.

use std::path::Path;

use serde::Deserialize;

use crate::{failure::Failure, import::ImportSettings};

/// What a settings file may hold. A flag wins over the environment, and both over the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) database: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    #[serde(default)]
    pub(crate) import: ImportSettings,
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
