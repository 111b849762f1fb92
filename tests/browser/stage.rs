//! A seeded database with a running demo.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

use api_metrics_tests::{ClickHouseDatabase, Cluster, PgDatabase, Process, sized};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "browser-test-token-of-the-demo-0001";

/// Eight days include a Monday and every retention tier but the last.
const DAYS: &str = "8";
/// Days with traffic minute by minute. Older traffic comes by the hour, which no case looks into.
const FINE: &str = "1";
/// A fifth of the shop's traffic shows the same patterns and is written sooner.
const LOAD: &str = "0.2";

/// The database that holds the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    /// With its buckets in ClickHouse.
    ClickHouse,
}

impl Kind {
    /// In `tests/run` those that most have; all in full size.
    pub(crate) fn all() -> &'static [Self] {
        sized(
            &[Self::Sqlite, Self::Postgres, Self::ClickHouse],
            &[Self::Sqlite, Self::Postgres],
        )
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::ClickHouse => "clickhouse",
        }
    }
}

enum Database {
    Sqlite(TempDir),
    Postgres(PgDatabase),
    ClickHouse(PgDatabase, ClickHouseDatabase),
    /// A server of its own, which the browser's program may stop.
    Own(Arc<Cluster>),
}

impl Database {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite://{}", folder.path().join("shop.db").display())
            }
            Self::Postgres(database) | Self::ClickHouse(database, _) => database.url(),
            Self::Own(cluster) => cluster.url(),
        }
    }
}

impl Database {
    /// Where the buckets are, if not there.
    fn buckets(&self) -> Option<(&'static str, String)> {
        match self {
            Self::ClickHouse(_, buckets) => Some(("API_METRICS_CLICKHOUSE_URL", buckets.named())),
            _ => None,
        }
    }
}

/// A running demo. Fields are dropped in order, the process before its database.
pub(crate) struct Stage {
    pub(crate) dashboard: String,
    /// A port that takes the lines `stop` and `start` for the database's server, where it is this stage's own.
    pub(crate) database_port: Option<u16>,
    _demo: Process,
    _database: Database,
}

impl Stage {
    /// Seeds a database and starts the demo on it.
    pub(crate) fn start(kind: Kind) -> Self {
        let database = match kind {
            Kind::Sqlite => Database::Sqlite(tempfile::tempdir().unwrap()),
            Kind::Postgres => {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                Database::Postgres(runtime.block_on(PgDatabase::create()))
            }
            Kind::ClickHouse => {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    let buckets = ClickHouseDatabase::create().await;
                    Database::ClickHouse(PgDatabase::create().await, buckets)
                })
            }
        };
        Self::seed(kind, &database);
        Self::serve(database)
    }

    /// Starts the demo on an empty database, whose server can be stopped.
    pub(crate) fn start_with_own_server() -> Self {
        let cluster = Arc::new(Cluster::start());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::downgrade(&cluster);
        // Ends with this program: it waits for connections, which nobody makes once the test is over.
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut line = String::new();
                BufReader::new(&connection).read_line(&mut line).unwrap();
                let Some(cluster) = server.upgrade() else {
                    return;
                };
                match line.trim() {
                    "stop" => cluster.crash(),
                    "start" => cluster.restart(),
                    other => panic!("neither stop nor start: {other}"),
                }
                connection.write_all(b"done\n").unwrap();
            }
        });
        let mut stage = Self::serve(Database::Own(cluster));
        stage.database_port = Some(port);
        stage
    }

    fn seed(kind: Kind, database: &Database) {
        let url = database.url();
        let seeded = Command::new(env!("CARGO_BIN_EXE_seed"))
            .envs(database.buckets())
            .args(["--database", &url, "--days", DAYS, "--fine", FINE])
            .args(["--load", LOAD, "--hostile", "true"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&seeded.stderr);
        assert!(
            seeded.status.success(),
            "the store could not be seeded: {stderr}"
        );
        print!(
            "{}: {}",
            kind.name(),
            String::from_utf8_lossy(&seeded.stdout)
        );
    }

    fn serve(database: Database) -> Self {
        let mut demo = Process::start(
            Command::new(env!("CARGO_BIN_EXE_demo"))
                .env("DEMO_LISTEN", "127.0.0.1:0")
                .env("DEMO_TRAFFIC", "5")
                .env(
                    "DEMO_TRACE_URL",
                    "https://traces.example/trace/{traceId}?span={spanId}",
                )
                .env("DEMO_ADMIN_TOKEN", TOKEN)
                .envs(database.buckets())
                .env("DATABASE_URL", database.url()),
        );
        let dashboard = demo.line(|line| Some(line.strip_prefix("dashboard")?.trim().to_owned()));
        Self {
            dashboard,
            database_port: None,
            _demo: demo,
            _database: database,
        }
    }
}
