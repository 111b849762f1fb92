//! How far an import is, on a terminal that looks on.

use std::{
    io::{self, IsTerminal, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::terminal;

/// Nobody reads faster.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// A line on stderr that is drawn again and again; nothing where stderr is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    /// Bytes of the file as it is stored; 0 where nobody knows.
    length: u64,
    read: Arc<AtomicU64>,
    started: Instant,
    drawn: Option<Instant>,
    is_visible: bool,
}

impl Progress {
    pub(super) fn new(length: u64) -> Self {
        Self {
            length,
            read: Arc::default(),
            started: Instant::now(),
            drawn: None,
            is_visible: length > 0 && io::stderr().is_terminal(),
        }
    }

    /// Counts what is read of the file.
    pub(super) fn count(&self, inner: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        Box::new(Counted {
            inner,
            read: Arc::clone(&self.read),
        })
    }

    /// Draws the line anew, if it is time to.
    pub(super) fn show(&mut self, lines: u64) {
        let is_due = |drawn: Instant| drawn.elapsed() >= DRAW_EVERY;
        if !self.is_visible || !self.drawn.is_none_or(is_due) {
            return;
        }
        self.drawn = Some(Instant::now());
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let read = self.read.load(Ordering::Relaxed).min(self.length);
        let share = read as f64 / self.length as f64;
        let left = if share > 0.0 {
            seconds / share - seconds
        } else {
            0.0
        };
        draw(&format!(
            "\r\x1b[K{:5.1}%  {lines} lines, {:.0} a second, {left:.0} s left",
            share * 100.0,
            lines as f64 / seconds
        ));
    }

    /// Tells something above the line.
    pub(super) fn say(&mut self, text: &str) {
        self.clear();
        terminal::err(text);
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            draw("\r\x1b[K");
        }
    }
}

/// A terminal that is gone must not end an import.
fn draw(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
