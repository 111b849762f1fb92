//! A database with a history, and a demo over it.

use std::process::{Command, Stdio};

use api_metrics_tests::{PgDatabase, Process};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "browser-test-token";

/// Eight days hold a Monday and every step of retention but the last.
const DAYS: &str = "8";
/// Beyond these days an hour's traffic may come at once: no case looks closer.
const FINE: &str = "1";
/// A fifth of the shop's traffic shows the same, sooner.
const LOAD: &str = "0.2";

/// Where the history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

enum Database {
    Sqlite(TempDir),
    Postgres(PgDatabase),
}

impl Database {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite://{}", folder.path().join("shop.db").display())
            }
            Self::Postgres(database) => database.url(),
        }
    }
}

/// A running demo. Fields end in their order: the process before its database.
pub(crate) struct Stage {
    pub(crate) dashboard: String,
    _demo: Process,
    _database: Database,
}

impl Stage {
    /// Seeds and starts.
    pub(crate) fn start(kind: Kind) -> Self {
        let database = match kind {
            Kind::Sqlite => Database::Sqlite(tempfile::tempdir().unwrap()),
            Kind::Postgres => {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                Database::Postgres(runtime.block_on(PgDatabase::create()))
            }
        };
        let url = database.url();
        let seeded = Command::new(env!("CARGO_BIN_EXE_seed"))
            .args(["--database", &url, "--days", DAYS, "--fine", FINE])
            .args(["--load", LOAD, "--hostile", "true"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&seeded.stderr);
        assert!(
            seeded.status.success(),
            "the store could not be seeded: {said}"
        );
        print!(
            "{}: {}",
            kind.name(),
            String::from_utf8_lossy(&seeded.stdout)
        );
        let mut demo = Process::start(
            Command::new(env!("CARGO_BIN_EXE_demo"))
                .env("DEMO_LISTEN", "127.0.0.1:0")
                .env("DEMO_TRAFFIC", "5")
                .env("DEMO_ADMIN_TOKEN", TOKEN)
                .env("DATABASE_URL", &url),
        );
        let dashboard = demo.line(|line| Some(line.strip_prefix("dashboard")?.trim().to_owned()));
        Self {
            dashboard,
            _demo: demo,
            _database: database,
        }
    }
}
