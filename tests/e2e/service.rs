//! The demo as a process.

use std::{process::Command, time::Duration};

use api_metrics_tests::{Process, process::Ended};

use crate::admin::Admin;

/// A running demo and how to reach it.
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) base: String,
    pub(crate) admin: Admin,
}

impl Demo {
    /// Starts it on a free port and reads from its own words where it is and how to sign in.
    pub(crate) fn start(database: &str, traffic: &str) -> Self {
        Self::start_with(database, traffic, &[])
    }

    pub(crate) fn start_with(database: &str, traffic: &str, settings: &[(&str, &str)]) -> Self {
        let mut process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_demo"))
                .env("DEMO_LISTEN", "127.0.0.1:0")
                .env("DEMO_TRAFFIC", traffic)
                .env("DATABASE_URL", database)
                .envs(settings.iter().copied()),
        );
        let dashboard = process.line(|line| word_after(line, "dashboard"));
        let token = process.line(|line| word_after(line, "sign in"));
        let base = dashboard
            .strip_suffix("/admin/")
            .expect("the dashboard is at /admin/")
            .to_owned();
        Self {
            process,
            admin: Admin::new(&dashboard, &token),
            base,
        }
    }

    /// Sends a signal and waits for the end.
    pub(crate) async fn end_by(self, signal: &str) -> Ended {
        self.process.signal(signal);
        let process = self.process;
        tokio::task::spawn_blocking(move || process.ended())
            .await
            .unwrap()
    }

    /// An orderly end, checked.
    pub(crate) async fn stop(self) {
        let ended = self.end_by("TERM").await;
        assert!(ended.status.success(), "{}", ended.output);
        assert!(
            ended.took < Duration::from_secs(5),
            "{:?}: {}",
            ended.took,
            ended.output
        );
    }
}

fn word_after(line: &str, label: &str) -> Option<String> {
    let rest = line.strip_prefix(label)?;
    Some(rest.trim().to_owned())
}
