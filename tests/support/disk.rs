//! A disk that is full, or fails, while a test says so: for the SQLite file of another process.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// How writes fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// No space is left.
    Full,
    /// The disk does not do what it is asked.
    Broken,
}

/// A switch for the disk of processes that were started with it. Whoever runs the test, and wherever:
/// the writes of the process pass through a library that is preloaded.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// A disk that works.
    ///
    /// # Panics
    /// Where there is no C compiler.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("disk.so"))
            .arg(source)
            .arg("-ldl")
            .status()
            .expect("cc runs: run `tests/run --prepare`");
        assert!(compiled.success(), "the library compiles");
        Self { folder }
    }

    /// The settings of a process that writes to it.
    #[must_use]
    pub fn settings(&self) -> [(&'static str, String); 2] {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("LD_PRELOAD", path("disk.so")),
            ("DISK_FAULTS", path("faults")),
        ]
    }

    /// From now on one in so many writes fails.
    ///
    /// # Panics
    /// Where the switch can't be written.
    pub fn fail(&self, how: DiskFault, one_in: u64) {
        let name = match how {
            DiskFault::Full => "ENOSPC",
            DiskFault::Broken => "EIO",
        };
        let new = self.folder.path().join("next");
        std::fs::write(&new, format!("{name} {one_in}")).expect("the switch is written");
        std::fs::rename(new, self.switch()).expect("the switch is turned");
    }

    /// From now on every write succeeds.
    pub fn mend(&self) {
        // Nothing to mend is as good.
        let _ = std::fs::remove_file(self.switch());
    }

    fn switch(&self) -> PathBuf {
        self.folder.path().join("faults")
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}
