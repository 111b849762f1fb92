//! A database of its own for every test.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use api_metrics_store::{store::StoreOptions, time::Clock};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

/// A store's options that wait for a connection for as long as a busy machine may need to make one.
pub fn patient() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.acquire_timeout = Duration::from_secs(60);
    options
}

/// [`patient`], by `clock` instead of the database's.
#[must_use]
pub fn patient_by(clock: Arc<dyn Clock>) -> StoreOptions {
    let mut options = patient();
    options.clock = Some(clock);
    options
}

/// A fresh Postgres database on the server that `DATABASE_URL` names; dropped with this value or soon after, its
/// remaining connections cut.
#[derive(Debug)]
pub struct PgDatabase {
    server: String,
    name: String,
    snapshots: Vec<String>,
    roles: Vec<String>,
}

impl PgDatabase {
    /// Creates it.
    ///
    /// # Panics
    /// Where `DATABASE_URL` is unset or its user may not create databases: a test that needs
    /// Postgres fails without it, it is never skipped.
    pub async fn create() -> Self {
        let server = server_url();
        let name = format!("api_metrics_test_{}", uuid::Uuid::new_v4().simple());
        let mut connection = PgConnection::connect(&server)
            .await
            .expect("the server of DATABASE_URL answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("the user of DATABASE_URL may create databases");
        connection.close().await.expect("the connection closes");
        Self {
            server,
            name,
            snapshots: Vec::new(),
            roles: Vec::new(),
        }
    }

    /// The URL under which services reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let (base, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let authority = base.find("://").expect("DATABASE_URL is a URL") + 3;
        let end = base[authority..]
            .find('/')
            .map_or(base.len(), |at| authority + at);
        let mut url = format!("{}/{}", &base[..end], self.name);
        if !query.is_empty() {
            url.push('?');
            url.push_str(query);
        }
        url
    }

    /// The address of its server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let options = self.options();
        let host = options.get_host().to_owned();
        (host.as_str(), options.get_port())
            .to_socket_addrs()
            .expect("the server's name is known")
            .next()
            .expect("the server has an address")
    }

    /// The same database, reached by another address.
    #[must_use]
    pub fn url_through(&self, address: SocketAddr) -> String {
        let options = self.options();
        let direct = format!("{}:{}", options.get_host(), options.get_port());
        let url = self.url();
        assert!(url.contains(&direct), "DATABASE_URL names host and port");
        url.replacen(&direct, &address.to_string(), 1)
    }

    /// Makes an ordinary role that may log in, dropped with this value; gives its name.
    pub async fn role(&mut self) -> String {
        let role = format!("{}_r{}", self.name, self.roles.len());
        self.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'test'"))
            .await;
        self.roles.push(role.clone());
        role
    }

    /// The URL under which this role reaches it.
    #[must_use]
    pub fn url_of(&self, role: &str) -> String {
        let options = self.options();
        format!(
            "postgres://{role}:test@{}:{}/{}",
            options.get_host(),
            options.get_port(),
            self.name
        )
    }

    /// Runs a statement in it as the user of `DATABASE_URL`.
    pub async fn admin(&self, sql: &str) {
        let mut connection = PgConnection::connect_with(&self.options())
            .await
            .expect("the database answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("the statement runs");
        connection.close().await.expect("the connection closes");
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Copies it as it is into a snapshot to go back to, dropped with this value. Its connections break.
    ///
    /// # Panics
    /// Where somebody connects again at once.
    pub async fn snapshot(&mut self) -> usize {
        let to = format!("{}_{}", self.name, self.snapshots.len());
        self.copy(&self.name, &to).await;
        self.snapshots.push(to);
        self.snapshots.len() - 1
    }

    /// Goes back to a snapshot, as a restore or a failover to a replica that lags would. Its connections
    /// break.
    ///
    /// # Panics
    /// As [`snapshot`](Self::snapshot).
    pub async fn restore(&self, snapshot: usize) {
        self.copy(&self.snapshots[snapshot], &self.name).await;
    }

    async fn copy(&self, from: &str, to: &str) {
        let mut admin = PgConnection::connect(&self.server)
            .await
            .expect("the server of DATABASE_URL answers");
        // The settings of a database are not copied with it.
        let settings: Vec<String> = sqlx::query_scalar(
            "SELECT unnest(setconfig) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase \
             WHERE d.datname = $1",
        )
        .bind(from)
        .fetch_all(&mut admin)
        .await
        .expect("its settings can be read");
        let statements = [
            // Services connect again at once, and a connection would refuse the copy.
            format!("ALTER DATABASE {from} WITH ALLOW_CONNECTIONS false"),
            format!(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{from}'"
            ),
            format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"),
            format!("CREATE DATABASE {to} TEMPLATE {from}"),
            format!("ALTER DATABASE {from} WITH ALLOW_CONNECTIONS true"),
        ];
        let settings = settings
            .iter()
            .filter_map(|setting| setting.split_once('='))
            .map(|(name, value)| format!("ALTER DATABASE {to} SET {name} = '{value}'"));
        for statement in statements.into_iter().chain(settings) {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .expect("the user of DATABASE_URL may copy databases");
        }
        admin.close().await.expect("the connection closes");
    }

    /// How to connect to it.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.server
            .parse::<PgConnectOptions>()
            .expect("DATABASE_URL is a Postgres URL")
            .database(&self.name)
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        let mut names = std::mem::take(&mut self.snapshots);
        names.push(self.name.clone());
        let roles = std::mem::take(&mut self.roles);
        // To drop a database waits for every connection of the server that is being signed in. One of this test's own
        // may be, and would not get on while this waits: so the runner drops it, where there is one that does.
        let removed = match std::env::var_os("TESTS_LEFT_DATABASES") {
            Some(folder) => leave(Path::new(&folder), &names),
            None => remove(self.server.clone(), names, roles),
        };
        if let Err(error) = removed {
            eprintln!("a test database was left behind: {error}");
        }
    }
}

