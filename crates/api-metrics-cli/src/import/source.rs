//! Where logs come from: files, patterns of names, stdin, and a file that is still written.

use std::{
    fs::{File, Metadata},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{decode, lines::Lines};
use crate::{failure::Failure, progress::Progress};

/// How often a file that is followed is looked at, and how soon a signal is seen.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a renamed file must be silent: a server's workers write into it for a moment after its
/// successor is there.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// The logs that the arguments name: `-`, paths, and patterns (`access.log*`) for shells that leave
/// them as they are. Patterns give their files in the order of their names.
pub(super) fn sources(arguments: &[String]) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for argument in arguments {
        let path = PathBuf::from(argument);
        let is_pattern = argument.contains(['*', '?', '[']) && !path.exists();
        if argument == "-" {
            sources.push(Source::Stdin);
        } else if is_pattern {
            let found = glob::glob(argument)
                .map_err(|error| Failure::usage(format!("{argument}: {error}")))?;
            let before = sources.len();
            for path in found {
                let path = path.map_err(|error| Failure::failed(error.to_string()))?;
                if !path.is_dir() {
                    sources.push(Source::File(path));
                }
            }
            if sources.len() == before {
                return Err(Failure::failed(format!(
                    "{argument}: no file has such a name"
                )));
            }
        } else {
            sources.push(Source::File(path));
        }
    }
    for (index, source) in sources.iter().enumerate() {
        if sources[..index].contains(source) {
            return Err(Failure::usage(format!("{} is named twice", source.name())));
        }
    }
    Ok(sources)
}

/// An open log, and how far it was read.
pub(super) struct Opened {
    pub(super) lines: Lines,
    pub(super) progress: Progress,
    /// Whether more may come as long as the program runs.
    pub(super) is_live: bool,
    /// The file that took the place of the one that is followed.
    successor: Successor,
}

/// Where a file that took another's place is handed over.
type Successor = Arc<Mutex<Option<File>>>;

impl Opened {
    pub(super) fn new(
        source: &Source,
        follow: bool,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let named = |error: io::Error| Failure::failed(format!("{}: {error}", source.name()));
        match source {
            Source::Stdin => {
                let stdin = Piped::new(Arc::clone(stop));
                let idles = Arc::clone(&stdin.idles);
                let (opened, is_plain) =
                    Self::from_stored(Box::new(stdin), 0, true).map_err(named)?;
                // A decoder would take a pause for a failure.
                idles.store(is_plain, Ordering::Relaxed);
                Ok(opened)
            }
            Source::File(path) => {
                let file = File::open(path).map_err(named)?;
                let about = file.metadata().map_err(named)?;
                if about.is_dir() {
                    return Err(named(io::Error::other("it is a folder, not a log")));
                }
                if follow {
                    return Ok(Self::followed(path, file, stop));
                }
                // A pipe with a name has no length, and ends when its writer does.
                let length = if about.is_file() { about.len() } else { 0 };
                let opened = Self::from_stored(Box::new(file), length, false);
                opened.map(|(opened, _)| opened).map_err(named)
            }
        }
    }

    /// Also whether the text is given as it is stored.
    fn from_stored(
        stored: Box<dyn Read + Send>,
        length: u64,
        is_live: bool,
    ) -> io::Result<(Self, bool)> {
        let progress = Progress::new(length, "lines");
        let counted = BufReader::with_capacity(128 * 1024, progress.count(stored));
        let decode::Text { text, is_plain } = decode::decoded(counted)?;
        let opened = Self {
            lines: Lines::new(text),
            progress,
            is_live,
            successor: Successor::default(),
        };
        Ok((opened, is_plain))
    }

    /// A file that is followed is text: nobody appends to what is compressed.
    fn followed(path: &Path, file: File, stop: &Arc<AtomicBool>) -> Self {
        let successor = Successor::default();
        let followed = Followed {
            path: path.to_owned(),
            file,
            position: 0,
            silent_since: Instant::now(),
            stop: Arc::clone(stop),
            successor: Arc::clone(&successor),
        };
        Self {
            lines: Lines::new(Box::new(followed)).leaving_unended(Arc::clone(stop)),
            progress: Progress::new(0, "lines"),
            is_live: true,
            successor,
        }
    }

    /// The file that took the place of this one, from its start.
    pub(super) fn successor(&self, source: &Source, stop: &Arc<AtomicBool>) -> Option<Self> {
        let mut successor = self
            .successor
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (successor.take(), source) {
            (Some(file), Source::File(path)) => Some(Self::followed(path, file, stop)),
            _ => None,
        }
    }
}

/// A file that is still written, until another one takes its place.
struct Followed {
    path: PathBuf,
    file: File,
    position: u64,
    /// When the last bytes came.
    silent_since: Instant,
    stop: Arc<AtomicBool>,
    successor: Successor,
}

impl Followed {
    /// The file that has the name now, if it is another one or was emptied.
    fn find_successor(&self) -> Option<File> {
        let ours = self.file.metadata().ok()?;
        let file = File::open(&self.path).ok()?;
        let theirs = file.metadata().ok()?;
        let is_another = !is_same(&ours, &theirs) && self.silent_since.elapsed() >= LAST_WORDS;
        (is_another || ours.len() < self.position).then_some(file)
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

impl Read for Followed {
    /// Ends where the file has a successor; `WouldBlock` where nothing came for a moment.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Before the read: what was written until the file was renamed is still in it.
        let successor = self.find_successor();
        let read = self.file.read(buffer)?;
        if read > 0 {
            self.position += read as u64;
            self.silent_since = Instant::now();
            return Ok(read);
        }
        if successor.is_some() {
            *self
                .successor
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = successor;
            return Ok(0);
        }
        if self.stop.load(Ordering::Relaxed) {
            return Ok(0);
        }
        thread::sleep(LOOK_EVERY);
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// Stdin, read by a thread of its own, so that a signal is seen while nothing comes.
struct Piped {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    stop: Arc<AtomicBool>,
    /// Whether a pause is told (`WouldBlock`) instead of waited for.
    idles: Arc<AtomicBool>,
}

impl Piped {
    fn new(stop: Arc<AtomicBool>) -> Self {
        let (sender, chunks) = sync_channel(4);
        thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut chunk = vec![0; 256 * 1024];
                let read = stdin.read(&mut chunk).map(|read| {
                    chunk.truncate(read);
                    chunk
                });
                let is_last = read.as_ref().map_or(true, Vec::is_empty);
                if sender.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        Self {
            chunks,
            chunk: Vec::new(),
            at: 0,
            stop,
            idles: Arc::default(),
        }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.chunks.recv_timeout(LOOK_EVERY) {
                Ok(chunk) => {
                    self.chunk = chunk?;
                    self.at = 0;
                    if self.chunk.is_empty() {
                        return Ok(0);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if self.stop.load(Ordering::Relaxed) => {
                    return Ok(0);
                }
                Err(RecvTimeoutError::Timeout) if self.idles.load(Ordering::Relaxed) => {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let rest = &self.chunk[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Whether two paths name one file.
pub(super) fn is_one_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
