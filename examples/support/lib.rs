//! The command line that the small examples share.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::{fmt, process};

use api_metrics::store::text::without_password;

/// What can be set of an example.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    /// A Postgres URL, or the path of a SQLite file.
    pub database: String,
}

impl fmt::Debug for Settings {
    // Neither a password nor a token may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("database", &without_password(&self.database))
            .finish()
    }
}

impl Settings {
    /// Reads `--listen ADDRESS` and `--database URL`; the latter may also be set by `DATABASE_URL`. Prints the
    /// help and ends the process at `--help`; does the same, with the reason, where something cannot be read.
    #[must_use]
    pub fn from_command_line(about: &str, listen: &str, database: &str) -> Self {
        let defaults = Self {
            listen: listen.to_owned(),
            database: std::env::var("DATABASE_URL")
                .ok()
                .filter(|url| !url.is_empty())
                .unwrap_or_else(|| database.to_owned()),
        };
        let help = format!(
            "{about}\n\n  --listen ADDRESS    where to listen; port 0 takes a free one [{listen}]\n  \
             --database URL      postgres://.. or a SQLite file; also DATABASE_URL [{database}]\n  \
             --help              this text"
        );
        match defaults.read(std::env::args().skip(1)) {
            Ok(Some(settings)) => settings,
            Ok(None) => {
                println!("{help}");
                process::exit(0);
            }
            Err(error) => {
                eprintln!("{error}\n\n{help}");
                process::exit(2);
            }
        }
    }

    /// `None` where help is wanted.
    fn read(mut self, mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        while let Some(name) = arguments.next() {
            let setting = match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--listen" => &mut self.listen,
                "--database" => &mut self.database,
                _ => {
                    let name = without_password(&name);
                    return Err(format!("{name} is none of --listen, --database, --help"));
                }
            };
            *setting = arguments
                .next()
                .ok_or_else(|| format!("{name} needs a value"))?;
        }
        Ok(Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Option<Settings>, String> {
        Settings {
            listen: "127.0.0.1:3000".to_owned(),
            database: "metrics.db".to_owned(),
        }
        .read(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn no_password_is_repeated() {
        let url = "postgres://app:s3cret@db/shop";
        let set = read(&["--database", url]).unwrap_or_default();
        assert_eq!(set.as_ref().map(|set| &*set.database), Some(url));
        assert!(!format!("{set:?}").contains("s3cret"));
        for wrong in [&[url][..], &["--database=postgres://app:s3cret@db/shop"]] {
            let error = read(wrong).err().unwrap_or_default();
            assert!(
                error.contains("db/shop") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn arguments_replace_defaults_and_unknown_ones_are_named() {
        let set = read(&["--listen", "127.0.0.1:0"]).map(|set| set.map(|set| set.listen));
        assert_eq!(set, Ok(Some("127.0.0.1:0".to_owned())));
        assert_eq!(read(&["--help"]), Ok(None));
        assert!(read(&["--port"]).is_err_and(|error| error.contains("--port")));
        assert!(read(&["--database"]).is_err_and(|error| error.contains("needs a value")));
    }
}
