//! How far the work is, on a terminal that looks on.

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
pub(crate) struct Progress {
    /// All of the work, such as bytes of a file; 0 where nobody knows.
    length: u64,
    /// What of it is done.
    done: Arc<AtomicU64>,
    /// What is counted beside, such as `lines`.
    unit: &'static str,
    started: Instant,
    drawn: Option<Instant>,
    is_visible: bool,
}

impl Progress {
    pub(crate) fn new(length: u64, unit: &'static str) -> Self {
        Self {
            length,
            done: Arc::default(),
            unit,
            started: Instant::now(),
            drawn: None,
            is_visible: length > 0 && io::stderr().is_terminal(),
        }
    }

    /// Counts what is read of the file.
    pub(crate) fn count(&self, inner: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        Box::new(Counted {
            inner,
            done: Arc::clone(&self.done),
        })
    }

    /// Where what is done is counted.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }

    /// Draws the line anew, if it is time to.
    pub(crate) fn show(&mut self, count: u64) {
        let is_due = |drawn: Instant| drawn.elapsed() >= DRAW_EVERY;
        if !self.is_visible || !self.drawn.is_none_or(is_due) {
            return;
        }
        self.drawn = Some(Instant::now());
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let done = self.done.load(Ordering::Relaxed).min(self.length);
        let share = done as f64 / self.length as f64;
        let left = if share > 0.0 {
            seconds / share - seconds
        } else {
            0.0
        };
        draw(&format!(
            "\r\x1b[K{:5.1}%  {count} {}, {:.0} a second, {left:.0} s left",
            share * 100.0,
            self.unit,
            count as f64 / seconds
        ));
    }

    /// Tells something above the line.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        terminal::err(text);
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
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
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
