//! The command line that the small examples share.
#![forbid(unsafe_code)]

use std::fmt;

use api_metrics::store::text::without_password;
use clap::{Arg, ArgMatches, Command, Error, Parser, builder::NonEmptyStringValueParser};

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
    pub fn from_command_line(
        about: &'static str,
        listen: &'static str,
        database: &'static str,
    ) -> Self {
        let given = command(about, listen, Some(database)).try_get_matches();
        Self::of(&given.unwrap_or_else(|error| refuse(&error)))
    }

    /// The address alone, of an example that has no database.
    #[must_use]
    pub fn listen_from_command_line(about: &'static str, listen: &'static str) -> String {
        let given = command(about, listen, None).try_get_matches();
        Self::of(&given.unwrap_or_else(|error| refuse(&error))).listen
    }

    fn of(given: &ArgMatches) -> Self {
        // Both have a default, so that they are always there.
        let text = |name| {
            let given = given.try_get_one::<String>(name).ok().flatten();
            given.cloned().unwrap_or_default()
        };
        Self {
            listen: text("listen"),
            database: text("database"),
        }
    }
}

/// Reads the command line of an example with settings of its own. Prints the help and ends the process at
/// `--help`; does the same, with the reason, where something cannot be read.
#[must_use]
pub fn parse<S: Parser>() -> S {
    S::try_parse().unwrap_or_else(|error| refuse(&error))
}

/// Ends the process as clap would, but for passwords: an argument in the wrong place may be a URL.
#[allow(clippy::print_stdout, clippy::print_stderr)]
fn refuse(error: &Error) -> ! {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let told = told(error, &arguments);
    if error.use_stderr() {
        eprint!("{told}");
    } else {
        print!("{told}");
    }
    std::process::exit(error.exit_code())
}

/// The text of an error, without the passwords of these arguments and of `DATABASE_URL`.
fn told(error: &Error, arguments: &[String]) -> String {
    let mut told = error.to_string();
    let values = arguments.iter().flat_map(|argument| {
        let value = argument.split_once('=').map(|(_, value)| value.to_owned());
        value.into_iter().chain([argument.clone()])
    });
    for value in values.chain(std::env::var("DATABASE_URL")) {
        let shown = without_password(&value);
        if shown != value {
            told = told.replace(&value, &shown);
        }
    }
    told
}

fn command(about: &'static str, listen: &'static str, database: Option<&'static str>) -> Command {
    let listen = Arg::new("listen")
        .long("listen")
        .value_name("ADDRESS")
        .value_parser(NonEmptyStringValueParser::new())
        .default_value(listen)
        .help("Where to listen; port 0 takes a free one");
    let database = database.map(|database| {
        Arg::new("database")
            .long("database")
            .value_name("URL")
            .env("DATABASE_URL")
            .hide_env_values(true)
            .value_parser(NonEmptyStringValueParser::new())
            .default_value(database)
            .help("postgres://.. or the path of a SQLite file")
    });
    Command::new("example")
        .about(about)
        .arg(listen)
        .args(database)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        command("An example.", "127.0.0.1:3000", Some("metrics.db"))
            .try_get_matches_from(std::iter::once(&"example").chain(arguments))
            .map(|given| Settings::of(&given))
            .map_err(|error| {
                told(
                    &error,
                    &arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>(),
                )
            })
    }

    #[test]
    fn every_example_explains_itself_and_takes_its_address() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let readme = std::fs::read_to_string(root.join("../README.md")).unwrap();
        let mut seen = 0;
        for line in manifest.lines() {
            let Some(path) = line
                .strip_prefix("path = \"")
                .and_then(|path| path.strip_suffix("/main.rs\""))
            else {
                continue;
            };
            let main = std::fs::read_to_string(root.join(path).join("main.rs")).unwrap();
            assert!(
                main.contains("from_command_line(") || main.contains("::parse"),
                "{path} reads no command line"
            );
            assert!(
                !main.contains("3000))") && !main.contains("(\"127.0.0.1:3000\")"),
                "{path} listens where nobody can change it"
            );
            assert!(
                readme.contains(&format!("[`{path}`](examples/{path}/main.rs)")),
                "{path} has no line in the README"
            );
            seen += 1;
        }
        assert_eq!(
            seen,
            manifest.matches("[[example]]").count(),
            "some have another path"
        );
        assert!(seen > 0);
    }

    #[test]
    fn no_password_is_repeated() {
        let url = "postgres://app:s3cret@db/shop";
        let set = read(&["--database", url]).unwrap();
        assert_eq!(set.database, url);
        assert!(!format!("{set:?}").contains("s3cret"));
        for wrong in [&[url][..], &["--databose=postgres://app:s3cret@db/shop"]] {
            let error = read(wrong).err().unwrap_or_default();
            assert!(
                !error.contains("s3cret") && error.contains("unexpected argument"),
                "{error}"
            );
        }
    }

    #[test]
    fn arguments_replace_defaults_and_unknown_ones_are_named() {
        let set = read(&["--listen", "127.0.0.1:0"]).unwrap();
        assert_eq!(set.listen, "127.0.0.1:0");
        assert!(read(&["--help"]).unwrap_err().contains("--listen"));
        assert!(read(&["--port"]).unwrap_err().contains("--port"));
        assert!(read(&["--database"]).unwrap_err().contains("value"));
        assert!(read(&["--listen", ""]).unwrap_err().contains("--listen"));
    }
}
