//! ClickHouse's engine of today, one node, and databases in it.

use std::{path::Path, process::Command};

use api_metrics_clickhouse::ClickHouse as ChStore;
use tempfile::TempDir;

use super::ask;
use crate::{
    packages::python_packages,
    process::{Process, free_port},
    wait::eventually,
};

/// An engine of a test's own, to be killed and started again. Its data are removed with this value.
#[derive(Debug)]
pub struct ClickHouse {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl ClickHouse {
    /// Starts it with an empty folder.
    ///
    /// # Panics
    /// Where the engine can't be installed or doesn't start: such a test fails, it is never skipped.
    #[must_use]
    pub fn start() -> Self {
        let mut engine = Self {
            folder: tempfile::tempdir().expect("the temporary folder is writable"),
            port: free_port(),
            process: None,
        };
        engine.restart();
        engine
    }

    /// Where it answers, now and after a restart.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it, as a crash would. Nothing answers until it is [restarted](Self::restart).
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal("KILL");
        }
    }

    /// Starts it with the data that it has, if it does not run.
    ///
    /// # Panics
    /// Where it doesn't start.
    pub fn restart(&mut self) {
        if self.process.is_some() {
            return;
        }
        let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join("clickhouse/bridge.py");
        let mut process = Process::start(
            Command::new("python3")
                .arg(bridge)
                .arg(self.folder.path())
                .arg(self.port.to_string())
                .env("PYTHONPATH", python_packages("clickhouse")),
        );
        process.line(|line| line.starts_with("listening").then_some(()));
        self.process = Some(process);
    }
}

/// A database of a test's own, on the server that `CLICKHOUSE_URL` names, or on its cluster that `CLICKHOUSE_CLUSTER` names,
/// else on an engine of the test's own. Dropped with that engine, or with the server of the run.
#[derive(Debug)]
pub struct ClickHouseDatabase {
    url: String,
    name: String,
    cluster: Option<String>,
    /// Ends with this value.
    _own: Option<ClickHouse>,
}

impl ClickHouseDatabase {
    /// Creates it.
    ///
    /// # Panics
    /// Where no server answers.
    pub async fn create() -> Self {
        let (url, own) = match std::env::var("CLICKHOUSE_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let own = ClickHouse::start();
                (own.url(), Some(own))
            }
        };
        let cluster = std::env::var("CLICKHOUSE_CLUSTER").ok();
        let name = format!("api_metrics_test_{}", uuid::Uuid::new_v4().simple());
        eventually("a server that creates databases", async || {
            let on = on(cluster.as_deref());
            let sql = format!("CREATE DATABASE IF NOT EXISTS {name}{on}");
            ask(&url, "", &sql).await.ok()
        })
        .await;
        Self {
            url,
            name,
            cluster,
            _own: own,
        }
    }

    /// Its server's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A store's connection to it. The engine of today takes nothing that is compressed.
    ///
    /// # Panics
    /// Where its address is no URL.
    #[must_use]
    pub fn connect(&self) -> ChStore {
        ChStore::connect_lazy(&self.named()).expect("its address is a URL")
    }

    /// The URL that names it to a store.
    #[must_use]
    pub fn named(&self) -> String {
        match &self.cluster {
            None => format!("{}/{}?compression=none", self.url, self.name),
            Some(cluster) => format!("{}/{}?cluster={cluster}", self.url, self.name),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement in it and gives its answer.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn ask(&self, sql: &str) -> String {
        ask(&self.url, &self.name, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Drops it, for tests that make many.
    pub async fn remove(self) {
        let on = on(self.cluster.as_deref());
        self.ask(&format!("DROP DATABASE {}{on}", self.name)).await;
    }
}

fn on(cluster: Option<&str>) -> String {
    cluster.map_or_else(String::new, |name| format!(" ON CLUSTER {name}"))
}
