//! The command line that the small examples share.
#![forbid(unsafe_code)]

use clap::{Arg, ArgMatches, Command, builder::NonEmptyStringValueParser};

/// What can be set of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    /// A Postgres URL, or the path of a SQLite file.
    pub database: String,
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
        Self::of(&command(about, listen, Some(database)).get_matches())
    }

    /// The address alone, of an example that has no database.
    #[must_use]
    pub fn listen_from_command_line(about: &'static str, listen: &'static str) -> String {
        Self::of(&command(about, listen, None).get_matches()).listen
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
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_example_explains_itself_and_takes_its_address() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
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
                main.contains("from_command_line(") || main.contains("::parse("),
                "{path} reads no command line"
            );
            assert!(
                !main.contains("3000))") && !main.contains("(\"127.0.0.1:3000\")"),
                "{path} listens where nobody can change it"
            );
            seen += 1;
        }
        assert!(seen >= 13, "{seen} examples");
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
