//! A pooler in front of the tests' server.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::{PgDatabase, Process};

/// A real pgbouncer in transaction mode, with hardly any settings; ended with this value.
#[derive(Debug)]
pub struct PgBouncer {
    _process: Process,
    _folder: TempDir,
    url: String,
}

impl PgBouncer {
    /// Starts it in front of a database, with at most `servers` connections to it.
    ///
    /// # Panics
    /// Where pgbouncer is missing: such a test fails, it is never skipped.
    #[must_use]
    pub fn start(database: &PgDatabase, servers: u32) -> Self {
        let direct: reqwest::Url = database.url().parse().expect("DATABASE_URL is a URL");
        let port = crate::process::free_port();
        let password = direct
            .password()
            .map_or_else(String::new, |word| format!(" password={word}"));
        // As root it changes to this user; otherwise the line means nothing.
        let settings = format!(
            "[databases]\n* = host={} port={} user={}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = {servers}\n{}",
            direct.host_str().expect("DATABASE_URL names a host"),
            direct.port().unwrap_or(5432),
            direct.username(),
            if crate::cluster::is_root() {
                "user = postgres\n"
            } else {
                ""
            },
        );
        let folder = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()
            .expect("the temporary folder is writable");
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("the settings are written");
        let mut process = Process::start(Command::new(program()).arg(&file));
        process.line(|line| line.contains("process up").then_some(()));
        let mut url = direct;
        url.set_password(None).expect("the URL has a host");
        url.set_host(Some("127.0.0.1")).expect("an address");
        url.set_port(Some(port)).expect("a port");
        // It speaks no TLS here, and none is needed on this machine.
        url.set_query(Some("sslmode=disable"));
        Self {
            _process: process,
            _folder: folder,
            url: url.into(),
        }
    }

    /// The database's URL through it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn program() -> PathBuf {
    let folders = std::env::var_os("PATH");
    let folders = folders.iter().flat_map(std::env::split_paths);
    folders
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("pgbouncer"))
        .find(|path| path.is_file())
        .expect("pgbouncer is installed: run `tests/run --prepare`")
}
