//! A server in a process of its own, and what the kernel says of it.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::param::clock_ticks_per_second;

use crate::{server::Subject, shape::Shape};

pub(crate) struct Server {
    process: Child,
    said: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// `place` is where a subject with a store keeps it.
    pub(crate) fn start(subject: Subject, shape: Shape, place: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", subject.name(), &shape.routes.to_string(), place])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().parse();
        let address = address.unwrap_or_else(|_| panic!("{} did not start", subject.name()));
        Self {
            process,
            said,
            address,
        }
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.process.id());
        std::fs::read_to_string(path).unwrap()
    }

    /// Resident memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.trim().parse().unwrap()
    }

    /// Processor time used so far, of all its threads.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        // Fields 14 and 15 of proc(5), the third being the first here.
        let ticks = [11, 12].map(|at| fields[at].parse::<u64>().unwrap());
        let seconds = (ticks[0] + ticks[1]) as f64 / clock_ticks_per_second() as f64;
        Duration::from_secs_f64(seconds)
    }

    /// Ends it in order: how many requests its store holds then, where it has one.
    pub(crate) fn end(mut self) -> Option<u64> {
        drop(self.process.stdin.take());
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert!(self.process.wait().unwrap().success());
        line.trim().parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
