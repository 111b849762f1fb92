//! How the program ends.

use std::{fmt, process::ExitCode};

/// What ends the program, and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code: see [`Failure::FAILED`] and the others.
    pub(crate) code: u8,
    /// A sentence that names what went wrong where.
    pub(crate) text: String,
}

impl Failure {
    /// A file or the database failed.
    pub(crate) const FAILED: u8 = 1;
    /// The command line or the settings make no sense.
    pub(crate) const USAGE: u8 = 2;
    /// The input is no log, or has more unreadable lines than allowed.
    pub(crate) const REFUSED: u8 = 3;
    /// The log was imported before.
    pub(crate) const KNOWN: u8 = 4;
    /// A signal came before the end; what was read until then is stored.
    pub(crate) const INTERRUPTED: u8 = 130;

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self {
            code: Self::FAILED,
            text: text.into(),
        }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            code: Self::USAGE,
            text: text.into(),
        }
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self {
            code: Self::REFUSED,
            text: text.into(),
        }
    }

    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self {
            code: Self::KNOWN,
            text: text.into(),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
