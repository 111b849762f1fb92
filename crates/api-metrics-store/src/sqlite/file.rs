//! The file behind a store: which one it is, and why it can't be opened.
//!
//! On Unix a file that was deleted or replaced stays open, and everything written to it is gone with the
//! last descriptor. So the file that the path names is compared with the one that was prepared, before
//! and after each transaction that writes.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::store::{Misconfiguration, StoreError};

/// What tells one file from another that took its place.
#[cfg(unix)]
type Identity = (u64, u64);
/// Where there is no number of a file, the time at which it was made. An open file can't be deleted
/// there.
#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

/// The database file.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    /// Where it is; `None` for a database in memory.
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The file in which the schema was found.
    known: Option<Identity>,
    /// Whether the schema is there.
    prepared: bool,
    /// Connections that were opened before belong to a file that is gone.
    renewed: Option<Instant>,
}

impl DatabaseFile {
    pub(super) fn new(path: &Path) -> Self {
        let text = path.to_string_lossy();
        let in_memory = text.is_empty() || text.starts_with("file:") || text == ":memory:";
        Self {
            path: (!in_memory).then(|| path.to_owned()),
            state: Mutex::default(),
        }
    }

    /// Whether there is no file at all behind it.
    pub(super) const fn is_in_memory(&self) -> bool {
        self.path.is_none()
    }

    /// Whether the file is missing, or so far holds nothing.
    pub(super) async fn is_new(&self) -> bool {
        match &self.path {
            Some(path) => tokio::fs::metadata(path)
                .await
                .map_or(true, |found| found.len() == 0),
            None => false,
        }
    }

    /// Whether the schema was seen in this file.
    pub(super) fn is_prepared(&self) -> bool {
        self.state().prepared
    }

    /// The schema is there: from now on the path must name this file.
    pub(super) async fn prepared(&self) {
        let identity = self.identity().await;
        let mut state = self.state();
        state.known = identity;
        state.prepared = true;
    }

    /// Whether the path no longer names the file that was prepared.
    pub(super) async fn was_moved(&self) -> bool {
        let known = self.state().known;
        known.is_some() && self.identity().await != known
    }

    /// Forgets the file: all connections to it are closed instead of used again.
    pub(super) fn renew(&self) {
        *self.state() = State {
            renewed: Some(Instant::now()),
            ..State::default()
        };
    }

    /// Whether a connection of this age belongs to the file that the path names.
    pub(super) fn is_current(&self, age: Duration) -> bool {
        let renewed = self.state().renewed;
        renewed.is_none_or(|renewed| age < renewed.elapsed())
    }

    /// Tells of a file that is gone, on the log and to the caller.
    pub(super) fn moved(&self) -> StoreError {
        let path = self.shown();
        tracing::error!(
            path,
            "the SQLite file was deleted or replaced while it was in use: what it held is gone unless \
             you have a copy; the last minute is written to the file that is there now"
        );
        StoreError::Unavailable(format!("the file {path} was deleted or replaced").into())
    }

    /// An error that says why the file can't be opened, where the file system tells.
    pub(super) fn diagnosed(&self, error: StoreError) -> StoreError {
        const CANT_OPEN: u32 = 14;
        let code = error.code().and_then(|code| code.parse::<u32>().ok());
        if code.is_none_or(|code| code & 0xff != CANT_OPEN) {
            return error;
        }
        match self.path.as_deref().and_then(obstacle) {
            Some((what, why)) => StoreError::Misconfigured {
                what,
                cause: why.into(),
            },
            None => error,
        }
    }

    /// The path, fit for people.
    pub(super) fn shown(&self) -> String {
        let path = self.path.as_deref();
        path.map_or_else(|| ":memory:".to_owned(), |path| path.display().to_string())
    }

    /// The file that the path names now; `None` where there is none.
    async fn identity(&self) -> Option<Identity> {
        let found = tokio::fs::metadata(self.path.as_deref()?).await.ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Some((found.dev(), found.ino()))
        }
        #[cfg(not(unix))]
        Some(found.created().ok())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What keeps a file from being opened for writing, or made; `None` where nothing does, or something
/// that may pass.
fn obstacle(path: &Path) -> Option<(Misconfiguration, String)> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let shown = |path: &Path| path.display().to_string();
    match std::fs::metadata(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            let why = format!("{} does not exist", shown(folder));
            return Some((Misconfiguration::Directory, why));
        }
        Ok(found) if !found.is_dir() => {
            let why = format!("{} is no folder", shown(folder));
            return Some((Misconfiguration::Directory, why));
        }
        _ => {}
    }
    if path.is_dir() {
        let why = format!("{} is a folder", shown(path));
        return Some((Misconfiguration::NotADatabase, why));
    }
    let mut open = std::fs::OpenOptions::new();
    let is_new = !path.exists();
    let opened = open.read(true).write(true).create_new(is_new).open(path);
    if is_new && opened.is_ok() {
        // Only to find out. What can't be removed again does no harm.
        drop(std::fs::remove_file(path));
    }
    match opened {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            let why = format!("{}: {error}", shown(path));
            Some((Misconfiguration::Permission, why))
        }
        // A link to nowhere, and folders that don't take files, such as those of /proc.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = format!("{}: {error}", shown(path));
            Some((Misconfiguration::Directory, why))
        }
        _ => None,
    }
}
