//! A Postgres server of a test's own, to be restarted in the middle.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A throwaway cluster that syncs to disk; stopped and removed with this value.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes and starts it.
    ///
    /// # Panics
    /// Where Postgres' programs are missing: such a test fails, it is never skipped.
    #[must_use]
    pub fn start() -> Self {
        let cluster = Self::prepared();
        let data = cluster.data();
        cluster.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
            ],
        );
        cluster.restart();
        cluster
    }

    /// Makes and starts a streaming standby of this one.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn standby(&self) -> Self {
        let standby = Self::prepared();
        let (data, port) = (standby.data(), self.port.to_string());
        standby.run(
            "pg_basebackup",
            &[
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-D",
                &data,
                "--write-recovery-conf",
                "--checkpoint=fast",
            ],
        );
        standby.restart();
        standby
    }

    /// Makes a server of its own of a standby.
    pub fn promote(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
    }

    /// A folder that Postgres' programs may write, and a port.
    fn prepared() -> Self {
        let folder = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o711))
            .tempdir()
            .expect("the temporary folder is writable");
        let port = crate::process::free_port();
        let cluster = Self {
            programs: programs(),
            folder,
            port,
        };
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(cluster.folder.path())
                .status();
            assert!(
                owned.expect("chown runs").success(),
                "run as root, it needs a user named postgres"
            );
        }
        cluster
    }

    /// Kills every process of it at once, as a crash would, and starts it again.
    pub fn crash_and_restart(&self) {
        self.crash();
        self.restart();
    }

    /// Kills every process of it at once, as a crash would. To be [restarted](Self::restart).
    pub fn crash(&self) {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        );
    }

    /// The URL of its first database.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of this database.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A path for a file that Postgres' programs may write.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, on the same port.
    pub fn restart(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='{}' -c max_connections=100",
            self.port,
            self.folder.path().display()
        );
        let log = format!("{}/server.log", self.data());
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-l",
                &log,
                "-w",
                "-t",
                "60",
                "start",
                "-o",
                &options,
            ],
        );
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs one of Postgres' programs to its end, e.g. `pg_dump`.
    ///
    /// # Panics
    /// Where it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let mut command = if is_root() {
            // initdb and postgres refuse to run as root.
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        let ran = command
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("Postgres' programs run");
        assert!(ran.success(), "{program} {arguments:?}: {ran}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // One that was crashed is gone already.
        if !Path::new(&self.data()).join("postmaster.pid").exists() {
            return;
        }
        // A second panic would hide the first.
        if !std::thread::panicking() {
            self.run(
                "pg_ctl",
                &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
            );
            return;
        }
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.run(
                "pg_ctl",
                &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
            );
        }));
    }
}

/// The newest installation's programs; Debian keeps them out of PATH.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    found.sort();
    let in_path = std::env::var_os("PATH");
    let in_path = in_path.iter().flat_map(std::env::split_paths);
    found
        .into_iter()
        .rev()
        .map(|(_, path)| path)
        .chain(in_path)
        .find(|folder| has(folder, "initdb") && has(folder, "pg_ctl"))
        .expect("initdb and pg_ctl are installed: run `tests/run --prepare`")
}

fn has(folder: &Path, program: &str) -> bool {
    folder.join(program).is_file()
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}
