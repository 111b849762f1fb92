//! Programs under test, as separate processes.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

/// A running program whose output is read line by line; killed with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Shared between threads as part of what runs on it.
    lines: Mutex<Receiver<String>>,
    seen: Vec<String>,
}

impl Process {
    /// Starts it with no settings of this process's own environment that could change what it does.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = isolated(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let out = child.stdout.take().expect("stdout is piped");
        let err = child.stderr.take().expect("stderr is piped");
        // Both streams in one channel: the order between them does not matter to any test.
        let other = sender.clone();
        thread::spawn(move || pump(BufReader::new(out), &sender));
        thread::spawn(move || pump(BufReader::new(err), &other));
        Self {
            child,
            lines: Mutex::new(lines),
            seen: Vec::new(),
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that `pick` accepts, at most 60 s away.
    ///
    /// # Panics
    /// Where it ends or stays silent before, with everything it said.
    pub fn line<T>(&mut self, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match self
                .lines
                .get_mut()
                .expect("nobody panicked with it")
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let found = pick(&line);
                    self.seen.push(line);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(_) => panic!(
                    "the expected line never came; it said:\n{}",
                    self.seen.join("\n")
                ),
            }
        }
    }

    /// Sends a signal by its name, e.g. `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the process is there to be signalled");
    }

    /// Whether all of it stands still, as after the signal `STOP`, which takes effect a moment later.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let states = Command::new("ps")
            // Linux tells of each thread by itself.
            .args(cfg!(target_os = "linux").then_some("-L"))
            .args(["-o", "stat=", "-p", &self.child.id().to_string()])
            .output()
            .expect("ps runs");
        let states = String::from_utf8_lossy(&states.stdout);
        assert!(!states.is_empty(), "the process is there");
        states.lines().all(|state| state.starts_with('T'))
    }

    /// Waits for its end and tells how long that took and all that it has said.
    ///
    /// # Panics
    /// After 60 s.
    #[must_use]
    pub fn ended(self) -> Ended {
        self.ended_within(Duration::from_secs(60))
    }

    /// As [`ended`](Self::ended), for a process that has more to do first.
    ///
    /// # Panics
    /// After `limit`.
    #[must_use]
    pub fn ended_within(mut self, limit: Duration) -> Ended {
        let started = Instant::now();
        let lines = self.lines.get_mut().expect("nobody panicked with it");
        let status = loop {
            // The pipes close when the process ends, or nearly so: reading them is the wait.
            match lines.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => self.seen.push(line),
                Err(_) => {
                    if let Some(status) =
                        self.child.try_wait().expect("the child can be waited for")
                    {
                        break status;
                    }
                    assert!(
                        started.elapsed() < limit,
                        "the process does not end; it said:\n{}",
                        self.seen.join("\n")
                    );
                }
            }
        };
        let took = started.elapsed();
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(1)) {
            self.seen.push(line);
        }
        Ended {
            status,
            took,
            output: self.seen.join("\n"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// From the call to its end.
    pub took: Duration,
    /// Everything it wrote to stdout and stderr.
    pub output: String,
}

/// `command` without the settings that the caller's environment might hold; what was set on the
/// command itself stays.
pub fn isolated(command: &mut Command) -> &mut Command {
    let given: Vec<_> = command
        .get_envs()
        .map(|(name, _)| name.to_owned())
        .collect();
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours =
            text.starts_with("API_METRICS_") || text.starts_with("DEMO_") || text == "DATABASE_URL";
        if ours && !given.contains(&name) {
            command.env_remove(&name);
        }
    }
    command
}

fn pump(reader: impl BufRead, lines: &mpsc::Sender<String>) {
    for line in reader.lines().map_while(Result::ok) {
        if lines.send(line).is_err() {
            break;
        }
    }
}

/// A port of 127.0.0.1 that nothing listens on.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port()
}
