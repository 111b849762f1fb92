//! Where logs come from: files, patterns of names, stdin, and a file that is still written.

use std::{
    fs::{File, Metadata},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{decode, lines::Lines};
use crate::failure::Failure;

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

/// An open log, and the bar that shows how much of it was read.
pub(super) struct Opened {
    pub(super) lines: Lines,
    pub(super) progress: ProgressBar,
    /// Whether more may come as long as the program runs.
    pub(super) is_live: bool,
}

impl Opened {
    pub(super) fn new(
        source: &Source,
        follow: bool,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let named = |error: io::Error| Failure::failed(format!("{}: {error}", source.name()));
        let (stored, length, is_live): (Box<dyn Read + Send>, u64, bool) = match source {
            Source::Stdin => (Box::new(Piped::new(Arc::clone(stop))), 0, true),
            Source::File(path) => {
                let file = File::open(path).map_err(named)?;
                let about = file.metadata().map_err(named)?;
                if about.is_dir() {
                    let folder = io::Error::other("it is a folder, not a log");
                    return Err(named(folder));
                }
                if follow {
                    let followed = Followed {
                        path: path.clone(),
                        file,
                        position: 0,
                        ends_line: true,
                        silent_since: Instant::now(),
                        stop: Arc::clone(stop),
                    };
                    (Box::new(followed), 0, true)
                } else {
                    (Box::new(file), about.len(), false)
                }
            }
        };
        // Measured in bytes of the file as it is stored: how long the text is nobody knows before.
        // Without a terminal on stderr nothing is drawn.
        let progress = if is_live {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(length)
        };
        let template = "{wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left, {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            progress.set_style(style);
        }
        let counted: Box<dyn Read + Send> = Box::new(progress.wrap_read(stored));
        // A file that is followed is text: nobody appends to what is compressed.
        let text = if follow {
            Ok(counted)
        } else {
            decode::decoded(BufReader::with_capacity(128 * 1024, counted)).and_then(decode::as_utf8)
        };
        Ok(Self {
            lines: Lines::new(text.map_err(named)?),
            progress,
            is_live,
        })
    }
}

/// A file that is still written, and its successor when it is rotated.
struct Followed {
    path: PathBuf,
    file: File,
    position: u64,
    ends_line: bool,
    /// When the last bytes came.
    silent_since: Instant,
    stop: Arc<AtomicBool>,
}

impl Followed {
    /// The file that has the name now, if it is another one or was emptied.
    fn successor(&self) -> Option<File> {
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
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Before the read: what was written until the file was renamed is still in it.
            let successor = self.successor();
            let read = self.file.read(buffer)?;
            if read > 0 {
                self.position += read as u64;
                self.ends_line = buffer[read - 1] == b'\n';
                self.silent_since = Instant::now();
                return Ok(read);
            }
            if let Some(file) = successor {
                self.file = file;
                self.position = 0;
                self.silent_since = Instant::now();
                // A last line without its end is no start of the successor's first one.
                if let (false, Some(first)) = (self.ends_line, buffer.first_mut()) {
                    self.ends_line = true;
                    *first = b'\n';
                    return Ok(1);
                }
                continue;
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(0);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// Stdin, read by a thread of its own, so that a signal is seen while nothing comes.
struct Piped {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    stop: Arc<AtomicBool>,
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
