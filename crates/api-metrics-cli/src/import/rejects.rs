//! The lines that can't be read, kept as they are.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::source::{Source, is_one_file};
use crate::failure::Failure;

/// Where unreadable lines go; nowhere unless a file was named. The file is made by the first of them, so
/// that an import which ends before leaves what an earlier one has written.
pub(super) struct Rejects {
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    /// Whether what stands in the file stays: an import that goes on adds to its own rejects.
    goes_on: bool,
}

impl Rejects {
    /// Names the file, which must be none of the logs.
    pub(super) fn new(path: Option<&Path>, sources: &[Source]) -> Result<Self, Failure> {
        let is_log = |source: &Source, path: &Path| match source {
            Source::Stdin => false,
            Source::File(log) => is_one_file(log, path),
        };
        if let Some(path) = path {
            if sources.iter().any(|source| is_log(source, path)) {
                return Err(Failure::usage(format!(
                    "--reject-file {} is one of the logs",
                    path.display()
                )));
            }
            if path.is_dir() {
                return Err(Failure::usage(format!(
                    "--reject-file {} is a folder",
                    path.display()
                )));
            }
        }
        Ok(Self {
            path: path.map(Path::to_owned),
            file: None,
            goes_on: false,
        })
    }

    /// Keeps what stands in the file.
    pub(super) const fn go_on(&mut self) {
        self.goes_on = true;
    }

    pub(super) fn write(&mut self, line: &[u8]) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let file = match &mut self.file {
            Some(file) => file,
            // Opened as it is and never replaced: it may be a device or a pipe.
            None => {
                let opened = File::options()
                    .create(true)
                    .write(true)
                    .append(self.goes_on)
                    .truncate(!self.goes_on)
                    .open(path)
                    .map_err(|error| failed(path, &error))?;
                self.file.insert(BufWriter::new(opened))
            }
        };
        file.write_all(line)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| failed(path, &error))
    }

    /// Hands everything over to the file, as before a flush that says that these lines were seen.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        match (&self.path, &mut self.file) {
            (Some(path), Some(file)) => file.flush().map_err(|error| failed(path, &error)),
            _ => Ok(()),
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}
