//! The command line.

use std::{fmt, path::PathBuf};

use api_metrics::store::text::without_password;

use crate::Failure;

pub(crate) const USAGE: &str = "\
usage: import_access_log FILE [--database URL] [--routes FILE]

  FILE             an access log in the combined format of Apache or nginx, plain or gzip;
                   the last field may be the request time in seconds (nginx $request_time)
  --database URL   postgres://… or the path of a SQLite file (default: demo-metrics.db)
  --routes FILE    route templates, one a line in axum's syntax (/users/{id}); what matches none
                   is <unmatched>. Without it the path without its query is the endpoint.";

/// What was asked for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) file: PathBuf,
    pub(crate) database: String,
    pub(crate) routes: Option<PathBuf>,
}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Args")
            .field("file", &self.file)
            .field("database", &without_password(&self.database))
            .field("routes", &self.routes)
            .finish()
    }
}

impl Args {
    /// `None`: help was asked for.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut words = words;
        let (mut file, mut database, mut routes) = (None, None, None);
        while let Some(word) = words.next() {
            let (name, mut given) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    (name.to_owned(), Some(value.to_owned()))
                }
                _ => (word, None),
            };
            let mut value = || {
                given
                    .take()
                    .or_else(|| words.next())
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name.as_str() {
                "-h" | "--help" => return Ok(None),
                "--database" => database = Some(value()?),
                "--routes" => routes = Some(value()?.into()),
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {}", without_password(option)));
                }
                path if file.is_none() => file = Some(path.into()),
                extra => {
                    let extra = without_password(extra);
                    return Err(format!("one file at a time: {extra} is one too many"));
                }
            }
        }
        Ok(Some(Self {
            file: file.ok_or("no file was given")?,
            database: database.unwrap_or_else(|| "demo-metrics.db".to_owned()),
            routes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Args>, Failure> {
        Args::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn options_stand_before_or_after_the_file_with_a_space_or_an_equals_sign() {
        let expected = Args {
            file: "access.log".into(),
            database: "postgres://db/app?a=b".into(),
            routes: Some("routes.txt".into()),
        };
        for words in [
            &[
                "access.log",
                "--database",
                "postgres://db/app?a=b",
                "--routes",
                "routes.txt",
            ][..],
            &[
                "--database=postgres://db/app?a=b",
                "--routes=routes.txt",
                "access.log",
            ],
        ] {
            assert_eq!(parse(words), Ok(Some(expected.clone())));
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (words, named) in [
            (&[][..], "no file"),
            (&["a", "b"], "b is one too many"),
            (&["a", "--database"], "--database needs a value"),
            (&["a", "--routes="], "--routes needs a value"),
            (&["a", "--verbose"], "--verbose"),
        ] {
            let failure = parse(words).err().unwrap_or_default();
            assert!(failure.contains(named), "{failure}");
        }
    }
}
