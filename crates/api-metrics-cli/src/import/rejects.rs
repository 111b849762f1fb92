//! The lines that can't be read, kept as they are.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::source::{Source, is_one_file};
use crate::failure::Failure;

/// Where unreadable lines go; nowhere unless a file was named.
pub(super) struct Rejects(Option<(PathBuf, BufWriter<File>)>);

impl Rejects {
    /// Creates the file, unless it is one of the logs.
    pub(super) fn create(path: Option<&Path>, sources: &[Source]) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let is_log = |source: &Source| match source {
            Source::Stdin => false,
            Source::File(log) => is_one_file(log, path),
        };
        if sources.iter().any(is_log) {
            return Err(Failure::usage(format!(
                "--reject-file {} is one of the logs",
                path.display()
            )));
        }
        let file = File::create(path).map_err(|error| failed(path, &error))?;
        Ok(Self(Some((path.to_owned(), BufWriter::new(file)))))
    }

    pub(super) fn write(&mut self, line: &[u8]) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.0 else {
            return Ok(());
        };
        file.write_all(line)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| failed(path, &error))
    }

    pub(super) fn finish(mut self) -> Result<(), Failure> {
        match &mut self.0 {
            Some((path, file)) => file.flush().map_err(|error| failed(path, &error)),
            None => Ok(()),
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}