/// Leaves databases to whoever looks into the folder for files of their names.
fn leave(folder: &Path, names: &[String]) -> Result<(), String> {
    names
        .iter()
        .try_for_each(|name| std::fs::write(folder.join(name), b""))
        .map_err(|error| error.to_string())
}

/// On a thread and a runtime of its own: this may run on a test's runtime thread, which must not block on itself, or
/// after that runtime has gone.
fn remove(server: String, names: Vec<String>, roles: Vec<String>) -> Result<(), String> {
    let databases = names.into_iter();
    let databases = databases.map(|name| format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    let roles = roles.into_iter();
    let roles = roles.map(|role| format!("DROP ROLE IF EXISTS {role}"));
    let statements: Vec<String> = databases.chain(roles).collect();
    let removed = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?
            .block_on(async move {
                let mut connection = PgConnection::connect(&server).await?;
                for statement in statements {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                        .execute(&mut connection)
                        .await?;
                }
                connection.close().await
            })
            .map_err(|error| error.to_string())
    });
    removed
        .join()
        .unwrap_or_else(|_| Err("its thread panicked".to_owned()))
}

fn server_url() -> String {
    std::env::var("DATABASE_URL").expect(
        "this test needs Postgres: run `tests/run`, which starts a throwaway cluster, or set DATABASE_URL to a server \
         whose user may create databases",
    )
}

/// A path for a fresh SQLite file in a folder of its own, removed with this value.
#[derive(Debug)]
pub struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    /// Makes the folder, not the file: in the folder that `TESTS_SQLITE_FOLDER` names, which may lie in memory.
    #[must_use]
    pub fn create() -> Self {
        let Some(folder) = std::env::var_os("TESTS_SQLITE_FOLDER") else {
            return Self::on_disk();
        };
        Self {
            folder: tempfile::tempdir_in(folder).expect("the folder for SQLite is writable"),
        }
    }

    /// The same on the disk, for tests that kill the process that writes it, or let the disk fail.
    #[must_use]
    pub fn on_disk() -> Self {
        Self {
            folder: tempfile::tempdir().expect("the temporary folder is writable"),
        }
    }

    /// Where the file is to be.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("metrics.db")
    }

    /// The same as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }
}
